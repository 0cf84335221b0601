"""Cells of custom resources: JSONPath columns (AX/pkg/registry/customresource/tableconvertor)."""

from collections.abc import Mapping
from typing import Any

import orjson

from krate.kinds import Column
from krate_api import jsonpaths, paths


def cell(column: Column, obj: Mapping[str, Any], now: float) -> Any:
    """What a column shows of an object; null where there is nothing, or not what the column promises."""
    try:
        found = jsonpaths.find(column.path, obj)
    except jsonpaths.JSONPathError:
        return None
    return shown(column.type, found[0], now) if found else None


def shown(kind: str, value: Any, now: float) -> Any:
    """A value as a column of that type shows it."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind:
        case "string":
            return _text(value)
        case "integer":
            return int(value) if number else None
        case "number":
            return value if number else None
        case "boolean":
            return value if isinstance(value, bool) else None
        case "date" if isinstance(value, str):
            return paths.age(value or None, now)
        case _:
            return None


def _text(value: Any) -> str:
    """A value as Go prints it: lists and objects as JSON, null as a value that is not there."""
    match value:
        case None:
            return "<no value>"
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
        case _:
            return str(value)
