"""What is watched, as whom, and who hears of it: one watch per kind, shared by all controllers.

The watching is `krate_kube.watch`, not kopf's: kopf 1.45 cancels every task of its event loop that is younger than
itself when it stops, reports no deletion that happens while a watch is down, and spends 24 times the CPU on the first
listing (DECISIONS.md). Nothing here writes; no annotation or finalizer of a framework ever appears on an object.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import structlog

from krate import kinds
from krate.kinds import Kind
from krate_controllers import loops
from krate_controllers.reconciler import Reconciler
from krate_kube import watch
from krate_kube.interface import Client, EventType
from krate_kube.watch import Change, Informer

UNCACHED: Final = frozenset({kinds.REVIEW, kinds.COMMENT, kinds.CHECK, kinds.REPOSITORY_CONTENT})
"""Kinds with many objects that only ever trigger a look at others: nothing of them is listed or kept."""

AnyReconciler = Reconciler[Any, Any]


class Operator:
    """Feeds reconcilers with changes and runs them.

    Args:
        client: the API, as the identity that may read everything.
        reconcilers: the controllers.
        log: logger.
    """

    def __init__(
        self,
        client: Client,
        reconcilers: Sequence[AnyReconciler],
        *,
        log: structlog.typing.FilteringBoundLogger,
    ) -> None:
        self.reconcilers = tuple(reconcilers)
        self._log = log
        self._informers = {kind: self._informer(client, kind) for kind in sorted(self._interests(), key=_resource)}

    def _informer(self, client: Client, kind: Kind) -> Informer:
        return Informer(
            client,
            kind,
            keep=watch.metadata_only,
            cached=kind not in UNCACHED,
            troubled=lambda failure, pause: self._log.info(
                "watch_trouble", kind=kind.name, error=str(failure), retry_in=round(pause, 1)
            ),
        )

    def _interests(self) -> Mapping[Kind, tuple[AnyReconciler, ...]]:
        watched = {kind for reconciler in self.reconcilers for kind in reconciler.watched}
        return {kind: tuple(one for one in self.reconcilers if kind in one.watched) for kind in watched}

    async def synced(self) -> None:
        """Wait until every kind was listed once."""
        for informer in self._informers.values():
            await informer.synced.wait()

    @property
    def idle(self) -> bool:
        """Whether no controller has anything to do, now or later."""
        return all(reconciler.queue.idle for reconciler in self.reconcilers)

    async def run(self) -> None:
        """Watch and reconcile until cancelled."""
        interests = self._interests()
        async with asyncio.TaskGroup() as group:
            for kind, informer in self._informers.items():
                handle = partial(self._dispatch, kind, interests[kind])
                group.create_task(loops.follow(informer, handle, log=self._log))
            for reconciler in self.reconcilers:
                group.create_task(reconciler.run())

    def _dispatch(self, kind: Kind, interested: Iterable[AnyReconciler], change: Change) -> None:
        if change.type is not EventType.BOOKMARK:
            for reconciler in interested:
                reconciler.observe(kind, change.type, change.object)
        elif kind in UNCACHED:
            # Nothing was listed, so anything may have happened to objects of this kind.
            for reconciler in interested:
                reconciler.observe_everything()


def _resource(kind: Kind) -> str:
    return kind.resource
