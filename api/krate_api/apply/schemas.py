"""From a structural schema to the types that merging works on, once per served version.

The rules are those of the type converter of custom resources (AX buildOpenAPIModelsForApply, KO/pkg/schemaconv): the
metadata of an object and of embedded resources has the published type of ObjectMeta, whatever the schema says.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from krate.schema import Schema
from krate_api.apply.typedefs import DEDUCED, UNTYPED, ListType, MapType, Scalar, Type

_PRESERVE: Final = "x-kubernetes-preserve-unknown-fields"
_SCALARS: Final = {"integer": Scalar.NUMERIC, "number": Scalar.NUMERIC, "boolean": Scalar.BOOLEAN}
_TEXT: Final = frozenset({"", "byte"})
"""Formats of strings that stay strings; all others (dates, quantities) are scalars of any type."""


def compiled(schema: Schema | None) -> Type:
    """The type of the objects of one version.

    Args:
        schema: its structural schema; None for a version without one, where everything is deduced.
    """
    if schema is None:
        return DEDUCED
    return _type(schema, preserve=False, whole=True)


def _type(schema: Mapping[str, Any], *, preserve: bool, whole: bool = False) -> Type:
    """The type of a node.

    Args:
        schema: of the node.
        preserve: whether a node above keeps unknown fields.
        whole: whether the node is an object of the API, with metadata.
    """
    preserve = preserve or schema.get(_PRESERVE) is True
    whole = whole or schema.get("x-kubernetes-embedded-resource") is True
    match schema.get("type", ""):
        case "object":
            return Type(as_map=_map(schema, preserve=preserve, whole=whole))
        case "array":
            return Type(as_list=_list(schema, preserve=preserve))
        case "string":
            return Type(scalar=Scalar.STRING if schema.get("format", "") in _TEXT else Scalar.UNTYPED)
        case "":
            as_list, as_map = _list(schema, preserve=preserve), _map(schema, preserve=preserve, whole=whole)
            return Type(Scalar.UNTYPED, as_list, as_map)
        case name:
            return Type(scalar=_SCALARS.get(name, Scalar.UNTYPED))


def _map(schema: Mapping[str, Any], *, preserve: bool, whole: bool) -> MapType:
    properties: Mapping[str, Schema] = schema.get("properties") or {}
    string = Type(scalar=Scalar.STRING)
    every = {"apiVersion": string, "kind": string, "metadata": object_meta()} if whole else {}
    additional = schema.get("additionalProperties")
    if isinstance(additional, Mapping):
        element: Type | None = _type(additional, preserve=preserve)
    elif additional is None:
        element = DEDUCED if preserve or not (properties or whole) else None
    else:
        element = DEDUCED if additional else None
    return MapType(
        fields={name: _type(sub, preserve=preserve) for name, sub in properties.items()} | every,
        element=element,
        atomic=schema.get("x-kubernetes-map-type") == "atomic",
        defaults={name: sub["default"] for name, sub in properties.items() if "default" in sub},
    )


def _list(schema: Mapping[str, Any], *, preserve: bool) -> ListType:
    items = schema.get("items")
    element = _type(items, preserve=preserve) if items is not None else UNTYPED
    kind = schema.get("x-kubernetes-list-type", "atomic")
    keys = tuple(schema.get("x-kubernetes-list-map-keys") or ()) if kind == "map" else ()
    return ListType(element, associative=kind in {"set", "map"}, keys=keys)


@cache
def object_meta() -> Type:
    """The type of `metadata` (AM/pkg/apis/meta/v1 ObjectMeta)."""
    text, number, flag = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
    date, texts = {"type": "string", "format": "date-time"}, {"type": "object", "additionalProperties": text}
    owner = {
        "type": "object",
        "x-kubernetes-map-type": "atomic",
        "properties": dict.fromkeys(("apiVersion", "kind", "name", "uid"), text)
        | dict.fromkeys(("controller", "blockOwnerDeletion"), flag),
    }
    entry = {
        "type": "object",
        "properties": dict.fromkeys(("manager", "operation", "apiVersion", "fieldsType", "subresource"), text)
        | {"time": date, "fieldsV1": {"type": "object"}},
    }
    plain = ("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion")
    found = _type(
        {
            "type": "object",
            "properties": dict.fromkeys(plain, text)
            | dict.fromkeys(("generation", "deletionGracePeriodSeconds"), number)
            | dict.fromkeys(("creationTimestamp", "deletionTimestamp"), date)
            | dict.fromkeys(("labels", "annotations"), texts)
            | {
                "finalizers": {"type": "array", "items": text, "x-kubernetes-list-type": "set"},
                "managedFields": {"type": "array", "items": entry},
                "ownerReferences": {
                    "type": "array",
                    "items": owner,
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["uid"],
                },
            },
        },
        preserve=False,
    )
    found.name = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    return found
