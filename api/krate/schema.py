"""From a model to a structural schema: the form that CRDs, XRDs, OpenAPI and the validator share.

A structural schema (Kubernetes: "Specifying a structural schema") has a type at every node and no references. Pydantic
gives a JSON schema with references, titles and nullable unions; the functions here inline, prune and keep order.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from krate.models.meta import Model, Resource

Schema = dict[str, Any]

_KEPT: Final = (
    "type",
    "description",
    "format",
    "enum",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "pattern",
)

_META: Final[dict[str, Schema]] = {
    "apiVersion": {
        "type": "string",
        "description": "APIVersion defines the versioned schema of this representation of an object.",
    },
    "kind": {
        "type": "string",
        "description": "Kind is a string value representing the REST resource this object represents.",
    },
    "metadata": {"type": "object", "description": "Standard object's metadata."},
}


@cache
def structural(model: type[Resource]) -> Schema:
    """The structural schema of `model`, properties in order of declaration.

    The returned dictionary is shared: do not change it.
    """
    raw = model.model_json_schema(by_alias=True, mode="validation")
    schema = _node(raw, raw.get("$defs", {}))
    schema["properties"] = {**_META, **{k: v for k, v in schema["properties"].items() if k not in _META}}
    schema["description"] = _sentence(model.__doc__)
    return schema


def empty(model: type[Model]) -> dict[str, Any]:
    """The members that an object of a compiled type has before anybody set one: structs, all the way down.

    Go's zero value of a struct that is no pointer is written as an object, also where nothing is in it.
    """
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        of = field.annotation
        if name != "metadata" and isinstance(of, type) and issubclass(of, Model):
            found[field.alias or name] = empty(of)
    return found


def _sentence(text: str | None) -> str:
    return " ".join((text or "").split())


def _resolve(node: Mapping[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    """`node` with its reference and its nullable union replaced by what they mean; outer words win."""
    found = dict(node)
    while True:
        if "$ref" in found:
            target = defs[found.pop("$ref").rpartition("/")[2]]
            found = {**target, **found}
        elif "allOf" in found and len(found["allOf"]) == 1:
            (only,) = found.pop("allOf")
            found = {**only, **found}
        elif "anyOf" in found:
            choices = [choice for choice in found.pop("anyOf") if choice.get("type") != "null"]
            if len(choices) != 1:
                raise ValueError(f"a structural schema has one type per node, not {choices}")
            found = {**choices[0], **found}
        else:
            return found


def _node(raw: Mapping[str, Any], defs: Mapping[str, Any]) -> Schema:
    found = _resolve(raw, defs)
    schema: Schema = {key: found[key] for key in _KEPT if key in found}
    if "description" in schema:
        schema["description"] = _sentence(schema["description"])
    schema.update({key: value for key, value in found.items() if key.startswith("x-kubernetes-")})
    if found.get("properties"):
        schema["properties"] = {key: _node(value, defs) for key, value in found["properties"].items()}
        if found.get("required"):
            schema["required"] = list(found["required"])
    additional = found.get("additionalProperties")
    if isinstance(additional, Mapping) and "x-kubernetes-preserve-unknown-fields" not in schema:
        schema["additionalProperties"] = _node(additional, defs)
    if schema.get("type") == "array":
        schema["items"] = _items(found, defs)
    default = _default(found, schema)
    if default is not None:
        schema["default"] = default
    return schema


def _items(found: Mapping[str, Any], defs: Mapping[str, Any]) -> Schema:
    """Schema of the elements; a set of models or strings keeps its own constraints."""
    items = found.get("items") or {}
    node = _node(items, defs) if items.get("type") or items.get("$ref") or items.get("anyOf") else dict(items)
    node.setdefault("type", "string")
    return node


def _default(found: Mapping[str, Any], schema: Schema) -> Any:
    """The default that the server writes: the declared one unless falsy; {} for an object with defaults inside."""
    if schema.get("type") == "object" and "properties" in schema:
        inside = any("default" in child for child in schema["properties"].values())
        # A default of None is Pydantic's word for absent: an optional object must not spring into existence.
        return {} if inside and found.get("default") is not None and not schema.get("required") else None
    return found.get("default") or None


def strip_descriptions(schema: Schema) -> Schema:
    """`schema` without descriptions, for comparisons and compact output."""
    found: Schema = {}
    for key, value in schema.items():
        if key == "description" and isinstance(value, str):
            continue
        if key == "properties":
            found[key] = {name: strip_descriptions(child) for name, child in value.items()}
        elif key in {"items", "additionalProperties"} and isinstance(value, dict):
            found[key] = strip_descriptions(value)
        else:
            found[key] = value
    return found
