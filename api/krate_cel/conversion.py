"""JSON values into values of a declared type, as rules see them (AS/pkg/cel/common/values.go), compiled to closures."""

import base64
import binascii
from collections.abc import Callable
from typing import Any, Final

from krate_cel.declared import Declared, escape
from krate_cel.interpreter import times
from krate_cel.interpreter.values import EvalError, MapList, SetList

Convert = Callable[[Any], Any]
_MAX_EXACT: Final = 2.0**53


def compiled(declared: Declared) -> Convert | None:  # noqa: PLR0911 - one return for each kind of type
    """What turns a JSON value into one of this type; None where it is one already."""
    match declared.kind:
        case "double":
            return lambda value: float(value) if type(value) is int else value
        case "int" | "dyn":
            return _whole
        case "timestamp":
            return _stamp
        case "duration":
            return lambda value: times.duration(value) if isinstance(value, str) else value
        case "bytes":
            return _bytes
        case "list":
            return _list(declared)
        case "map":
            inner = compiled(declared.element) if declared.element else None
            return inner and (lambda value: _mapped(value, inner))
        case "object":
            return _object(declared)
        case _:
            return None


def _whole(value: Any) -> Any:
    """An integer that JSON wrote as a float."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _MAX_EXACT else value


def _stamp(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return times.timestamp(value) if "T" in value.upper() else times.date(value)


def _bytes(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value)
    except binascii.Error as problem:
        raise EvalError(f"illegal base64 data: {problem}") from None


def _mapped(value: Any, inner: Convert) -> Any:
    return {key: inner(item) for key, item in value.items()} if isinstance(value, dict) else value


def _list(declared: Declared) -> Convert | None:
    inner = compiled(declared.element) if declared.element else None
    kind = declared.schema.get("x-kubernetes-list-type")
    keys = tuple(declared.schema.get("x-kubernetes-list-map-keys") or ())
    names = tuple(escape(key) or key for key in keys)
    if inner is None and kind not in {"set", "map"}:
        return None

    def convert(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        items = [inner(item) for item in value] if inner else value
        if kind == "set":
            return SetList(items)
        if kind == "map":
            found = MapList(items)
            found.keys = names
            return found
        return items

    return convert


def _object(declared: Declared) -> Convert | None:
    """Members under their escaped names; those that rules cannot name are left out where anything changes."""
    properties = declared.schema.get("properties") or {}
    inside = {
        name: (escaped, compiled(declared.fields[escaped]))
        for name in properties
        if (escaped := escape(name)) in declared.fields and escaped is not None
    }
    if all(name == escaped and convert is None for name, (escaped, convert) in inside.items()):
        return None

    def convert(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {
            inside[name][0]: (found(item) if (found := inside[name][1]) else item)
            for name, item in value.items()
            if name in inside
        }

    return convert
