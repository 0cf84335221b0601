"""Strategic merge patches, as kubectl makes them for the kinds it knows.

The expectations were recorded from `strategicpatch.StrategicMergePatch` of k8s.io/apimachinery 0.36.
"""

import copy
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krate import errors, kinds
from krate.kinds import Kind
from krate.schema import structural
from krate_api import strategic

ORDER = "$setElementOrder/"
DELETE = "$deleteFromPrimitiveList/finalizers"


@dataclass(frozen=True)
class Case:
    """An object, a patch and the result; metadata alone unless a kind is named."""

    name: str
    target: dict[str, Any]
    patch: dict[str, Any]
    want: dict[str, Any]
    kind: Kind | None = None


def finalizers(*names: str) -> dict[str, Any]:
    return {"finalizers": list(names)}


def secrets(*names: str) -> dict[str, Any]:
    return {"secrets": [{"name": name} for name in names]}


CM, SA = kinds.CONFIG_MAP, kinds.SERVICE_ACCOUNT
CASES = (
    Case("maps merge", {"data": {"a": "b"}}, {"data": {"c": "d"}}, {"data": {"a": "b", "c": "d"}}, CM),
    Case("null removes", {"data": {"a": "b", "c": "d"}}, {"data": {"a": None}}, {"data": {"c": "d"}}, CM),
    Case("null removes a map", {"data": {"a": "b"}}, {"data": None}, {}, CM),
    Case("a map is replaced", {"data": {"a": "b"}}, {"data": {"c": "d", "$patch": "replace"}},
         {"data": {"c": "d"}}, CM),
    Case("a map is deleted", {"data": {"a": "b"}, "immutable": True}, {"data": {"$patch": "delete"}},
         {"immutable": True}, CM),
    Case("a list without a strategy is replaced", {"rules": [{"verbs": ["get"]}]}, {"rules": [{"verbs": ["list"]}]},
         {"rules": [{"verbs": ["list"]}]}, kinds.CLUSTER_ROLE),
    Case("a list of objects merges by key", secrets("a", "b"), {"secrets": [{"name": "b", "kind": "x"}, {"name": "c"}]},
         {"secrets": [{"name": "a"}, {"name": "b", "kind": "x"}, {"name": "c"}]}, SA),
    Case("an item is deleted", secrets("a", "b"), {"secrets": [{"name": "a", "$patch": "delete"}]}, secrets("b"), SA),
    Case("an item is replaced", {"secrets": [{"name": "a", "kind": "x"}]},
         {"secrets": [{"name": "a", "uid": "u", "$patch": "replace"}]}, {"secrets": [{"name": "a", "uid": "u"}]}, SA),
    Case("the whole list is replaced", secrets("a", "b"), {"secrets": [{"$patch": "replace"}, {"name": "c"}]},
         secrets("c"), SA),
    Case("an order is kept", secrets("a", "b"), {ORDER + "secrets": [{"name": "b"},
         {"name": "a"}]}, secrets("b", "a"), SA),
    Case("primitives merge", {"metadata": finalizers("a")}, {"metadata": finalizers("b", "a")},
         {"metadata": finalizers("b", "a")}),
    Case("primitives are not doubled", {"metadata": {}}, {"metadata": finalizers("c", "b", "c")},
         {"metadata": finalizers("c", "b")}),
    Case("primitives are deleted", {"metadata": finalizers("a", "b")}, {"metadata": {DELETE: ["a"]}},
         {"metadata": finalizers("b")}),
    Case("deleting from nothing", {"metadata": {}}, {"metadata": {DELETE: ["a"]}}, {"metadata": {}}),
    Case("what others added stays where it stands", {"metadata": finalizers("c", "b", "a")},
         {"metadata": {ORDER + "finalizers": ["a"]}}, {"metadata": finalizers("c", "b", "a")}),
    Case("a wanted order that holds already moves nothing", {"metadata": finalizers("c", "b", "a")},
         {"metadata": {ORDER + "finalizers": ["c", "a"]}}, {"metadata": finalizers("c", "b", "a")}),
    Case("a new item takes its place before what follows it", {"metadata": finalizers("c", "a")},
         {"metadata": {ORDER + "finalizers": ["a", "b"], "finalizers": ["b"]}},
         {"metadata": finalizers("c", "a", "b")}),
    Case("owners merge by uid", {"metadata": {"ownerReferences": [{"uid": "1", "name": "a"}]}},
         {"metadata": {"ownerReferences": [{"uid": "1", "name": "b"}, {"uid": "2"}]}},
         {"metadata": {"ownerReferences": [{"uid": "1", "name": "b"}, {"uid": "2"}]}}),
    Case("only what is retained stays", {"data": {"a": "b", "c": "d"}}, {"data": {"$retainKeys": ["c"], "c": "e"}},
         {"data": {"c": "e"}}, CM),
    Case("directives leave no trace", {"metadata": {}}, {"$patch": "merge", "metadata": {ORDER + "finalizers": ["a"]}},
         {"metadata": {}}),
    Case("deleting the object leaves nothing", {"data": {"a": "b"}}, {"$patch": "delete"}, {}, CM),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_apply(case: Case) -> None:
    """Each directive does what upstream's does; neither side is changed."""
    before = copy.deepcopy((case.target, case.patch))
    assert strategic.apply(case.target, case.patch, structural((case.kind or CM).model)) == case.want
    assert (case.target, case.patch) == before


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown directive": ({"$patch": "nonsense"}, "unknown patch type found: nonsense"),
    "directive of another type": ({"data": {"$patch": 5}}, "unknown patch type found: 5"),
    "item without its key": ({"secrets": [{"kind": "x"}]}, "does not contain declared merge key: name"),
    "item of another type": ({"secrets": ["x"]}, "does not contain declared merge key: name"),
    "deletion of another type": ({"metadata": {DELETE: "a"}}, "invalid value for $deleteFromPrimitiveList/finalizers"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_apply_refuses(name: str) -> None:
    """A malformed directive is a bad request that names it."""
    patch, text = REFUSED[name]
    with pytest.raises(errors.BadRequest) as caught:
        strategic.apply({}, patch, structural(SA.model))
    assert text in caught.value.message


def test_metadata_of_other_types_is_left_to_validation() -> None:
    """A patch may say nonsense about values; it is applied, and the schema judges the result."""
    target = {"data": 5, "secrets": {"a": 1}, "metadata": {"finalizers": "x"}}
    patch = {"data": {"a": "b"}, "secrets": [{"name": "a"}], "metadata": {"finalizers": ["y"], DELETE: ["z"]}}
    want = {"data": {"a": "b"}, "secrets": [{"name": "a"}], "metadata": {"finalizers": ["y"]}}
    assert strategic.apply(target, patch, structural(SA.model)) == want


@pytest.mark.timeout(30)
def test_long_lists_are_merged_in_their_length() -> None:
    """Lists as long as a body allows are merged, ordered and deleted from without comparing all with all."""
    many = [f"f{number}" for number in range(150_000)]
    patch = {"metadata": {"finalizers": many[::-1], ORDER + "finalizers": many[::-1], DELETE: many[::2]}}
    merged = strategic.apply({"metadata": {"finalizers": many}}, patch, structural(CM.model))
    assert len(merged["metadata"]["finalizers"]) == 75_000
    owners = [{"uid": name} for name in many]
    patch = {"metadata": {"ownerReferences": owners[::-1]}}
    merged = strategic.apply({"metadata": {"ownerReferences": owners}}, patch, structural(CM.model))
    assert len(merged["metadata"]["ownerReferences"]) == 150_000


NAMES = st.lists(st.sampled_from("abcdef"), unique=True)


@given(server=NAMES, wanted=NAMES)
def test_order_is_woven(server: list[str], wanted: list[str]) -> None:
    """Items come in the wanted order; the others keep theirs; nothing is lost or doubled; again changes nothing."""
    patch = {"metadata": {"finalizers": wanted, ORDER + "finalizers": wanted}}
    once = strategic.apply({"metadata": {"finalizers": server}}, patch, structural(CM.model))
    result: list[str] = once["metadata"]["finalizers"]
    assert sorted(result) == sorted({*server, *wanted})
    assert [item for item in result if item in wanted] == wanted
    assert [item for item in result if item not in wanted] == [item for item in server if item not in wanted]
    assert strategic.apply(once, patch, structural(CM.model)) == once
