"""Three-way merge: our fields ours, everybody else's theirs."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krate_functions.engine import merging


def obj(metadata: dict[str, Any] | None = None, **body: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "t", **(metadata or {})}, **body}


@dataclass(frozen=True)
class Case:
    name: str
    last: dict[str, Any] | None
    wanted: dict[str, Any]
    live: dict[str, Any]
    want: dict[str, Any]


US, THEM = {"uid": "us", "controller": True}, {"uid": "them"}

CASES = (
    Case("nothing to do", obj(spec={"a": 1}), obj(spec={"a": 1}), obj(spec={"a": 1}), {}),
    Case("a changed wish", obj(spec={"a": 1}), obj(spec={"a": 2}), obj(spec={"a": 1}), {"spec": {"a": 2}}),
    Case("drift is repaired", obj(spec={"a": 1}), obj(spec={"a": 1}), obj(spec={"a": 3}), {"spec": {"a": 1}}),
    Case(
        "what we wanted and want no more goes",
        obj(spec={"a": 1, "b": 2}),
        obj(spec={"a": 1}),
        obj(spec={"a": 1, "b": 2}),
        {"spec": {"b": None}},
    ),
    Case("what others set stays", obj(spec={"a": 1}), obj(spec={"a": 1}), obj(spec={"a": 1, "theirs": 5}), {}),
    Case("nobody remembers: nothing is removed", None, obj(spec={"a": 1}), obj(spec={"a": 1, "b": 2}), {}),
    Case(
        "deep",
        obj(spec={"x": {"y": {"a": 1, "b": 2}}}),
        obj(spec={"x": {"y": {"b": 3}}}),
        obj(spec={"x": {"y": {"a": 1, "b": 2, "c": 4}}}),
        {"spec": {"x": {"y": {"a": None, "b": 3}}}},
    ),
    Case(
        "lists are replaced",
        obj(subjects=[{"name": "a"}, {"name": "b"}]),
        obj(subjects=[{"name": "a"}]),
        obj(subjects=[{"name": "a"}, {"name": "b"}]),
        {"subjects": [{"name": "a"}]},
    ),
    Case(
        "labels and annotations",
        obj({"labels": {"a": "1", "old": "1"}}),
        obj({"labels": {"a": "2"}, "annotations": {"n": "1"}}),
        obj({"labels": {"a": "1", "old": "1", "theirs": "1"}}),
        {"metadata": {"labels": {"a": "2", "old": None}, "annotations": {"n": "1"}}},
    ),
    Case(
        "owners: ours is added, theirs stays",
        None,
        obj({"ownerReferences": [US]}),
        obj({"ownerReferences": [THEM]}),
        {"metadata": {"ownerReferences": [THEM, US]}},
    ),
    Case("owners: no change, no write", None, obj({"ownerReferences": [US]}), obj({"ownerReferences": [US, THEM]}), {}),
    Case("status is nobody's wish", None, obj(status={"x": 1}), obj(status={"y": 2}), {}),
    Case(
        "finalizers and versions are left alone",
        None,
        obj(),
        obj({"finalizers": ["f"], "resourceVersion": "7", "uid": "u", "deletionTimestamp": "x"}),
        {},
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_merge(case: Case) -> None:
    """The patch holds what we want changed and nothing else."""
    wanted = merging.merge(
        case.last, case.wanted, {**case.live, "metadata": {"ownerReferences": [], **case.live["metadata"]}}
    )
    live = {**case.live, "metadata": {"ownerReferences": [], **case.live["metadata"]}}
    assert merging.difference(live, wanted) == case.want


def patched(live: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """RFC 7386, as the RFC writes it."""
    found = dict(live)
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, dict):
            found[key] = patched(found[key] if isinstance(found.get(key), dict) else {}, value)
        else:
            found[key] = value
    return found


LEAVES = st.integers(0, 3) | st.booleans() | st.lists(st.integers(0, 2), max_size=2)
MAPS = st.recursive(
    st.dictionaries(st.sampled_from("abc"), LEAVES, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), LEAVES | inner, max_size=3),
    max_leaves=8,
)


@given(MAPS, MAPS)
def test_a_difference_applied_is_the_target(live: dict[str, Any], target: dict[str, Any]) -> None:
    """Applying the patch to what stands gives what was merged."""
    assert patched(live, merging.difference(live, target)) == target


@given(MAPS, MAPS, MAPS)
def test_merging_settles(last: dict[str, Any], wanted: dict[str, Any], live: dict[str, Any]) -> None:
    """Everything wanted stands afterwards, and a second merge changes nothing: no write loop."""
    merged = merging.status(last, wanted, live)
    assert merging.status(wanted, wanted, merged) == merged
    assert contains(merged, wanted)


def contains(have: Any, want: Any) -> bool:
    if isinstance(want, dict):
        return isinstance(have, dict) and all(key in have and contains(have[key], value) for key, value in want.items())
    return have == want
