"""Namespace termination: everything in a deleted namespace is asked to go, and when it is empty the namespace goes.

The rules are upstream's (KK/pkg/controller/namespace/deletion). Objects with finalizers take the time their controllers
need; the namespace is looked at again until nothing is left. Kinds that cannot be deleted through the API
(RepositoryContent, Activity) are the server's own and hold nothing up.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

import structlog

from krate import errors, kinds
from krate.kinds import Kind
from krate.names import Finalizer, Verb
from krate_controllers import loops
from krate_controllers.loops import Again, Loop
from krate_controllers.workqueue import Backoff, Key, WorkQueue
from krate_kube import watch
from krate_kube.interface import Client, EventType, Object, Propagation
from krate_kube.watch import Change, Informer

_WORKERS: Final = 4


def deletable(served: Iterable[Kind]) -> tuple[Kind, ...]:
    """Namespaced kinds whose objects must be gone before their namespace is; Events last."""
    found = [kind for kind in served if kind.namespaced and {Verb.LIST, Verb.DELETE} <= set(kind.verbs)]
    return tuple(sorted(found, key=lambda kind: kind is kinds.EVENT))


class NamespaceController:
    """Empties namespaces that are being deleted.

    Args:
        client: the API, as an identity that may list and delete everything in namespaces.
        served: kinds of the server.
        log: logger.
    """

    def __init__(
        self,
        client: Client,
        *,
        served: Iterable[Kind] = kinds.KINDS,
        log: structlog.typing.FilteringBoundLogger,
    ) -> None:
        self.queue = WorkQueue(backoff=Backoff(base=0.1, ceiling=5.0))
        self._client = client
        self._kinds = deletable(served)
        self._log = log.bind(controller="namespaces")
        self._informer = Informer(client, kinds.NAMESPACE, keep=watch.metadata_only)
        self._loop = Loop(self.work, self.queue, workers=_WORKERS, log=self._log)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(loops.follow(self._informer, self.observe, log=self._log))
            group.create_task(self._loop.run())

    def observe(self, change: Change) -> None:
        """Take note of a change."""
        if change.type in {EventType.ADDED, EventType.MODIFIED} and change.object["metadata"].get("deletionTimestamp"):
            self.queue.add(("", change.object["metadata"]["name"]))

    async def work(self, key: Key) -> Again | None:
        """Empty one namespace as far as possible now; finalize it when nothing is left."""
        name = key[1]
        try:
            found = await self._client.get(kinds.NAMESPACE, name)
        except errors.NotFound:
            return None
        marks = (found.get("spec") or {}).get("finalizers") or []
        if not found["metadata"].get("deletionTimestamp") or Finalizer.NAMESPACE not in marks:
            return None
        left = {kind.plural: count for kind in self._kinds if (count := await self._empty(kind, name))}
        if left:
            self._log.info("namespace_not_empty", namespace=name, left=left)
            return Again()
        await self._finalize(found, marks)
        self._log.info("namespace_finalized", namespace=name)
        return None

    async def _empty(self, kind: Kind, namespace: str) -> int:
        """Ask what is there to go; answers how many objects are still there afterwards."""
        try:
            if not (await self._client.list(kind, namespace=namespace, limit=1)).items:
                return 0
            if Verb.DELETE_COLLECTION in kind.verbs:
                await self._client.delete_collection(kind, namespace=namespace, propagation=Propagation.BACKGROUND)
            else:
                await self._delete_each(kind, namespace)
            return len((await self._client.list(kind, namespace=namespace)).items)
        except errors.NotFound:
            # The kind is not served here.
            return 0

    async def _delete_each(self, kind: Kind, namespace: str) -> None:
        for found in (await self._client.list(kind, namespace=namespace)).items:
            try:
                await self._client.delete(
                    kind, found["metadata"]["name"], namespace=namespace, propagation=Propagation.BACKGROUND
                )
            except errors.NotFound:
                continue

    async def _finalize(self, found: Object, marks: Iterable[str]) -> None:
        left = [mark for mark in marks if mark != Finalizer.NAMESPACE]
        await self._client.update(
            kinds.NAMESPACE, {**found, "spec": {**found["spec"], "finalizers": left}}, subresource="finalize"
        )
