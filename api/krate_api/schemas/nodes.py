"""A structural schema read once: every keyword at its place, every pattern compiled, every format looked up."""

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from krate.schema import Schema
from krate_cel import patterns
from krate_cel.libraries import formats

PRESERVE: Final = "x-kubernetes-preserve-unknown-fields"
EMBEDDED: Final = "x-kubernetes-embedded-resource"
INT_OR_STRING: Final = "x-kubernetes-int-or-string"
LIST_TYPE: Final = "x-kubernetes-list-type"
LIST_KEYS: Final = "x-kubernetes-list-map-keys"
MAP_TYPE: Final = "x-kubernetes-map-type"
RULES: Final = "x-kubernetes-validations"
TYPE_META: Final = frozenset({"apiVersion", "kind"})
META: Final = frozenset({"apiVersion", "kind", "metadata"})


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a schema."""

    schema: Schema
    types: tuple[str, ...]
    nullable: bool
    format: str
    check: formats.Check | None
    pattern: Any
    properties: Mapping[str, "Node"]
    additional: "Node | bool | None"
    """Schema of members that have none of their own, or whether there may be such; None where nothing is said."""
    items: "Node | None"
    required: Sequence[str]
    all_of: tuple["Node", ...]
    any_of: tuple["Node", ...]
    one_of: tuple["Node", ...]
    negated: "Node | None"
    list_type: str
    list_keys: tuple[str, ...]


def read(schema: Schema, unchecked: Collection[str] = ()) -> Node:
    """The node of `schema`, with everything below it.

    Args:
        schema: a structural schema.
        unchecked: formats that somebody else checks.

    Raises:
        ValueError: a pattern is none.
    """
    below = functools.partial(read, unchecked=unchecked)
    types = ("integer", "string") if schema.get(INT_OR_STRING) else (schema["type"],) if schema.get("type") else ()
    kept = formats.supported(types[0] if len(types) == 1 else "", schema.get("format") or "")
    kept = "" if kept in unchecked else kept
    additional = schema.get("additionalProperties")
    return Node(
        schema=schema,
        types=types,
        nullable=bool(schema.get("nullable")),
        format=kept,
        check=formats.check(kept) if kept else None,
        pattern=patterns.compiled(schema["pattern"]) if schema.get("pattern") else None,
        properties={name: below(sub) for name, sub in sorted((schema.get("properties") or {}).items())},
        additional=below(additional) if isinstance(additional, dict) else additional,
        items=below(schema["items"]) if isinstance(schema.get("items"), dict) else None,
        required=schema.get("required") or (),
        all_of=tuple(map(below, schema.get("allOf") or ())),
        any_of=tuple(map(below, schema.get("anyOf") or ())),
        one_of=tuple(map(below, schema.get("oneOf") or ())),
        negated=below(schema["not"]) if schema.get("not") is not None else None,
        list_type=schema.get(LIST_TYPE) or "",
        list_keys=tuple(schema.get(LIST_KEYS) or ()),
    )


_WORDS: Final = {str: "string", bool: "boolean", list: "array", dict: "object"}
_INT64: Final = 1 << 63


@functools.cache
def _word(kind: type) -> str:
    return next((word for base, word in _WORDS.items() if issubclass(kind, base)), "")


def type_of(value: Any) -> str:
    """The JSON type of a value; an integer beyond 64 bits is a float, as Go reads it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer" if -_INT64 <= value < _INT64 else "number"
    return "number" if isinstance(value, float) else _word(type(value))


def has_rules(schema: Schema) -> bool:
    """Whether a schema has rules, here or below."""
    if schema.get(RULES):
        return True
    below = [*(schema.get("properties") or {}).values(), *(schema.get("allOf") or ())]
    below += [schema[word] for word in ("items", "additionalProperties") if isinstance(schema.get(word), dict)]
    return any(map(has_rules, below))
