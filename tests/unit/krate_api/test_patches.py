"""JSON patch and merge patch: the examples of the RFCs, what kube-apiserver does besides, and bombs."""

import contextlib
import copy
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krate import errors
from krate_api import patches


def op(name: str, path: Any, **more: Any) -> dict[str, Any]:
    return {"op": name, "path": path, **({"from": more.pop("source")} if "source" in more else {}), **more}


@dataclass(frozen=True)
class Case:
    """A document, operations, and the result."""

    name: str
    document: dict[str, Any]
    operations: list[Any]
    want: Any


APPLIED = (
    Case("A.1 add a member", {"foo": "bar"}, [op("add", "/baz", value="qux")], {"baz": "qux", "foo": "bar"}),
    Case("A.2 add an element", {"foo": ["bar", "baz"]}, [op("add", "/foo/1", value="qux")],
         {"foo": ["bar", "qux", "baz"]}),
    Case("A.3 remove a member", {"baz": "qux", "foo": "bar"}, [op("remove", "/baz")], {"foo": "bar"}),
    Case("A.4 remove an element", {"foo": ["bar", "qux", "baz"]}, [op("remove", "/foo/1")], {"foo": ["bar", "baz"]}),
    Case("A.5 replace a value", {"baz": "qux", "foo": "bar"}, [op("replace", "/baz", value="boo")],
         {"baz": "boo", "foo": "bar"}),
    Case("A.6 move a value", {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
         [op("move", "/qux/thud", source="/foo/waldo")],
         {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}}),
    Case("A.7 move an element", {"foo": ["all", "grass", "cows", "eat"]}, [op("move", "/foo/3", source="/foo/1")],
         {"foo": ["all", "cows", "eat", "grass"]}),
    Case("A.8 test that holds", {"baz": "qux", "foo": ["a", 2, "c"]},
         [op("test", "/baz", value="qux"), op("test", "/foo/1", value=2)], {"baz": "qux", "foo": ["a", 2, "c"]}),
    Case("A.10 add a nested member", {"foo": "bar"}, [op("add", "/child", value={"grandchild": {}})],
         {"foo": "bar", "child": {"grandchild": {}}}),
    Case("A.11 unknown members are ignored", {"foo": "bar"}, [op("add", "/baz", value="qux", xyz=123)],
         {"foo": "bar", "baz": "qux"}),
    Case("A.14 escapes", {"/": 9, "~1": 10}, [op("test", "/~01", value=10)], {"/": 9, "~1": 10}),
    Case("A.16 add to the end", {"foo": ["bar"]}, [op("add", "/foo/-", value=["abc", "def"])],
         {"foo": ["bar", ["abc", "def"]]}),
    Case("copy", {"a": {"x": 1}}, [op("copy", "/b", source="/a"), op("add", "/a/y", value=2)],
         {"a": {"x": 1, "y": 2}, "b": {"x": 1}}),
    Case("add at the end by number", {"a": [1]}, [op("add", "/a/1", value=2)], {"a": [1, 2]}),
    Case("add replaces", {"a": 1}, [op("add", "/a", value=2)], {"a": 2}),
    Case("add a null", {"a": 1}, [op("add", "/b", value=None)], {"a": 1, "b": None}),
    Case("replace an element", {"a": [1, 2]}, [op("replace", "/a/1", value=3)], {"a": [1, 3]}),
    Case("replace what is absent, as upstream does", {"a": 1}, [op("replace", "/b", value=2)], {"a": 1, "b": 2}),
    Case("an absent member is null, as upstream has it", {"a": 1}, [op("test", "/b", value=None)], {"a": 1}),
    Case("the whole document", {"a": 1}, [op("replace", "", value={"b": 2})], {"b": 2}),
    Case("the empty name", {"": 1}, [op("replace", "/", value=2)], {"": 2}),
    Case("a name with a slash", {"metadata": {"annotations": {"a/b": "c"}}},
         [op("remove", "/metadata/annotations/a~1b")], {"metadata": {"annotations": {}}}),
    Case("order matters", {"a": [1, 2, 3]}, [op("remove", "/a/0"), op("remove", "/a/0")], {"a": [3]}),
    Case("numbers are equal across kinds", {"a": 1}, [op("test", "/a", value=1.0)], {"a": 1}),
    Case("nothing to do", {"a": 1}, [], {"a": 1}),
    Case("move onto itself", {"a": 1}, [op("move", "/a", source="/a")], {"a": 1}),
)  # fmt: skip


