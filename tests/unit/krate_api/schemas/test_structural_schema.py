"""Pruning, defaulting and validation against structural schemas, in upstream's words."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krate import kinds
from krate.errors import Cause, CauseType
from krate.kinds import Kind
from krate.schema import Schema, structural
from krate_api.schemas import structural as shapes

TEXT: Schema = {"type": "string"}
SCHEMA: Schema = {
    "type": "object",
    "required": ["spec"],
    "properties": {
        "apiVersion": TEXT,
        "kind": TEXT,
        "metadata": {"type": "object"},
        "spec": {
            "type": "object",
            "required": ["title"],
            "properties": {
                "title": {"type": "string", "minLength": 1, "maxLength": 20},
                "n": {"type": "integer", "minimum": 1, "maximum": 9},
                "state": {"type": "string", "enum": ["open", "closed"], "default": "open"},
                "path": {"type": "string", "pattern": "^[a-z]+$"},
                "draft": {"type": "boolean"},
                "ratio": {"type": "number"},
                "tags": {"type": "array", "items": TEXT, "maxItems": 3, "x-kubernetes-list-type": "set"},
                "reviewers": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "items": {
                        "type": "object",
                        "required": ["name"],
                        "properties": {"name": TEXT, "ok": {"type": "boolean", "default": False}},
                    },
                },
                "labels": {"type": "object", "additionalProperties": {"type": "object", "properties": {"x": TEXT}}},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "settings": {
                    "type": "object",
                    "default": {},
                    "properties": {"fast": {"type": "boolean", "default": True}},
                },
                "extra": {"type": "object", "properties": {"fast": {"type": "boolean", "default": True}}},
            },
        },
    },
}


SHAPE = shapes.StructuralSchema(SCHEMA)


def obj(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "ref.example.com/v1", "kind": "Pull", "metadata": {}, "spec": spec}


PRUNED: dict[str, tuple[dict[str, Any], list[str], dict[str, Any]]] = {
    "nothing": ({"title": "x"}, [], {"title": "x"}),
    "a member": ({"title": "x", "bogus": 1}, ["spec.bogus"], {"title": "x"}),
    "in a list": (
        {"reviewers": [{"name": "x", "zz": 1}, {"name": "y"}, {"yy": {"a": 1}}]},
        ["spec.reviewers[0].zz", "spec.reviewers[2].yy"],
        {"reviewers": [{"name": "x"}, {"name": "y"}, {}]},
    ),
    "in a map": ({"labels": {"a": {"x": "1", "y": "2"}}}, ["spec.labels.a.y"], {"labels": {"a": {"x": "1"}}}),
    "not in what is kept": ({"free": {"a": {"b": [1]}}}, [], {"free": {"a": {"b": [1]}}}),
    "whole trees": ({"bogus": {"a": {"b": 1}}}, ["spec.bogus"], {}),
    "not in values of another type": ({"title": {"a": 1}}, ["spec.title.a"], {"title": {}}),
    "of another type altogether": ({"reviewers": "x", "labels": [1]}, [], {"reviewers": "x", "labels": [1]}),
}


@pytest.mark.parametrize("name", PRUNED)
def test_prune(name: str) -> None:
    """What the schema does not know goes, and its path is told."""
    spec, gone, want = PRUNED[name]
    found = obj(**copy.deepcopy(spec))
    assert SHAPE.prune(found) == gone
    assert found == obj(**want)


def test_prune_tells_members_at_the_top() -> None:
    """A member beside spec goes too."""
    found = {**obj(title="x"), "bogus": 1}
    assert SHAPE.prune(found) == ["bogus"]


DEFAULTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "absent": ({"title": "x"}, {"title": "x", "state": "open", "settings": {"fast": True}}),
    "given": (
        {"state": "closed", "settings": {"fast": False}},
        {"state": "closed", "settings": {"fast": False}},
    ),
    "null where there is a default": ({"state": None}, {"state": "open", "settings": {"fast": True}}),
    "in lists": (
        {"state": "open", "settings": {}, "reviewers": [{"name": "a"}, {"name": "b", "ok": True}]},
        {
            "state": "open",
            "settings": {"fast": True},
            "reviewers": [{"name": "a", "ok": False}, {"name": "b", "ok": True}],
        },
    ),
    "an optional object stays absent, a given one is filled": (
        {"state": "open", "settings": {}, "extra": {}},
        {"state": "open", "settings": {"fast": True}, "extra": {"fast": True}},
    ),
    "values of another type are left alone": (
        {"state": 5, "settings": "x", "reviewers": "y"},
        {"state": 5, "settings": "x", "reviewers": "y"},
    ),
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_default(name: str) -> None:
    """Defaults fill what is absent or null, at every depth, and are copies."""
    spec, want = DEFAULTS[name]
    found = obj(**copy.deepcopy(spec))
    SHAPE.default(found)
    assert found == obj(**want)
    assert SCHEMA["properties"]["spec"]["properties"]["settings"]["default"] == {}


def test_defaulting_needs_a_parent() -> None:
    """Nothing springs into existence where the parent is absent."""
    found: dict[str, Any] = {"kind": "Pull"}
    SHAPE.default(found)
    assert found == {"kind": "Pull"}


def invalid(field: str, message: str, kind: CauseType = CauseType.INVALID) -> Cause:
    return Cause(kind, message, field)


def typed(field: str, want: str, have: str) -> Cause:
    message = f'Invalid value: "{have}": {field} in body must be of type {want}: "{have}"'
    return invalid(field, message, CauseType.TYPE_INVALID)


PROBLEMS: dict[str, tuple[Any, list[Cause]]] = {
    "none": (obj(title="x"), []),
    "required": (obj(), [invalid("spec.title", "Required value", CauseType.REQUIRED)]),
    "required at the top": ({"kind": "Pull"}, [invalid("spec", "Required value", CauseType.REQUIRED)]),
    "text": (obj(title=5), [typed("spec.title", "string", "integer")]),
    "integer": (obj(title="x", n="1"), [typed("spec.n", "integer", "string")]),
    "fraction": (
        obj(title="x", n=1.5),
        [
            typed("spec.n", "integer", "number"),
            invalid("<nil>", 'Invalid value: "": Checked value must be of type integer (default format) in spec.n'),
        ],
    ),
    "whole fraction": (obj(title="x", n=2.0), []),
    "boolean": (obj(title="x", draft="true"), [typed("spec.draft", "boolean", "string")]),
    "boolean is no integer": (obj(title="x", n=True), [typed("spec.n", "integer", "boolean")]),
    "object": ({**obj(title="x"), "spec": []}, [typed("spec", "object", "array")]),
    "array": (obj(title="x", tags={}), [typed("spec.tags", "array", "object")]),
    "null": (obj(title=None), [typed("spec.title", "string", "null")]),
    "number takes integers": (obj(title="x", ratio=1), []),
    "minimum": (
        obj(title="x", n=0),
        [invalid("spec.n", "Invalid value: 0: spec.n in body should be greater than or equal to 1")],
    ),
    "maximum": (
        obj(title="x", n=10),
        [invalid("spec.n", "Invalid value: 10: spec.n in body should be less than or equal to 9")],
    ),
    "enumeration": (
        obj(title="x", state="foo"),
        [
            invalid(
                "spec.state", 'Unsupported value: "foo": supported values: "open", "closed"', CauseType.NOT_SUPPORTED
            )
        ],
    ),
    "too long": (
        obj(title="x" * 21),
        [invalid("spec.title", "Too long: may not be more than 20 bytes", CauseType.TOO_LONG)],
    ),
    "too short": (
        obj(title=""),
        [invalid("spec.title", 'Invalid value: "": spec.title in body should be at least 1 chars long')],
    ),
    "too many": (
        obj(title="x", tags=list("abcd")),
        [invalid("spec.tags", "Too many: 4: must have at most 3 items", CauseType.TOO_MANY)],
    ),
    "pattern": (
        obj(title="x", path="A"),
        [invalid("spec.path", "Invalid value: \"A\": spec.path in body should match '^[a-z]+$'")],
    ),
    "pattern and a line break": (
        obj(title="x", path="a\n"),
        [invalid("spec.path", "Invalid value: \"a\\n\": spec.path in body should match '^[a-z]+$'")],
    ),
    "set": (
        obj(title="x", tags=["a", "b", "a"]),
        [invalid("spec.tags[2]", 'Duplicate value: "a"', CauseType.DUPLICATE)],
    ),
    "map": (
        obj(title="x", reviewers=[{"name": "a"}, {"name": "a", "ok": True}]),
        [invalid("spec.reviewers[1]", 'Duplicate value: {"name":"a"}', CauseType.DUPLICATE)],
    ),
    "in a list": (obj(title="x", reviewers=[{"name": 5}]), [typed("spec.reviewers[0].name", "string", "integer")]),
    "in a map": (obj(title="x", labels={"a": {"x": 1}}), [typed("spec.labels.a.x", "string", "integer")]),
    "several, by field": (
        obj(title="x" * 21, n=0, state="foo"),
        [
            invalid("spec.n", "Invalid value: 0: spec.n in body should be greater than or equal to 1"),
            invalid(
                "spec.state", 'Unsupported value: "foo": supported values: "open", "closed"', CauseType.NOT_SUPPORTED
            ),
            invalid("spec.title", "Too long: may not be more than 20 bytes", CauseType.TOO_LONG),
        ],
    ),
}


@pytest.fixture(scope="module")
def validator() -> shapes.StructuralSchema:
    return shapes.StructuralSchema(SCHEMA)


@pytest.mark.parametrize("name", PROBLEMS)
def test_problems(validator: shapes.StructuralSchema, name: str) -> None:
    """Every rule has its cause, its field and its sentence."""
    value, want = PROBLEMS[name]
    assert validator.problems(value) == want


def test_problems_are_bounded(validator: shapes.StructuralSchema) -> None:
    """A body of a hundred thousand mistakes is told a bounded number of them, and that there are more."""
    found = validator.problems(obj(title="x", reviewers=[5] * 100_000))
    assert len(found) == shapes.MAX_PROBLEMS + 1
    assert found[-1] == Cause(CauseType.INVALID, "Invalid value: there are more problems than are told here", "")
    doubled = validator.problems(obj(title="x", reviewers=[{"name": str(number // 2)} for number in range(100_000)]))
    assert len(doubled) == shapes.MAX_PROBLEMS + 1


@pytest.mark.timeout(20)
def test_patterns_take_linear_time() -> None:
    """A pattern that makes backtracking engines explode is matched in the length of the text."""
    hostile = shapes.StructuralSchema({"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}})
    assert len(hostile.problems({"a": "a" * 200_000 + "!"})) == 1


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.resource)
def test_every_kind_compiles(kind: Kind) -> None:
    """The schema of every kind compiles, and finds an empty object wanting at most what is required."""
    schema = structural(kind.model)
    found = {cause.field for cause in shapes.StructuralSchema(schema).problems({})}
    assert found == set(schema.get("required", []))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*SCHEMA["properties"]["spec"]["properties"], "bogus", "name"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(st.fixed_dictionaries({"spec": JSON}, optional={"metadata": JSON, "bogus": JSON}))
def test_any_object_can_be_pruned_defaulted_and_judged(value: dict[str, Any]) -> None:
    """Whatever the object, pruning and defaulting end, are idempotent, and judging gives causes."""
    validator = shapes.StructuralSchema(SCHEMA)
    SHAPE.prune(value)
    assert SHAPE.prune(value) == []
    SHAPE.default(value)
    once = copy.deepcopy(value)
    SHAPE.default(value)
    assert value == once
    assert all(cause.message for cause in validator.problems(value))
