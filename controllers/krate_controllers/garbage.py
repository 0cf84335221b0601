"""The garbage collector: an object whose owners are all gone goes too (KK/pkg/controller/garbagecollector).

Every kind that can be listed, watched and deleted is followed, metadata only. What the graph believes is only a hint:
before anything is deleted the object and its absent owners are read live, and the deletion names the uid and version
that were read. An owner of another namespace counts as absent; an owner of a kind that is not served counts as there.
Custom resources are followed as long as their definition is there.
"""

import asyncio
from collections.abc import Iterable
from enum import Enum, auto
from functools import partial
from typing import Any, Final

import structlog

from krate import clock, errors, kinds
from krate.kinds import Kind
from krate.names import Finalizer, Verb
from krate_controllers import customs, loops
from krate_controllers.graph import Graph, Node, Owner, node_of, owners_of
from krate_controllers.loops import Again, Loop
from krate_controllers.recorder import EventType as Severity
from krate_controllers.recorder import Recorder
from krate_controllers.workqueue import Backoff, Key, WorkQueue
from krate_kube import watch
from krate_kube.interface import Client, EventType, Object, Propagation
from krate_kube.watch import Change, Informer

_WORKERS: Final = 4


class State(Enum):
    """What an owner reference points to."""

    SOLID = auto()
    WAITING = auto()
    """There, but going as soon as its dependents are gone."""
    ABSENT = auto()


def collectable(served: Iterable[Kind]) -> tuple[Kind, ...]:
    """Kinds that take part, Events by one of their names."""
    needed = {Verb.LIST, Verb.WATCH, Verb.DELETE, Verb.GET}
    return tuple(kind for kind in served if needed <= set(kind.verbs) and kind is not kinds.NAMED_EVENT)


