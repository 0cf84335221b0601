"""The graph of owners: who is to be looked at when an object comes, changes or goes."""

import pytest

from krate import kinds
from krate_controllers.graph import Graph, Node, Owner


def node(uid: str, *owners: str, deleting: bool = False, finalizers: tuple[str, ...] = ()) -> Node:
    refs = tuple(Owner("v1", "ConfigMap", one, one) for one in owners)
    return Node(kinds.CONFIG_MAP, "acme", uid, uid, refs, deleting, frozenset(finalizers))


FOREGROUND = ("foregroundDeletion",)


@pytest.mark.parametrize(
    ("nodes", "want"),
    [
        ([node("a")], [set()]),
        ([node("b", "a"), node("a")], [{"b"}, set()]),
        ([node("a"), node("b", "a")], [set(), set()]),
        ([node("a"), node("b", "a"), node("a", deleting=True, finalizers=FOREGROUND)], [set(), set(), {"a"}]),
        ([node("a", deleting=True, finalizers=FOREGROUND), node("b", "a")], [{"a"}, {"b"}]),
        ([node("a", deleting=True, finalizers=FOREGROUND), node("b", "a"), node("b")], [{"a"}, {"b"}, {"a"}]),
        ([node("a", deleting=True, finalizers=("orphan",))], [{"a"}]),
        ([node("a", deleting=True, finalizers=("x",))], [set()]),
    ],
    ids=["free", "owner unknown", "owner known", "owner begins to go", "owner is going", "released", "orphaning",
         "other finalizer"],
)  # fmt: skip
def test_who_is_looked_at(nodes: list[Node], want: list[set[str]]) -> None:
    """The graph calls for a look exactly where something may have to be done."""
    graph = Graph()
    assert [graph.put(one) for one in nodes] == want


def test_who_is_looked_at_when_one_goes() -> None:
    """When an object goes, its dependents are looked at, and owners that wait for it."""
    graph = Graph()
    for one in (node("a", deleting=True, finalizers=FOREGROUND), node("b", "a"), node("c", "b")):
        graph.put(one)
    assert (graph.remove("b"), graph.dependents("a"), graph.remove("unknown")) == ({"a", "c"}, (), set())
