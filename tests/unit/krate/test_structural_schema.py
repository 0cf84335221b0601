"""From models to structural schemas: inlined, typed at every node, and with the defaults that the server writes."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any

import pytest
from pydantic import Field

from krate import kinds, schema
from krate.kinds import Form, Kind
from krate.models.meta import FreeForm, Model, Ref, Resource, StringSet, camel, list_map


class Colour(StrEnum):
    """A colour."""

    RED = "Red"
    GREEN = "Green"


class Wheel(Model):
    """One wheel."""

    name: str
    """Name of the wheel."""
    size: int = 0
    """Size in inches."""
    colour: Colour = Colour.RED
    """Colour of the wheel."""


class Settings(Model):
    """Optional settings with defaults inside."""

    fast: bool = True
    """Whether it is fast."""


class CarSpec(Model):
    """What the car should be."""

    title: Annotated[str, Field(min_length=1, max_length=20)]
    """One line."""
    wheels: Annotated[tuple[Wheel, ...], Field(json_schema_extra=list_map("name"))] = ()
    """The wheels."""
    tags: StringSet = ("new",)
    """Words."""
    owner_ref: Ref | None = None
    """Who owns it."""
    settings: Settings = Settings()
    """Always there, with its defaults."""
    extras: Settings | None = None
    """Only there when asked for."""
    seats: Annotated[int, Field(ge=1, le=9)] = 4
    """How many sit in it."""
    labels: dict[str, str] = {}  # noqa: RUF012 - Pydantic copies defaults
    """Any words."""
    anything: FreeForm = {}  # noqa: RUF012 - Pydantic copies defaults
    """Kept as it comes."""
    head_sha: Annotated[str | None, Field(pattern="^[0-9a-f]{40}$")] = None
    """A commit."""


class Car(Resource):
    """A car drives.

    It has   wheels.
    """

    spec: CarSpec
    """What the car should be."""


def text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


WHEEL = {
    "type": "object",
    "description": "One wheel.",
    "properties": {
        "name": text("Name of the wheel."),
        "size": {"type": "integer", "description": "Size in inches."},
        "colour": text("Colour of the wheel.", enum=["Red", "Green"], default="Red"),
    },
    "required": ["name"],
}
FAST = {"fast": {"type": "boolean", "description": "Whether it is fast.", "default": True}}
SPEC = {
    "type": "object",
    "description": "What the car should be.",
    "properties": {
        "title": text("One line.", minLength=1, maxLength=20),
        "wheels": {
            "type": "array",
            "description": "The wheels.",
            "items": WHEEL,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
        },
        "tags": {
            "type": "array",
            "description": "Words.",
            "items": {"type": "string"},
            "x-kubernetes-list-type": "set",
            "default": ["new"],
        },
        "ownerRef": {
            "type": "object",
            "description": "Who owns it.",
            "properties": {"name": text("Name of the referent.", minLength=1)},
            "required": ["name"],
        },
        "settings": {
            "type": "object",
            "description": "Always there, with its defaults.",
            "properties": FAST,
            "default": {},
        },
        "extras": {"type": "object", "description": "Only there when asked for.", "properties": FAST},
        "seats": {
            "type": "integer",
            "description": "How many sit in it.",
            "minimum": 1,
            "maximum": 9,
            "default": 4,
        },
        "labels": {
            "type": "object",
            "description": "Any words.",
            "additionalProperties": {"type": "string"},
        },
        "anything": {
            "type": "object",
            "description": "Kept as it comes.",
            "x-kubernetes-preserve-unknown-fields": True,
        },
        "headSHA": text("A commit.", pattern="^[0-9a-f]{40}$"),
    },
    "required": ["title"],
}


def test_whole_schema() -> None:
    """A model becomes one inlined schema: camelCase, descriptions, constraints, extensions, the server's defaults."""
    found = schema.structural(Car)
    assert found["description"] == "A car drives. It has wheels."
    assert found["required"] == ["spec"]
    assert list(found["properties"]) == ["apiVersion", "kind", "metadata", "spec"]
    assert found["properties"]["metadata"] == {"type": "object", "description": "Standard object's metadata."}
    assert found["properties"]["spec"] == SPEC