@pytest.mark.parametrize("case", APPLIED, ids=lambda case: case.name)
def test_json_patch(case: Case) -> None:
    """Operations are carried out in their order, on a copy."""
    before = copy.deepcopy(case.document)
    assert patches.json_patch(case.document, case.operations) == case.want
    assert case.document == before


REFUSED: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "A.9 test that fails": ({"baz": "qux"}, [op("test", "/baz", value="bar")]),
    "A.12 add to what is not there": ({"foo": "bar"}, [op("add", "/baz/bat", value="qux")]),
    "A.15 a text is no number": ({"/": 9, "~1": 10}, [op("test", "/~01", value="10")]),
    "true is not 1": ({"a": True}, [op("test", "/a", value=1)]),
    "false is not 0": ({"a": [0]}, [op("test", "/a", value=[False])]),
    "the order of lists counts": ({"a": [1, 2]}, [op("test", "/a", value=[2, 1])]),
    "unknown operation": ({"a": 1}, [op("spam", "/a")]),
    "no operation": ({"a": 1}, [{"path": "/a"}]),
    "no path": ({"a": 1}, [{"op": "remove"}]),
    "path without a slash": ({"a": 1}, [op("remove", "a")]),
    "broken escape": ({"a~2": 1}, [op("remove", "/a~2")]),
    "escape at the end": ({"a~": 1}, [op("remove", "/a~")]),
    "no value": ({"a": 1}, [op("add", "/b")]),
    "no source": ({"a": 1}, [op("move", "/b")]),
    "source that is not there": ({"a": 1}, [op("copy", "/b", source="/c")]),
    "remove what is not there": ({"a": 1}, [op("remove", "/b")]),
    "remove the document": ({"a": 1}, [op("remove", "")]),
    "beyond the end": ({"a": [1]}, [op("add", "/a/2", value=2)]),
    "replace beyond the end": ({"a": [1]}, [op("replace", "/a/1", value=2)]),
    "replace the end": ({"a": [1]}, [op("replace", "/a/-", value=2)]),
    "remove from nothing": ({"a": []}, [op("remove", "/a/0")]),
    "leading zero": ({"a": [1, 2]}, [op("remove", "/a/01")]),
    "negative position": ({"a": [1, 2]}, [op("remove", "/a/-1")]),
    "position in another script": ({"a": [1, 2]}, [op("remove", "/a/\u0661")]),
    "huge position": ({"a": [1, 2]}, [op("remove", "/a/" + "9" * 5000)]),
    "member of a text": ({"a": "text"}, [op("add", "/a/b", value=1)]),
    "member of a list": ({"a": [1]}, [op("add", "/a/b", value=1)]),
    "move into itself": ({"a": {"b": 1}}, [op("move", "/a/b/c", source="/a")]),
    "an operation that is nothing": ({"a": 1}, [None]),
    "the last one fails": ({"a": 1}, [op("add", "/b", value=2), op("test", "/a", value=2)]),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_json_patch_refuses(name: str) -> None:
    """What cannot be carried out is a 422 that says no more, and changes nothing."""
    document, operations = REFUSED[name]
    before = copy.deepcopy(document)
    with pytest.raises(errors.Invalid) as caught:
        patches.json_patch(document, operations)
    want = errors.Invalid("the server rejected our request due to an error in our request", details={})
    assert caught.value.status() == want.status()
    assert document == before


