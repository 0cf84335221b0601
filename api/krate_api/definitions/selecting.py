"""Selectable fields of a definition: paths of single values that the schema knows (AX schema/cel ValidFieldPath)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from krate.errors import Cause
from krate_api.schemas.causes import duplicate, invalid, required, too_many

MAX_FIELDS: Final = 8
_TOKEN: Final = re.compile(r"[.\[\]]|[^.\[\]]+")
_SINGLE: Final = frozenset({"string", "boolean", "integer"})
_MUST_BE_SINGLE: Final = (
    "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed."
)


def problems(
    fields: Sequence[Mapping[str, Any]] | None,
    schema: Mapping[str, Any] | None,
    path: str,
    before: Sequence[Mapping[str, Any]] | None,
) -> list[Cause]:
    """What is wrong with selectable fields.

    Args:
        fields: the fields.
        schema: the version's `schema`, with openAPIV3Schema in it.
        path: where the fields stand.
        before: the fields as they were: too many of them may stay.
    """
    if not fields:
        return []
    if "openAPIV3Schema" not in (schema or {}):
        return [invalid(path, "", "may only be set when validations.schema is included")]
    found: list[Cause] = []
    seen: set[str] = set()
    for number, field in enumerate(fields):
        at, text = f"{path}[{number}].jsonPath", field["jsonPath"]
        if not text:
            found.append(required(at))
            continue
        try:
            steps, target = follow(text, (schema or {})["openAPIV3Schema"])
        except ValueError as error:
            found.append(invalid(at, text, f"is an invalid path: {error}"))
            continue
        if steps[0] == "metadata":
            found.append(invalid(at, text, "must not point to fields in metadata"))
        if target.get("type") not in _SINGLE:
            found.append(invalid(at, text, _MUST_BE_SINGLE))
        whole = ".".join(steps)
        if whole in seen:
            found.append(duplicate(at, text))
        seen.add(whole)
    if len(seen) > MAX_FIELDS and fields != before:
        found.append(too_many(path, len(seen), MAX_FIELDS))
    return found


def follow(text: str, schema: Mapping[str, Any]) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """The members that a path of dots names, and the schema it leads to.

    Raises:
        ValueError: it leads nowhere; the message says why.
    """
    steps: list[str] = []
    tokens = iter(_TOKEN.findall(text))
    for token in tokens:
        if token == "[":  # noqa: S105 - a bracket, no secret
            raise ValueError("array notation is not allowed")
        if token != ".":  # noqa: S105 - a dot, no secret
            raise ValueError(f"expected [ or . but got: {token}")
        step = next(tokens, None)
        if step is None:
            raise ValueError("unexpected end of JSON path")
        known, others = schema.get("properties"), schema.get("additionalProperties")
        inner = known.get(step) if known is not None else others if isinstance(others, dict) else None
        if inner is None:
            raise ValueError("does not refer to a valid field")
        schema = inner
        steps.append(step if known is not None else f"[{step}]")
    return tuple(steps), schema


def selectable(version: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields as selectors name them."""
    return tuple(field["jsonPath"].removeprefix(".") for field in version.get("selectableFields") or ())