def test_properties_keep_their_order() -> None:
    """`kubectl explain` shows fields as they are declared."""
    assert list(schema.structural(Car)["properties"]["spec"]["properties"]) == list(SPEC["properties"])


class Ambiguous(Resource):
    """Two types at one node."""

    spec: str | int
    """Either."""


def test_two_types_are_refused() -> None:
    """A node of two types is no structural schema, and says so at once."""
    with pytest.raises(ValueError, match="one type per node"):
        schema.structural(Ambiguous)


def nodes(node: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every node of a schema."""
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    for word in ("items", "additionalProperties"):
        if isinstance(node.get(word), Mapping):
            yield from nodes(node[word], f"{path}.{word}")


ALLOWED = {
    "type", "description", "format", "enum", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems",
    "pattern", "properties", "required", "additionalProperties", "items", "default",
}  # fmt: skip


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.resource)
def test_every_kind_is_structural(kind: Kind) -> None:
    """Every node of every kind has one type and known words only, no references, and arrays know their items."""
    for path, node in nodes(schema.structural(kind.model)):
        unknown = {word for word in node if not word.startswith("x-kubernetes-")} - ALLOWED
        assert not unknown, f"{path}: {unknown}"
        assert node["type"] in {"object", "array", "string", "integer", "number", "boolean"}, path
        assert ("items" in node) == (node["type"] == "array"), path
        assert not ("properties" in node and "additionalProperties" in node), path


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.resource)
def test_every_default_validates(kind: Kind) -> None:
    """No default contradicts its own schema's type, enumeration or bounds."""
    types: dict[str, Any] = {
        "object": dict, "array": list, "string": str, "integer": int, "number": float, "boolean": bool,
    }  # fmt: skip
    for path, node in nodes(schema.structural(kind.model)):
        if "default" in node:
            assert isinstance(node["default"], types[node["type"]]), path
            assert node["default"] in node.get("enum", [node["default"]]), path


@pytest.mark.parametrize(
    "kind", [kind for kind in kinds.KINDS if kind.form is not Form.BUILTIN], ids=lambda kind: kind.resource
)
def test_every_field_of_ours_is_described(kind: Kind) -> None:
    """`kubectl explain` has a sentence for every field of our kinds."""
    bare = [path for path, node in nodes(schema.structural(kind.model)) if not node.get("description")]
    assert [path for path in bare if not path.endswith((".items", ".additionalProperties"))] == []


def test_strip_descriptions() -> None:
    """Descriptions go from every node; a property called description stays."""

    class Spec(Model):
        """A spec."""

        description: str = ""
        """Words."""

    class Thing(Resource):
        """A thing."""

        spec: Spec = Spec()
        """Spec."""

    stripped = schema.strip_descriptions(schema.structural(Thing))
    assert stripped["properties"]["spec"] == {"type": "object", "properties": {"description": {"type": "string"}}}


CAMEL = {
    "title": "title",
    "display_name": "displayName",
    "head_sha": "headSHA",
    "target_url": "targetURL",
    "clone_urls": "cloneURLs",
    "correlation_id": "correlationID",
    "sha": "sha",
}


@pytest.mark.parametrize("name", CAMEL)
def test_camel(name: str) -> None:
    """Fields are spelled the Kubernetes way on the wire."""
    assert camel(name) == CAMEL[name]


def test_models_ignore_unknown_fields_and_dump_no_nulls() -> None:
    """A typed view of an object ignores what it does not know, and its wire form holds no nulls."""
    car = Car.model_validate(
        {
            "apiVersion": "example.com/v1",
            "kind": "Car",
            "metadata": {"name": "a", "managedFields": []},
            "spec": {"title": "x", "x": 1},
        }
    )
    dumped = car.dump()
    assert dumped["spec"]["title"] == "x"
    assert None not in dumped["spec"].values()
    assert "x" not in dumped["spec"]
