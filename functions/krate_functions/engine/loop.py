"""The embedded loop: composites follow what they say, what they compose and what they require, as it changes.

It is Crossplane's engine for one machine: the same functions and Compositions, run in this process, written through the
same API that people use. Nothing is polled; a resync an hour repairs what an event could not tell.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from krate import clock as clocks
from krate import errors, kinds, logging
from krate.kinds import Kind
from krate_functions import inproc
from krate_functions.composition import Object
from krate_functions.engine import compositions as parsing
from krate_functions.engine import naming, world
from krate_functions.engine.compositions import Composition
from krate_functions.engine.queue import Queue
from krate_functions.engine.reconciler import Failed, Key, Reconciler
from krate_functions.engine.recording import Recorder
from krate_functions.engine.remembered import Remembered
from krate_functions.engine.world import Unwatchable, World
from krate_functions.protocol import Functions
from krate_kube import watch
from krate_kube.interface import Client, EventType, Unreachable
from krate_kube.watch import Change

FILE: Final = "composites.sqlite"
WORKERS: Final = 4
GRACE: Final = 5.0
"""Seconds that reconciles get to finish when the loop stops."""


async def run(
    client: Client,
    *,
    state: Path,
    compositions: Sequence[Object],
    options_override: Mapping[str, Any] | None = None,
    clock: clocks.Clock = clocks.system,
    stop: asyncio.Event,
    ready: asyncio.Event | None = None,
    functions: Functions | None = None,
    workers: int = WORKERS,
) -> None:
    """Reconcile composites until `stop` is set.

    Args:
        client: reads and writes, as the ServiceAccount `krate-composites`.
        state: folder of `composites.sqlite`, which this process alone opens.
        compositions: Composition objects; each says for which kind of composite it is.
        options_override: members of `options` in our function's input that this platform says otherwise: `serves`
            above all (`krate_functions.options.served`).
        clock: time of conditions and events.
        stop: ends the loop; reconciles that run are finished first.
        ready: set once every kind of composite is watched.
        functions: runs the functions; our own, in this process, by default.
        workers: composites that are reconciled side by side.

    Raises:
        Unusable: a Composition is none, or is for a kind that the table does not hold.
    """
    table = parsing.by_resource(compositions, options_override or {})
    loop = _Loop(client, state, table, clock, functions or inproc.InProcess())
    try:
        await loop.run(stop, ready, workers)
    finally:
        await loop.close()


class _Loop:
    """The parts, wired."""

    def __init__(
        self,
        client: Client,
        state: Path,
        table: Mapping[str, tuple[Kind, Composition]],
        clock: clocks.Clock,
        functions: Functions,
    ) -> None:
        self._log = logging.get(component="composites")
        self._world = World(client, self._changed)
        self._remembered = Remembered(state / FILE)
        self._reconciler = Reconciler(client, self._world, self._remembered, Recorder(client, clock), functions, table)
        self._queue: Queue[Key] = Queue(self._reconciler.reconcile, self._troubled)
        self._rows = {kind.resource: kind for kind, _ in table.values()}

    async def run(self, stop: asyncio.Event, ready: asyncio.Event | None, workers: int) -> None:
        stopped = asyncio.create_task(stop.wait())
        started = asyncio.create_task(self._start())
        try:
            await asyncio.wait({stopped, started}, return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                return
            await started
            if ready is not None:
                ready.set()
            await self._work(stopped, workers)
        finally:
            await _cancel([stopped, started])

    async def _start(self) -> None:
        """Watch the composites, and forget what is remembered of those that are gone."""
        while True:
            try:
                await self._world.ensure(self._rows.values())
                break
            except Unwatchable as refusal:
                self._log.warning("composites not watched", failure=str(refusal))
                await asyncio.sleep(world.RETRY)
        alive = {xr["metadata"]["uid"] for kind in self._rows.values() for xr in self._world.every(kind)}
        for uid in self._remembered.composites() - alive:
            self._remembered.forget(uid)

    async def _work(self, stopped: asyncio.Task[Any], count: int) -> None:
        workers = [asyncio.create_task(self._queue.work()) for _ in range(count)]
        try:
            await asyncio.wait({stopped, *workers}, return_when=asyncio.FIRST_COMPLETED)
            for worker in workers:
                if worker.done():
                    worker.result()
        finally:
            await self._queue.drain(GRACE)
            await _cancel(workers)

    async def close(self) -> None:
        await _cancel(self._world.close())
        self._remembered.close()

    def _changed(self, kind: Kind, change: Change) -> None:
        """Queue every composite that a change concerns."""
        states = [obj for obj in (change.old, change.object) if obj]
        if kind.resource in self._rows:
            key = Key(kind.resource, *watch.key_of(change.object))
            self._reconciler.caught_up(key, change.object)
            if concerns(change):
                self._queue.add(key)
        for obj in states:
            owner = naming.controller_of(obj)
            row = kinds.of(owner["apiVersion"], owner["kind"]) if owner else None
            if owner and row is not None and row.resource in self._rows:
                namespace = obj["metadata"].get("namespace", "") if row.namespaced else ""
                self._queue.add(Key(row.resource, namespace, owner["name"]))
        for key in self._reconciler.wants.who(states):
            self._queue.add(key)

    def _troubled(self, key: Key, failure: Exception, pause: float) -> None:
        told = {"kind": key.kind, "namespace": key.namespace, "name": key.name, "pause": round(pause, 1)}
        if isinstance(failure, Failed | errors.StatusError | Unreachable):
            self._log.warning("not reconciled", failure=str(failure), **told)
        else:
            self._log.warning("reconcile broke", exc_info=failure, **told)


def concerns(change: Change) -> bool:
    """Whether a change of a composite is more than its status, which is ours and others' to write."""
    if change.type is not EventType.MODIFIED or change.old is None:
        return True
    return _wish(change.old) != _wish(change.object)


def _wish(xr: Object) -> dict[str, Any]:
    metadata = {key: value for key, value in xr["metadata"].items() if key not in {"resourceVersion", "managedFields"}}
    return {"metadata": metadata, "spec": xr.get("spec")}


async def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
