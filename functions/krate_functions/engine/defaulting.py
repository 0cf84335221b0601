"""Defaults of a structural schema, as the API server writes them into an object (Kubernetes: "Defaulting")."""

import copy
from collections.abc import Mapping
from typing import Any

from krate_functions.composition import Object


class Mismatch(Exception):
    """the definition is another kind's."""


def by_definition(xr: dict[str, Any], definition: Object) -> None:
    """Write the defaults of an XRD into a composite, in place.

    Raises:
        Mismatch: group, kind or version are not the composite's.
    """
    spec = definition.get("spec") or {}
    group, kind = spec.get("group", ""), (spec.get("names") or {}).get("kind", "")
    have, _, version = str(xr.get("apiVersion", "")).rpartition("/")
    if (have, xr.get("kind")) != (group, kind):
        raise Mismatch(f"the XRD defines {group} {kind}, the XR is {have} {xr.get('kind')}")
    for entry in spec.get("versions") or []:
        if entry.get("name") == version:
            default(xr, (entry.get("schema") or {}).get("openAPIV3Schema") or {})
            return
    raise Mismatch(f"the specified API version '{xr.get('apiVersion')}' does not exist in the XRD")


def default(value: Any, schema: Mapping[str, Any]) -> None:
    """Fill in what is absent, in place; a null where the schema has a default counts as absent."""
    if isinstance(value, dict):
        for name, child in (schema.get("properties") or {}).items():
            if value.get(name) is None and "default" in child:
                value[name] = copy.deepcopy(child["default"])
            if name in value:
                default(value[name], child)
        additional = schema.get("additionalProperties")
        if isinstance(additional, Mapping):
            for item in value.values():
                default(item, additional)
    elif isinstance(value, list):
        for item in value:
            default(item, schema.get("items") or {})
