"""Namespace termination: everything in a deleted namespace is asked to go, and when it is empty the namespace goes.

The rules are upstream's (KK/pkg/controller/namespace/deletion). Objects with finalizers take the time their controllers
need; the namespace says what it waits for, and is looked at again until nothing is left. Kinds that cannot be deleted
through the API (RepositoryContent, Activity) are the server's own and hold nothing up.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

import structlog

from krate import clock, errors, kinds
from krate.kinds import Kind
from krate.names import Finalizer, Verb
from krate_controllers import customs, loops
from krate_controllers.loops import Again, Loop
from krate_controllers.terminations import Remains, conditions
from krate_controllers.workqueue import Backoff, Key, WorkQueue
from krate_kube import watch
from krate_kube.interface import Client, EventType, Object, Propagation, Unreachable
from krate_kube.watch import Change, Informer

_WORKERS: Final = 4


def deletable(served: Iterable[Kind]) -> tuple[Kind, ...]:
    """Namespaced kinds whose objects must be gone before their namespace is; Events last, and by one of their names."""
    found = [
        kind
        for kind in served
        if kind.namespaced and {Verb.LIST, Verb.DELETE} <= set(kind.verbs) and kind is not kinds.NAMED_EVENT
    ]
    return tuple(sorted(found, key=lambda kind: kind is kinds.EVENT))


class NamespaceController:
    """Empties namespaces that are being deleted.

    Args:
        client: the API, as an identity that may list and delete everything in namespaces.
        served: kinds of the server.
        log: logger.
        now: the time.
    """

    def __init__(
        self,
        client: Client,
        *,
        served: Iterable[Kind] = kinds.KINDS,
        log: structlog.typing.FilteringBoundLogger,
        now: clock.Clock = clock.system,
    ) -> None:
        self.queue = WorkQueue(backoff=Backoff(base=0.1, ceiling=5.0))
        self._client = client
        self._now = now
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
        remains = await self._emptied(name)
        found = await self._say(found, remains)
        if not remains.nothing:
            self._log.info("namespace_not_empty", namespace=name, left=dict(remains.objects), failures=remains.failures)
            return Again()
        await self._finalize(found, marks)
        self._log.info("namespace_finalized", namespace=name)
        return None

    async def _emptied(self, namespace: str) -> Remains:
        """Ask everything that is there to go; answers what stayed. What fails for one kind stops no other."""
        remains = Remains()
        served = self._kinds
        try:
            served = (*await self._custom(), *served)
        except (errors.StatusError, Unreachable) as failure:
            remains.undiscovered = str(failure)
        for kind in served:
            try:
                remains.add(kind, await self._empty(kind, namespace))
            except (errors.StatusError, Unreachable) as failure:
                remains.failures.append(str(failure))
        return remains

    async def _custom(self) -> tuple[Kind, ...]:
        """Namespaced custom resources that are served now."""
        try:
            found = await self._client.list(kinds.CUSTOM_RESOURCE_DEFINITION)
        except errors.NotFound:
            return ()
        return deletable(kind for one in found.items for kind in customs.rows(one)[:1])

    async def _say(self, found: Object, remains: Remains) -> Object:
        """Write the conditions, if they changed; answers the namespace as it is then."""
        before = (found.get("status") or {}).get("conditions") or []
        after = conditions(before, remains, clock.rfc3339(self._now()))
        if after == before:
            return found
        status = {**(found.get("status") or {}), "conditions": after}
        return await self._client.update(kinds.NAMESPACE, {**found, "status": status}, subresource="status")

    async def _empty(self, kind: Kind, namespace: str) -> Sequence[Object]:
        """Ask what is there to go; answers what is still there afterwards."""
        try:
            if not (await self._client.list(kind, namespace=namespace, limit=1)).items:
                return ()
            if Verb.DELETE_COLLECTION in kind.verbs:
                await self._client.delete_collection(kind, namespace=namespace, propagation=Propagation.BACKGROUND)
            else:
                await self._delete_each(kind, namespace)
            return (await self._client.list(kind, namespace=namespace)).items
        except errors.NotFound:
            # The kind is not served here.
            return ()

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