NO_PATCHES: dict[str, tuple[Any, str]] = {
    "an object": ({"op": "remove"}, "object into Go value of type []handlers.jsonPatchOp"),
    "a text": ("x", "string into Go value of type []handlers.jsonPatchOp"),
    "a number": (5, "number into Go value of type []handlers.jsonPatchOp"),
    "a list of texts": (["remove"], "string into Go value of type handlers.jsonPatchOp"),
    "an operation of another type": (
        [{"op": 5, "path": "/a"}], "number into Go struct field jsonPatchOp.op of type string",
    ),
    "a path of another type": (
        [{"op": "remove", "path": []}], "array into Go struct field jsonPatchOp.path of type string",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_PATCHES)
def test_what_is_no_json_patch(name: str) -> None:
    """What is no list of operations is a bad request in the words of Go's decoder."""
    patch, text = NO_PATCHES[name]
    with pytest.raises(errors.BadRequest) as caught:
        patches.json_patch({}, patch)
    assert caught.value.message == f"error decoding patch: json: cannot unmarshal {text}"


def test_no_operations_change_nothing() -> None:
    """An empty list of operations, and null, which upstream takes for one."""
    assert patches.json_patch({"a": 1}, []) == patches.json_patch({"a": 1}, None) == {"a": 1}


@pytest.mark.timeout(30)
def test_copy_bomb() -> None:
    """Copies that double the document end when they have added as much as a request may hold (CVE-2019-1002100)."""
    doubling = [op("copy", f"/a/k{number}", source="/a") for number in range(200)]
    with pytest.raises(errors.RequestEntityTooLarge, match="accumulated size increase of copy"):
        patches.json_patch({"a": {"x": "y"}}, doubling)


@pytest.mark.timeout(30)
def test_nesting_bomb() -> None:
    """Moves that wrap the document deeper and deeper end in a refusal, not in a crash."""
    wrapping: list[Any] = []
    for _ in range(2000):
        wrapping += [op("add", "/b", value={}), op("move", "/b/a", source="/a"), op("move", "/a", source="/b")]
    with pytest.raises(errors.Invalid):
        patches.json_patch({"a": {}}, wrapping)
    with pytest.raises(errors.Invalid):
        patches.json_patch({"a": {}}, [*wrapping[:1500], op("copy", "/c", source="/a")])


def test_too_many_operations() -> None:
    """More operations than upstream takes are too much."""
    with pytest.raises(errors.RequestEntityTooLarge, match="allowed maximum operations in a JSON patch is 10000"):
        patches.json_patch({}, [op("test", "", value={})] * 10_001)


MERGES: tuple[tuple[Any, Any, Any], ...] = (
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
)


@pytest.mark.parametrize(("target", "patch", "want"), MERGES, ids=[f"{a} + {b}" for a, b, _ in MERGES])
def test_merge(target: Any, patch: Any, want: Any) -> None:
    """The examples of RFC 7396, appendix A; neither side is changed."""
    before = copy.deepcopy((target, patch))
    assert patches.merge(target, patch) == want
    assert (target, patch) == before


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
                    max_leaves=10)  # fmt: skip
OBJECTS = st.dictionaries(st.sampled_from("abc"), JSON)


@given(OBJECTS, OBJECTS)
def test_merging_twice_is_merging_once(target: dict[str, Any], patch: dict[str, Any]) -> None:
    """A merge patch says what should be: applying it again changes nothing."""
    once = patches.merge(target, patch)
    assert patches.merge(once, patch) == once


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return value


@given(OBJECTS, OBJECTS)
def test_merging_a_difference_reaches_the_target(old: dict[str, Any], new: dict[str, Any]) -> None:
    """The difference of two objects, merged into the first, is the second: what kubectl lines in Activities promise."""
    from krate_api import activity  # noqa: PLC0415 - the one test that needs it

    old, new = without_nulls(old), without_nulls(new)
    assert patches.merge(old, activity.difference(old, new)) == new


OPERATIONS = st.lists(
    st.fixed_dictionaries(
        {
            "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]),
            "path": st.text("/ab01-~", max_size=6),
        },
        optional={"value": JSON, "from": st.text("/ab01-~", max_size=6)},
    )
    | JSON,
    max_size=5,
)


@given(OBJECTS, OPERATIONS)
def test_any_operations_apply_or_are_refused(target: dict[str, Any], operations: list[Any]) -> None:
    """Whatever the operations, the answer is a result or a refusal, and the target stays."""
    before = copy.deepcopy(target)
    with contextlib.suppress(errors.Invalid, errors.BadRequest):
        patches.json_patch(target, operations)
    assert target == before
