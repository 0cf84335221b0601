"""One controller at work: it hears of changes, keeps its queue, reads fresh, runs the steps, writes what they said."""

import asyncio
import random
from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar

import structlog

from krate import clock, errors
from krate.kinds import Kind
from krate.models.meta import Resource
from krate_controllers import controller as rows
from krate_controllers import recorder
from krate_controllers.controller import Controller, Run
from krate_controllers.loops import Again, Loop
from krate_controllers.outcomes import Done, Wait
from krate_controllers.recorder import Recorder
from krate_controllers.workqueue import Key, WorkQueue
from krate_kube.interface import Client, EventType, Object, Unreachable

V = TypeVar("V", bound=Resource)
D = TypeVar("D")

_SPREAD: Final = 0.1
"""Part of the resync interval by which controllers are kept apart."""


class Reconciler(Generic[V, D]):
    """Runs one controller.

    Args:
        row: the controller.
        deps: what its steps need.
        client: the API, as the controller's own identity.
        now: the clock.
        queue: injected by tests.
    """

    def __init__(
        self,
        row: Controller[V, D],
        deps: D,
        client: Client,
        *,
        now: clock.Clock,
        log: structlog.typing.FilteringBoundLogger,
        queue: WorkQueue | None = None,
    ) -> None:
        self.row = row
        self.queue = queue or WorkQueue()
        self.known: dict[Key, Any] = {}
        """Objects that concern the controller, each with what the row's index remembers."""
        self._deps = deps
        self._client = client
        self._now = now
        self._log = log.bind(controller=row.name)
        self._recorder = Recorder(client, row.identity.value, now, self._log)
        self._loop = Loop(self.reconcile, self.queue, workers=row.workers, log=self._log)

    @property
    def watched(self) -> tuple[Kind, ...]:
        """Kinds whose changes must reach `observe`."""
        return tuple(dict.fromkeys((self.row.kind, *(trigger.kind for trigger in self.row.triggers))))

    def observe(self, kind: Kind, type_: EventType, found: Object) -> None:
        """Take note of a change: of an own object, or of one that a trigger speaks of."""
        if kind is self.row.kind:
            self._note(type_, found)
        for trigger in self.row.triggers:
            if trigger.kind is kind:
                for key in trigger.keys(found, self.known):
                    self.queue.add(key)

    def observe_everything(self) -> None:
        """Look at every known object: something may have been missed."""
        for key in self.known:
            self.queue.add(key)

    def _note(self, type_: EventType, found: Object) -> None:
        key = _key(found)
        if type_ is EventType.DELETED or not self.row.concerns(found):
            self.known.pop(key, None)
        else:
            self.known[key] = self.row.index(found)
            self.queue.add(key)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._loop.run())
            group.create_task(self._resync())

    async def _resync(self) -> None:
        while True:
            await asyncio.sleep(self.row.resync * random.uniform(1 - _SPREAD, 1 + _SPREAD))  # noqa: S311 - spreads load
            try:
                await self.look_at_everything()
            except (errors.StatusError, Unreachable) as trouble:
                self._log.warning("resync_failed", error=str(trouble))

    async def look_at_everything(self) -> None:
        """List the own kind and queue it: drift is repaired, and a change that nobody reported is found."""
        before = set(self.known)
        seen: dict[Key, Any] = {}
        for fields in self.row.resync_fields:
            listing = await self._client.list(self.row.kind, fields=fields)
            seen |= {_key(found): self.row.index(found) for found in listing.items if self.row.concerns(found)}
        # What came to be known while the list was under way stays known.
        for key in before - set(seen):
            self.known.pop(key, None)
        self.known.update(seen)
        self.observe_everything()

    async def reconcile(self, key: Key) -> Again | None:
        """Bring one object closer to what it asks for; answers when to look again."""
        found = await self._read(key)
        if found is None or not self.row.concerns(found):
            self.known.pop(key, None)
            return None
        self.known[key] = self.row.index(found)
        held = self.row.finalizer in (found["metadata"].get("finalizers") or [])
        deleting = bool(found["metadata"].get("deletionTimestamp"))
        if deleting and not held:
            return None
        if self.row.finalizer and not held and not (self.row.pausable and rows.paused(found)):
            marks = [*(found["metadata"].get("finalizers") or []), self.row.finalizer]
            found = await self._patch(found, {"finalizers": marks})
        run = await rows.run_steps(self.row, self._deps, found)
        found = await self._annotate(found, run)
        found = await self._record(found, run)
        self._tell(key, run)
        if deleting and isinstance(run.outcome, Done):
            left = [mark for mark in found["metadata"]["finalizers"] if mark != self.row.finalizer]
            await self._patch(found, {"finalizers": left})
        return Again(run.outcome.seconds) if isinstance(run.outcome, Wait) else None

    async def _read(self, key: Key) -> Object | None:
        namespace, name = key
        try:
            return await self._client.get(self.row.kind, name, namespace=namespace)
        except errors.NotFound:
            return None

    async def _annotate(self, found: Object, run: Run) -> Object:
        have = found["metadata"].get("annotations") or {}
        missing = {name: text for name, text in run.annotations.items() if have.get(name) != text}
        return await self._patch(found, {"annotations": missing}) if missing else found

    async def _patch(self, found: Object, metadata: Mapping[str, Any]) -> Object:
        """Change metadata, on the version that was read."""
        return await self._client.patch(
            self.row.kind,
            found["metadata"]["name"],
            {"metadata": {"resourceVersion": found["metadata"]["resourceVersion"], **metadata}},
            namespace=found["metadata"].get("namespace", ""),
            field_manager=self.row.identity.value,
        )

    async def _record(self, found: Object, run: Run) -> Object:
        """Write status, on the version that was read, and say what turned; nothing is written when nothing differs."""
        if not self.row.writes_status:
            return found
        patch = rows.status_patch(found, run, now=clock.rfc3339(self._now()))
        if not patch:
            return found
        metadata = found["metadata"]
        after = await self._client.patch(
            self.row.kind,
            metadata["name"],
            {"metadata": {"resourceVersion": metadata["resourceVersion"]}, "status": patch},
            namespace=metadata.get("namespace", ""),
            subresource="status",
            field_manager=self.row.identity.value,
        )
        for condition, alarming in rows.turned(found, run, announces=self.row.announces):
            type_ = recorder.EventType.WARNING if alarming else recorder.EventType.NORMAL
            message = condition.message or f"{condition.type} is {condition.status}"
            await self._recorder.record(found, type_, reason=condition.reason, message=message)
        return after

    def _tell(self, key: Key, run: Run) -> None:
        outcome = run.outcome
        if isinstance(outcome, Done):
            self._log.debug("reconciled", namespace=key[0], name=key[1])
            return
        self._log.info(
            "waiting" if isinstance(outcome, Wait) else "stalled",
            namespace=key[0],
            name=key[1],
            reason=str(outcome.reason),
            message=outcome.message,
        )


def _key(found: Object) -> Key:
    metadata = found["metadata"]
    return metadata.get("namespace", ""), metadata["name"]
