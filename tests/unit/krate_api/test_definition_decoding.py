"""Definitions decoded into their types."""

import copy
from typing import Any

import pytest

import crd_rooms
from krate_api.definitions import decoding
from krate_api.schemas.godecoding import Malformed


def body(schema: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(crd_rooms.definition(group="e.com", schema=schema))


AT = "spec.versions[0].schema.openAPIV3Schema"
FIELD = "Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema"


@pytest.mark.parametrize(
    ("schema", "unknown"),
    [
        ({"type": "object", "nope": 1}, [f"{AT}.nope"]),
        ({"properties": {"a": {"nope": 1}}}, [f"{AT}.properties.a.nope"]),
        ({"allOf": [{}, {"nope": 1}]}, [f"{AT}.allOf[1].nope"]),
        ({"x-kubernetes-validations": [{"rule": "true", "nope": 1}]}, [f"{AT}.x-kubernetes-validations[0].nope"]),
        ({"items": {"nope": 1}}, []),
        ({"additionalProperties": {"properties": {"a": {"nope": 1}}}}, []),
        ({"default": {"nope": 1}, "enum": [{"nope": 1}], "example": {"nope": 1}}, []),
    ],
)
def test_unknown_fields(schema: dict[str, Any], unknown: list[str]) -> None:
    """What the types do not know is told with its path, except inside what Go decodes by hand."""
    found = body(schema)
    assert decoding.decode(found) == unknown
    assert '"nope": 1' not in str(found).replace("'", '"') or schema.get("default")


@pytest.mark.parametrize(
    ("schema", "want"),
    [
        (
            {"type": "object", "nullable": False, "description": "", "required": [], "properties": {}},
            {"type": "object"},
        ),
        ({"minLength": 0, "default": None, "maximum": 3.0}, {"minLength": 0, "maximum": 3}),
        ({"additionalProperties": False, "items": [{"type": "string"}]},) * 2,
        ({"x-kubernetes-preserve-unknown-fields": False},) * 2,
        ({"enum": [None, 1, "a"], "default": False},) * 2,
    ],
)
def test_zero_values(schema: dict[str, Any], want: dict[str, Any]) -> None:
    """Zero values go where Go omits them, and stay where they are pointers."""
    found = body(schema)
    decoding.decode(found)
    assert found["spec"]["versions"][0]["schema"]["openAPIV3Schema"] == want


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": 5}, f"json: cannot unmarshal number into {FIELD}.type of type string"),
        (
            {"properties": {"a": {"maxLength": 1.5}}},
            f"json: cannot unmarshal number 1.5 into {FIELD}.properties.maxLength of type int64",
        ),
        ({"items": 5}, "array or JSON schema expected"),
        ({"additionalProperties": "x"}, "boolean or JSON schema expected"),
    ],
)
def test_wrong_types(schema: dict[str, Any], why: str) -> None:
    """A wrong type is refused in Go's words, with the fields of structs on the way to it."""
    with pytest.raises(Malformed) as raised:
        decoding.decode(body(schema))
    assert str(raised.value) == why


def test_decoding_twice_is_decoding_once() -> None:
    """A decoded definition is its own form."""
    found = body({"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}}}})
    decoding.decode(found)
    decoding.defaults(found)
    again = copy.deepcopy(found)
    assert (decoding.decode(again), again) == ([], found)
