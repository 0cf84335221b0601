"""Who owns whom: the garbage collector's memory of every object, by uid. Values in, uids to look at out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from krate.kinds import Kind
from krate.names import Finalizer
from krate_kube.interface import Object


@dataclass(frozen=True, slots=True)
class Owner:
    """One owner reference."""

    api_version: str
    kind: str
    name: str
    uid: str
    blocks: bool = False
    """Whether foreground deletion of the owner waits for the dependent."""


@dataclass(frozen=True, slots=True)
class Node:
    """What the collector remembers of an object."""

    kind: Kind
    namespace: str
    name: str
    uid: str
    owners: tuple[Owner, ...] = ()
    deleting: bool = False
    finalizers: frozenset[str] = frozenset()

    @property
    def foreground(self) -> bool:
        """Whether it goes after its dependents."""
        return self.deleting and Finalizer.FOREGROUND in self.finalizers

    @property
    def orphaning(self) -> bool:
        """Whether it leaves its dependents behind."""
        return self.deleting and Finalizer.ORPHAN in self.finalizers


def owners_of(metadata: Mapping[str, Any]) -> tuple[Owner, ...]:
    return tuple(
        Owner(ref["apiVersion"], ref["kind"], ref["name"], ref["uid"], bool(ref.get("blockOwnerDeletion")))
        for ref in metadata.get("ownerReferences") or []
    )


def node_of(kind: Kind, found: Object) -> Node:
    metadata = found["metadata"]
    return Node(
        kind,
        metadata.get("namespace", ""),
        metadata["name"],
        metadata["uid"],
        owners_of(metadata),
        bool(metadata.get("deletionTimestamp")),
        frozenset(metadata.get("finalizers") or ()),
    )


class Graph:
    """Nodes and the edges between them. An owner need not be known to have dependents."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self._dependents: dict[str, set[str]] = {}

    def dependents(self, uid: str) -> tuple[Node, ...]:
        """Known objects that name `uid` as an owner."""
        return tuple(self.nodes[one] for one in sorted(self._dependents.get(uid, ())))

    def put(self, node: Node) -> set[str]:
        """Remember an object as it is now; answers who should be looked at."""
        before = self.nodes.get(node.uid)
        attention = self._released(before, node)
        self._unlink(before)
        self.nodes[node.uid] = node
        for owner in node.owners:
            self._dependents.setdefault(owner.uid, set()).add(node.uid)
        if node.foreground or node.orphaning or self._unsure(node):
            attention.add(node.uid)
        return attention

    def remove(self, uid: str) -> set[str]:
        """Forget an object that is gone; answers who should be looked at."""
        before = self.nodes.pop(uid, None)
        self._unlink(before)
        waiting = {owner.uid for owner in before.owners if self._foreground(owner.uid)} if before else set[str]()
        return {*self._dependents.get(uid, ()), *waiting}

    def _released(self, before: Node | None, after: Node) -> set[str]:
        """Owners that wait for their dependents and lost one."""
        if before is None:
            return set()
        gone = {owner.uid for owner in before.owners} - {owner.uid for owner in after.owners}
        return {uid for uid in gone if self._foreground(uid)}

    def _unsure(self, node: Node) -> bool:
        """Whether an owner is unknown, or is going and takes its dependents along."""
        return any(owner.uid not in self.nodes or self._foreground(owner.uid) for owner in node.owners)

    def _foreground(self, uid: str) -> bool:
        node = self.nodes.get(uid)
        return node is not None and node.foreground

    def _unlink(self, node: Node | None) -> None:
        owners: Iterable[Owner] = node.owners if node else ()
        for owner in owners:
            edges = self._dependents.get(owner.uid, set())
            edges.discard(node.uid if node else "")
            if not edges:
                self._dependents.pop(owner.uid, None)
