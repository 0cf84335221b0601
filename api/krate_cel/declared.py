"""The type that a structural schema gives a value in CEL (AS/pkg/cel/common/schemas.go, SchemaDeclType).

What has no schema has no type and cannot be named. Sizes are the largest that a request of 3 MiB can hold, or what the
schema allows; the estimator reckons with them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Schema = Mapping[str, Any]

_MAX_REQUEST: Final = 3 * 1024 * 1024
_RESERVED: Final = frozenset({
    "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let",
    "loop", "package", "namespace", "return", "var", "void", "while",
})  # fmt: skip
_ESCAPES: Final = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_NAME: Final = re.compile(r"[A-Za-z_./\-][A-Za-z0-9_./\-]*")
_TEXT: Final[Schema] = {"type": "string"}
_META: Final[Mapping[str, Schema]] = {
    "kind": _TEXT,
    "apiVersion": _TEXT,
    "metadata": {"type": "object", "properties": {"name": _TEXT, "generateName": _TEXT}},
}
"""What rules at the root of a resource may always name."""
_DATED: Final = {"duration": ("duration", 3, 32), "date": ("timestamp", 12, 12), "date-time": ("timestamp", 21, 32)}
"""Format -> type, fewest and most characters."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A type: its kind, what is inside, and how large it can be."""

    kind: str
    """dyn, string, bytes, timestamp, duration, bool, double, int, list, map or object."""
    least: int
    """Bytes of the smallest value as JSON."""
    most: int = 0
    """Elements of the largest value: characters, items, entries."""
    element: "Declared | None" = None
    fields: Mapping[str, "Declared"] = field(default_factory=dict[str, "Declared"])
    """By escaped name."""
    schema: Schema = field(default_factory=dict[str, Any], repr=False, compare=False)


def escape(name: str) -> str | None:
    """A property's name as an identifier of CEL (AS/pkg/cel/escaping.go); None where it has none."""
    if name in _RESERVED:
        return f"__{name}__"
    if not _NAME.fullmatch(name):
        return None
    return re.sub(r"__|[.\-/]", lambda found: _ESCAPES[found[0]], name)


def read(schema: Schema, *, root: bool = False) -> Declared | None:  # noqa: PLR0911 - one return for each type
    """The type of a schema; None where values of it cannot be named.

    Args:
        schema: a structural schema.
        root: whether it describes a resource.
    """
    if schema.get("x-kubernetes-int-or-string"):
        limit = schema.get("maxLength")
        return Declared("dyn", 1, _MAX_REQUEST - 2 if limit is None else max(0, limit) * 4, schema=schema)
    if root:
        schema = with_meta(schema)
    match schema.get("type"):
        case "array":
            return _list(schema)
        case "object":
            return _object(schema)
        case "string":
            return _text(schema)
        case "boolean":
            return Declared("bool", 4, schema=schema)
        case "number":
            return Declared("double", 1, schema=schema)
        case "integer":
            return Declared("int", 1, schema=schema)
        case _:
            return None


def with_meta(schema: Schema) -> Schema:
    """The schema of a resource with what every resource has."""
    return {**schema, "type": "object", "properties": {**(schema.get("properties") or {}), **_META}}


def _below(schema: Schema) -> Declared | None:
    return read(schema, root=bool(schema.get("x-kubernetes-embedded-resource")))


def _list(schema: Schema) -> Declared | None:
    element = _below(schema["items"]) if isinstance(schema.get("items"), dict) else None
    if element is None:
        return None
    limit = schema.get("maxItems")
    most = (_MAX_REQUEST - 2) // (element.least + 1) if limit is None else max(0, limit)
    return Declared("list", 2, most, element, schema=schema)


def _object(schema: Schema) -> Declared | None:
    additional = schema.get("additionalProperties")
    if isinstance(additional, dict):
        element = _below(additional)
        if element is None:
            return None
        limit = schema.get("maxProperties")
        most = (_MAX_REQUEST - 2) // (element.least + 6) if limit is None else max(0, limit)
        return Declared("map", 2, most, element, schema=schema)
    fields: dict[str, Declared] = {}
    least, required = 2, set(schema.get("required") or ())
    for name, sub in (schema.get("properties") or {}).items():
        found = _below(sub)
        if found is None:
            continue
        escaped = escape(name)
        if escaped is not None:
            fields[escaped] = found
        if name in required and sub.get("default") is None:
            least += len(name.encode()) + found.least + 4
    return Declared("object", least, fields=fields, schema=schema)


def _text(schema: Schema) -> Declared:
    form, limit = schema.get("format"), schema.get("maxLength")
    if form in _DATED:
        kind, least, most = _DATED[form]
        return Declared(kind, least, most, schema=schema)
    if form == "byte":
        return Declared("bytes", 2, _MAX_REQUEST - 2 if limit is None else max(0, limit), schema=schema)
    if limit is not None:
        most = max(0, limit) * 4
    elif schema.get("enum"):
        most = max((len(one.encode()) for one in schema["enum"] if isinstance(one, str)), default=0)
    else:
        most = _MAX_REQUEST - 2
    return Declared("string", 2, most, schema=schema)


def cardinality(declared: Declared) -> int:
    """How often a value of this type can stand in a request."""
    return _MAX_REQUEST // (declared.least + 1)
