"""The `fieldPath` of a rule: `.spec['a.b'].c`, checked against the schema (AX ... schema/cel ValidFieldPath)."""

import re
from typing import Any, Final

from krate.schema import Schema
from krate_api.schemas import causes

_TOKEN: Final = re.compile(r"'(?:[^'\\]|\\.)*'|[.\[\]]|[^.\[\]']+", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_LETTERS: Final = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "'": "'", "\\": "\\",
}  # fmt: skip


class _Bad(Exception):
    """The path leads nowhere."""


def normalised(path: str, schema: Schema) -> str | None:
    """The path as causes show it, relative to the node; None where it is none of the schema's."""
    tokens = _TOKEN.findall(path)
    if "".join(tokens) != path:
        return None
    found, node = "", schema
    try:
        while tokens:
            name = _name(tokens)
            found, node = _step(found, node, name)
    except (_Bad, IndexError):
        return None
    return found


def _name(tokens: list[str]) -> str:
    """The next name, which a point or brackets lead to."""
    opening, text = tokens.pop(0), tokens.pop(0)
    if opening == ".":
        return text
    if opening != "[" or tokens.pop(0) != "]" or len(text) < 2 or not text.startswith("'"):  # noqa: PLR2004 - two quotes
        raise _Bad
    return _ESCAPE.sub(_unescaped, text[1:-1])


def _unescaped(found: re.Match[str]) -> str:
    if found[1] not in _LETTERS:
        raise _Bad
    return _LETTERS[found[1]]


def _step(path: str, schema: Schema, name: str) -> tuple[str, Schema]:
    properties: dict[str, Schema] | None = schema.get("properties") or None
    if properties is not None:
        if name not in properties:
            raise _Bad
        return causes.child(path, name), properties[name]
    additional: Any = schema.get("additionalProperties")
    if not isinstance(additional, dict):
        raise _Bad
    return causes.key(path, name), additional
