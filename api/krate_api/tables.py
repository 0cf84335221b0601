"""Tables: what `kubectl get` prints (meta.k8s.io Table), from the columns of a kind's row.

Columns of type `date` become relative ages here, at the moment of sending.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from krate.kinds import Column, Form, Kind
from krate_api import columns, paths

_NAME: Final = {
    "name": "Name",
    "type": "string",
    "format": "name",
    "description": "Name must be unique within a namespace.",
    "priority": 0,
}
_TYPES: Final = {"count": "integer", "reference": "string", "timestamp": "date"}
"""Types of columns that only rows of our own table have, and what a client is told."""


def table(
    kind: Kind,
    rows: Sequence[Mapping[str, Any]],
    *,
    api_version: str,
    metadata: Mapping[str, Any],
    with_columns: bool = True,
) -> dict[str, Any]:
    """A Table.

    Args:
        kind: whose columns to print.
        rows: its rows.
        api_version: of meta.k8s.io, as it was asked for.
        metadata: list metadata (resourceVersion, continue, remainingItemCount).
        with_columns: whether the columns are described.
    """
    return {
        "kind": "Table",
        "apiVersion": api_version,
        "metadata": metadata,
        "columnDefinitions": [_NAME, *(_definition(kind, column) for column in kind.columns)] if with_columns else None,
        "rows": rows,
    }


def _definition(kind: Kind, column: Column) -> dict[str, Any]:
    shown = _TYPES.get(column.type, column.type)
    if shown == "date" and kind.form is Form.BUILTIN:
        shown = "string"  # the printers of Kubernetes' own kinds write ages themselves
    path = column.path if column.path.startswith(".") else f".{column.path}"
    return {
        "name": column.name,
        "type": shown,
        "format": column.format,
        "description": column.description or f"Custom resource definition column (in JSONPath format): {path}",
        "priority": column.priority,
    }


def cells(kind: Kind, obj: Mapping[str, Any], now: float) -> list[Any]:
    """The row of one object; absent values are null."""
    return [obj["metadata"].get("name", ""), *(_cell(column, obj, now) for column in kind.columns)]


def empty_cells(kind: Kind) -> list[Any]:
    """The row of a bookmark, which has no object."""
    return ["", *(None for _ in kind.columns)]


def _cell(column: Column, obj: Mapping[str, Any], now: float) -> Any:
    if column.path.startswith("."):
        return columns.cell(column, obj, now)
    value = paths.look(obj, column.path)
    match column.type:
        case "count":
            return len(value) if isinstance(value, dict | list) else 0
        case "reference":
            return f"{value.get('kind', '')}/{value.get('name', '')}" if isinstance(value, dict) else None
        case "timestamp":
            return value if isinstance(value, str) else None
        case kind:
            return None if value is None else columns.shown(kind, value, now)