class GarbageCollector:
    """Deletes dependents without owners.

    Args:
        client: the API, as an identity that may read and delete everything.
        served: kinds of the server.
        log: logger.
        patience: seconds to wait for all kinds to be listed; then collection starts, and only foreground deletion and
            orphaning wait on.
    """

    def __init__(
        self,
        client: Client,
        *,
        served: Iterable[Kind] = kinds.KINDS,
        log: structlog.typing.FilteringBoundLogger,
        patience: float = 30.0,
        now: clock.Clock = clock.system,
    ) -> None:
        self._patience = patience
        self.graph = Graph()
        self.queue = WorkQueue(backoff=Backoff(base=0.1, ceiling=30.0))
        self._client = client
        self._log = log.bind(controller="garbage-collector")
        self._recorder = Recorder(client, "garbage-collector-controller", now, self._log)
        self._served = {(kind.api_version, kind.name): kind for kind in served}
        self._informers = {kind: self._informer(kind) for kind in collectable(self._served.values())}
        self._followers: dict[Kind, asyncio.Task[None]] = {}
        self._defined: dict[str, tuple[Kind, ...]] = {}
        self._definitions_known = kinds.CUSTOM_RESOURCE_DEFINITION not in self._informers
        self._loop = Loop(self.work, self.queue, workers=_WORKERS, log=self._log)

    @property
    def synced(self) -> bool:
        """Whether the graph is complete."""
        return self._definitions_known and all(informer.synced.is_set() for informer in self._informers.values())

    def _informer(self, kind: Kind) -> Informer:
        return Informer(self._client, kind, keep=watch.metadata_only)

    async def run(self) -> None:
        """Collect until cancelled."""
        async with asyncio.TaskGroup() as group:
            for kind in self._informers:
                self._follow(group, kind)
            if not self._definitions_known:
                definitions = Informer(self._client, kinds.CUSTOM_RESOURCE_DEFINITION)
                group.create_task(loops.follow(definitions, partial(self._define, group), log=self._log))
            group.create_task(self._work_when_synced())

    def _follow(self, group: asyncio.TaskGroup, kind: Kind) -> None:
        handle = partial(self.observe, kind)
        self._followers[kind] = group.create_task(loops.follow(self._informers[kind], handle, log=self._log))

    def _define(self, group: asyncio.TaskGroup, change: Change) -> None:
        """Follow the custom resources that are served now, and no others."""
        if change.type is EventType.BOOKMARK:
            self._definitions_known = True
            return
        name = change.object["metadata"]["name"]
        before = self._defined.pop(name, ())
        after = () if change.type is EventType.DELETED else customs.rows(change.object)
        if after:
            self._defined[name] = after
        if before[:1] != after[:1]:
            for kind in before[:1]:
                self._forget(kind)
            for kind in after[:1]:
                self._informers[kind] = self._informer(kind)
                self._follow(group, kind)

    def _forget(self, kind: Kind) -> None:
        self._followers.pop(kind).cancel()
        self._informers.pop(kind)
        for uid in [node.uid for node in self.graph.nodes.values() if node.kind == kind]:
            for released in self.graph.remove(uid):
                self.queue.add(("", released))

    def _kind_of(self, owner: Owner) -> Kind | None:
        wanted = (owner.api_version, owner.kind)
        custom = (kind for rows in self._defined.values() for kind in rows)
        return self._served.get(wanted) or next((one for one in custom if (one.api_version, one.name) == wanted), None)

    async def _work_when_synced(self) -> None:
        """Dependents are often listed before their owners; waiting spares a live read for each."""
        try:
            async with asyncio.timeout(self._patience):
                for informer in self._informers.copy().values():
                    await informer.synced.wait()
        except TimeoutError:
            late = [kind.name for kind, informer in self._informers.items() if not informer.synced.is_set()]
            self._log.warning("not_synced", kinds=late)
        await self._loop.run()

    def observe(self, kind: Kind, change: Change) -> None:
        """Take note of a change."""
        match change.type:
            case EventType.BOOKMARK:
                return
            case EventType.DELETED:
                attention = self.graph.remove(change.object["metadata"]["uid"])
            case _:
                attention = self.graph.put(node_of(kind, change.object))
        for uid in attention:
            self.queue.add(("", uid))

    async def work(self, key: Key) -> Again | None:
        """Look at one object of the graph."""
        node = self.graph.nodes.get(key[1])
        if node is None:
            return None
        found = await self._read(node)
        if found is None:
            for uid in self.graph.remove(node.uid):
                self.queue.add(("", uid))
            return None
        live = node_of(node.kind, found)
        if live.foreground:
            return await self._release_foreground(live, found)
        if live.orphaning:
            return await self._release_orphans(live, found)
        return await self._collect(live, found) if live.owners and not live.deleting else None

    async def _read(self, node: Node) -> Object | None:
        """The very same object as it is now; None when it is gone, even if another has its name."""
        try:
            found = await self._client.get(node.kind, node.name, namespace=node.namespace)
        except errors.NotFound:
            return None
        return found if found["metadata"]["uid"] == node.uid else None

    async def _collect(self, node: Node, found: Object) -> None:
        """Delete a dependent without owners; take references to absent owners off one that has others."""
        states = {owner.uid: await self._state(owner, node, found) for owner in node.owners}
        solid = [owner for owner in node.owners if states[owner.uid] is State.SOLID]
        if solid:
            if len(solid) < len(node.owners):
                await self._keep_owners(node, found, {owner.uid for owner in solid})
            return
        policy = self._policy(node)
        dependents = self.graph.dependents(node.uid)
        if State.WAITING in states.values() and dependents:
            policy = Propagation.FOREGROUND
            if any(below.foreground for below in dependents):
                # They wait for each other in a circle: the first one to be looked at blocks no longer.
                found = await self._unblock(node, found)
        self._log.info("collecting", kind=node.kind.name, namespace=node.namespace, name=node.name, policy=str(policy))
        await self._client.delete(
            node.kind,
            node.name,
            namespace=node.namespace,
            propagation=policy,
            uid=node.uid,
            resource_version=found["metadata"]["resourceVersion"],
        )

    @staticmethod
    def _policy(node: Node) -> Propagation:
        """What becomes of the dependents of an object that goes: what its finalizers say already."""
        if Finalizer.ORPHAN in node.finalizers:
            return Propagation.ORPHAN
        return Propagation.FOREGROUND if Finalizer.FOREGROUND in node.finalizers else Propagation.BACKGROUND

    async def _unblock(self, node: Node, found: Object) -> Object:
        """Let owners go before the node does."""
        refs = [{**ref, "blockOwnerDeletion": False} for ref in found["metadata"].get("ownerReferences") or []]
        return await self._patch(node, found, {"ownerReferences": refs})

    async def _state(self, owner: Owner, dependent: Node, found: Object) -> State:
        """What the reference points to. The graph may say that an owner is there; that it is not is read live."""
        known = self.graph.nodes.get(owner.uid)
        if known is not None and known.namespace in {"", dependent.namespace}:
            return State.WAITING if known.foreground else State.SOLID
        if known is not None:
            await self._elsewhere(owner, dependent, found)
        kind = self._kind_of(owner)
        if kind is None or (kind.namespaced and not dependent.namespace):
            self._log.warning("owner_unresolvable", owner=f"{owner.api_version} {owner.kind} {owner.name}")
            return State.SOLID
        try:
            there = await self._client.get(kind, owner.name, namespace=dependent.namespace if kind.namespaced else "")
        except errors.NotFound as missing:
            # Without details the path itself is unknown: the kind is not served, and nothing can be said of the owner.
            return State.ABSENT if missing.details else State.SOLID
        if there["metadata"]["uid"] != owner.uid:
            return State.ABSENT
        return State.WAITING if node_of(kind, there).foreground else State.SOLID

    async def _elsewhere(self, owner: Owner, dependent: Node, found: Object) -> None:
        """Say that an owner is in another namespace, where it owns nothing here."""
        place = dependent.namespace
        shown = f"[{owner.api_version}/{owner.kind}, namespace: {place}, name: {owner.name}, uid: {owner.uid}]"
        text = f'ownerRef {shown} does not exist in namespace "{place}"'
        await self._recorder.record(found, Severity.WARNING, reason="OwnerRefInvalidNamespace", message=text)

    async def _release_foreground(self, node: Node, found: Object) -> Again | None:
        """Let an owner go once the dependents that block it are gone; until then they are looked at."""
        if not self.synced:
            return Again()
        for below in self.graph.dependents(node.uid):
            self.queue.add(("", below.uid))
        if self._blocking(node):
            return None
        await self._drop_finalizer(node, found, Finalizer.FOREGROUND)
        return None

    def _blocking(self, node: Node) -> list[Node]:
        """Dependents that a foreground deletion of the node waits for; nothing waits for itself."""
        dependents = [below for below in self.graph.dependents(node.uid) if below.uid != node.uid]
        return [below for below in dependents if any(one.uid == node.uid and one.blocks for one in below.owners)]

    async def _release_orphans(self, node: Node, found: Object) -> Again | None:
        """Take the owner's reference off its dependents, then let it go."""
        if not self.synced:
            return Again()
        for below in self.graph.dependents(node.uid):
            live = await self._read(below)
            if live is not None:
                kept = {owner.uid for owner in owners_of(live["metadata"])} - {node.uid}
                await self._keep_owners(below, live, kept)
        await self._drop_finalizer(node, found, Finalizer.ORPHAN)
        return None

    async def _keep_owners(self, node: Node, found: Object, uids: set[str]) -> None:
        refs = [ref for ref in found["metadata"].get("ownerReferences") or [] if ref["uid"] in uids]
        await self._patch(node, found, {"ownerReferences": refs or None})

    async def _drop_finalizer(self, node: Node, found: Object, finalizer: Finalizer) -> None:
        left = [mark for mark in found["metadata"].get("finalizers") or [] if mark != finalizer]
        await self._patch(node, found, {"finalizers": left or None})

    async def _patch(self, node: Node, found: Object, metadata: dict[str, Any]) -> Object:
        precondition = {"uid": node.uid, "resourceVersion": found["metadata"]["resourceVersion"]}
        return await self._client.patch(
            node.kind, node.name, {"metadata": {**precondition, **metadata}}, namespace=node.namespace
        )
