"""From a structural schema to what documents say of it (AX/pkg/controller/openapi/builder).

Version 3 says everything. Version 2 cannot, and kubectl misreads some of what it can: junctors go, nullable values and
values with unknown fields lose their type and their inside (AX/pkg/controller/openapi/v2).
"""

from collections.abc import Mapping
from typing import Any, Final

from krate.schema import Schema
from krate_api.openapi import shapes

_JUNCTORS: Final = ("allOf", "anyOf", "oneOf")
_PUBLISHED: Final = (
    "title", "description", "type", "format", "default", "example", "externalDocs", "enum", "nullable", "pattern",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
    "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "required",
)  # fmt: skip
_MEANT_WHEN_FALSY: Final = frozenset(
    {"default", "example", "enum", "minimum", "maximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems"}
    | {"minProperties", "maxProperties"}
)
PRESERVES: Final = "x-kubernetes-preserve-unknown-fields"
_EMBEDDED: Final = "x-kubernetes-embedded-resource"
_INT_OR_STRING: Final = "x-kubernetes-int-or-string"
_EITHER: Final[list[Schema]] = [{"type": "integer"}, {"type": "string"}]
METADATA: Final = "Standard object's metadata."


def published(schema: Mapping[str, Any], *, version: int) -> Schema:
    """What a document of `version` 2 or 3 says of a structural schema; references are those of version 3."""
    if version == 2:  # noqa: PLR2004 - Swagger 2.0
        schema = _narrowed(schema)
    found = _own(schema)
    if "properties" in schema:
        found["properties"] = {name: published(child, version=version) for name, child in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in schema:
            inside = schema[key]
            found[key] = published(inside, version=version) if isinstance(inside, Mapping) else inside
    for key in _JUNCTORS:
        if schema.get(key):
            found[key] = [_nested(one) for one in schema[key]]
    if "not" in schema:
        found["not"] = _nested(schema["not"])
    if found.get(_INT_OR_STRING) and version > 2:  # noqa: PLR2004
        _unfold(found)
    if found.get(_EMBEDDED) and not (version == 2 and found.get(PRESERVES)):  # noqa: PLR2004
        _embed(found)
    return found


def _own(schema: Mapping[str, Any]) -> Schema:
    """What a schema says itself, without what is below it."""
    found = {key: schema[key] for key in _PUBLISHED if key in schema and _says(key, schema[key])}
    found |= {key: value for key, value in schema.items() if key.startswith("x-kubernetes-") and value}
    return found


def _says(key: str, value: Any) -> bool:
    return value is not None if key in _MEANT_WHEN_FALSY else bool(value)


def _nested(schema: Mapping[str, Any]) -> Schema:
    """A value validation below a junctor: it says nothing of types and unknown fields, but may say all else."""
    found = _own(schema)
    if "properties" in schema:
        found["properties"] = {name: _nested(child) for name, child in schema["properties"].items()}
    for key in ("items", "additionalProperties", "not"):
        if key in schema:
            found[key] = _nested(schema[key]) if isinstance(schema[key], Mapping) else schema[key]
    for key in _JUNCTORS:
        if schema.get(key):
            found[key] = [_nested(one) for one in schema[key]]
    return found


def _unfold(found: Schema) -> None:
    """Say in the words of JSON schema what int-or-string means (AX/pkg/apiserver/schema/unfold.go)."""
    first = (found.get("allOf") or [{}])[0]
    if found.get("anyOf") == _EITHER or first.get("anyOf") == _EITHER:
        return
    if "anyOf" not in found:
        found["anyOf"] = _EITHER
    else:
        found["allOf"] = [{"anyOf": _EITHER}, *found.get("allOf", [])]


def _embed(found: Schema) -> None:
    """An embedded resource has what every object has."""
    found["properties"] = {**found.get("properties", {}), **root_properties()}
    required: list[str] = found.get("required", [])
    found["required"] = [*required, *(name for name in ("kind", "apiVersion") if name not in required)]


def root_properties() -> dict[str, Schema]:
    """The fields that every object has, whatever its schema says of them."""
    metadata = {"description": METADATA, **shapes.pointer(shapes.OBJECT_META)}
    return {"apiVersion": shapes.API_VERSION, "kind": shapes.KIND, "metadata": metadata}


def _narrowed(schema: Mapping[str, Any]) -> Schema:
    """The part of a schema, and of it alone, that version 2 and its readers can take."""
    found = {key: value for key, value in schema.items() if key not in {*_JUNCTORS, "not"}}
    if found.pop("nullable", False):
        _open(found)
        found.pop("type", None)
    if found.get(PRESERVES):
        _open(found)
        if found.get("type") == "object":
            del found["type"]
    if found.get("type") == "array" and "items" not in found:
        del found["type"]
    properties: Mapping[str, Any] = found.get("properties", {})
    if "required" in found:
        nullable = {name for name, child in properties.items() if child.get("nullable")}
        found["required"] = [name for name in found["required"] if name not in nullable]
    additional = found.get("additionalProperties")
    if isinstance(additional, Mapping) and additional.get("nullable"):
        found.pop("required", None)
    return found


def _open(found: Schema) -> None:
    for key in ("items", "properties"):
        found.pop(key, None)


def lowered(schema: Mapping[str, Any]) -> Schema:
    """A schema of version 3 in the words of version 2: references stand bare, and there are no defaults."""
    found: Schema = {key: value for key, value in schema.items() if key not in {"default", "allOf"}}
    match schema.get("allOf"):
        case [{"$ref": str(target)}]:
            found["$ref"] = target
        case list(several):
            found["allOf"] = [lowered(one) for one in several]
        case _:
            pass
    if "$ref" in found:
        found["$ref"] = found["$ref"].replace(shapes.PREFIX, "#/definitions/")
    if "properties" in found:
        found["properties"] = {name: lowered(child) for name, child in found["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(found.get(key), Mapping):
            found[key] = lowered(found[key])
    return found
