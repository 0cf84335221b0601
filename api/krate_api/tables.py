"""Tables: what `kubectl get` prints (meta.k8s.io/v1 Table), from the columns of a kind's row.

Columns of type `date` become relative ages here, at the moment of sending, as for custom resources upstream.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from krate.kinds import Column, Kind
from krate_api import columns, paths
from krate_api.negotiation import Form

PARTIAL = "meta.k8s.io/v1"
_SHOWN_TYPES = {"date": "string", "count": "integer", "reference": "string", "timestamp": "date"}
"""What columns of the table call themselves; those of custom resources say it themselves."""


def definitions(kind: Kind) -> list[dict[str, Any]]:
    """ColumnDefinitions of a kind."""
    name = {
        "name": "Name",
        "type": "string",
        "format": "name",
        "description": "Name must be unique within a namespace.",
        "priority": 0,
    }
    return [name, *(_definition(column) for column in kind.columns)]


def _definition(column: Column) -> dict[str, Any]:
    shown = {} if column.path.startswith(".") else _SHOWN_TYPES
    return {
        "name": column.name,
        "type": shown.get(column.type, column.type),
        "format": column.format,
        "description": column.description or column.path,
        "priority": column.priority,
    }


def cells(kind: Kind, obj: Mapping[str, Any], now: float) -> list[Any]:
    """The row of one object; absent values are null."""
    return [obj["metadata"].get("name", ""), *(_cell_at(column, obj, now) for column in kind.columns)]


def _cell_at(column: Column, obj: Mapping[str, Any], now: float) -> Any:
    look = columns.cell if column.path.startswith(".") else _cell
    return look(column, obj, now)


def _cell(column: Column, obj: Mapping[str, Any], now: float) -> Any:
    value = paths.look(obj, column.path)
    match column.type:
        case "date":
            return paths.age(value, now)
        case "count":
            return len(value) if isinstance(value, dict | list) else 0
        case "reference":
            return f"{value.get('kind', '')}/{value.get('name', '')}" if isinstance(value, dict) else None
        case "integer" | "number":
            return value if isinstance(value, int | float) else None
        case "boolean":
            return "true" if value is True else "false" if value is False else None
        case _:
            return _text(value)


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        return ",".join(str(item) for item in value) if value else None
    if isinstance(value, dict):
        return ",".join(f"{key}={item}" for key, item in value.items())
    return None if value is None else paths.text(value)


def partial(obj: Mapping[str, Any]) -> dict[str, Any]:
    """The object as PartialObjectMetadata."""
    return {"kind": Form.METADATA.value, "apiVersion": PARTIAL, "metadata": obj["metadata"]}


def _shown(obj: Mapping[str, Any], include: str) -> Any:
    match include:
        case "None":
            return None
        case "Object":
            return obj
        case _:
            return partial(obj)


def table(
    kind: Kind,
    objects: Iterable[Mapping[str, Any]],
    *,
    now: float,
    include: str = "Metadata",
    metadata: Mapping[str, Any] | None = None,
    with_definitions: bool = True,
) -> dict[str, Any]:
    """A Table of objects.

    Args:
        kind: whose columns to print.
        objects: the rows.
        now: UNIX seconds, for ages.
        include: None, Metadata or Object: what each row carries of its object.
        metadata: list metadata (resourceVersion, continue, remainingItemCount).
        with_definitions: a watch sends the definitions with its first event only.
    """
    rows = [{"cells": cells(kind, obj, now), "object": _shown(obj, include)} for obj in objects]
    return {
        "kind": Form.TABLE.value,
        "apiVersion": PARTIAL,
        "metadata": dict(metadata or {}),
        "columnDefinitions": definitions(kind) if with_definitions else None,
        "rows": rows,
    }


def bookmark_row(kind: Kind, obj: Mapping[str, Any]) -> dict[str, Any]:
    """A BOOKMARK inside a watch of Tables: one row of empty cells."""
    empty: list[Any] = ["", *(None for _ in kind.columns)]
    return {
        "kind": Form.TABLE.value,
        "apiVersion": PARTIAL,
        "metadata": {"resourceVersion": obj["metadata"]["resourceVersion"]},
        "columnDefinitions": None,
        "rows": [{"cells": empty, "object": partial(obj)}],
    }
