"""What the API server does to the shape of an object before it stores it: prune what is unknown, write defaults."""

import copy
from collections.abc import Mapping
from typing import Any

import pydantic

from krate import errors
from krate.errors import Cause, CauseType
from krate.kinds import Kind
from krate.schema import Schema, structural


def conform(kind: Kind, found: Mapping[str, Any]) -> dict[str, Any]:
    """`found` without unknown fields and with the defaults of the kind's schema; metadata is left alone."""
    schema = structural(kind.model)
    outside = {key: found[key] for key in ("apiVersion", "kind", "metadata") if key in found}
    return {**_node(schema, found), **outside}


def _node(schema: Schema, value: Any) -> Any:
    if isinstance(value, Mapping):
        return _map(schema, value)
    if isinstance(value, list) and "items" in schema:
        return [_node(schema["items"], item) for item in value]
    return value


def _map(schema: Schema, value: Mapping[str, Any]) -> dict[str, Any]:
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return dict(value)
    if "additionalProperties" in schema:
        return {key: _node(schema["additionalProperties"], item) for key, item in value.items()}
    properties: Mapping[str, Schema] = schema.get("properties", {})
    found = {key: _node(properties[key], item) for key, item in value.items() if key in properties and item is not None}
    for key, child in properties.items():
        if key not in found and "default" in child:
            found[key] = _node(child, copy.deepcopy(child["default"]))
    return found


def validate(kind: Kind, found: Mapping[str, Any]) -> None:
    """Judge `found` by the kind's model.

    Raises:
        Invalid: with one cause for each problem.
    """
    try:
        kind.model.model_validate(found)
    except pydantic.ValidationError as problems:
        causes = tuple(
            Cause(_cause(problem["type"]), problem["msg"], ".".join(str(part) for part in problem["loc"]))
            for problem in problems.errors(include_url=False, include_context=False)
        )
        name = str(found.get("metadata", {}).get("name", ""))
        raise errors.Invalid.of(kind=kind.name, group=kind.group, name=name, causes=causes) from None


def _cause(problem: str) -> CauseType:
    if problem == "missing":
        return CauseType.REQUIRED
    return CauseType.TYPE_INVALID if problem.endswith("_type") else CauseType.INVALID
