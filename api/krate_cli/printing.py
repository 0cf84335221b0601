"""Objects on a terminal: the server's Table as aligned columns, YAML, JSON, names."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click
import yaml

from krate.kinds import Kind


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns of equal width, three spaces apart, as kubectl prints them."""
    if not rows:
        return ""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)


def table_rows(table: Mapping[str, Any], *, wide: bool, namespaced: bool, headers: bool = True) -> list[list[str]]:
    """Cells of a Table as text, with the namespace in front where several are shown."""
    definitions = table.get("columnDefinitions") or []
    shown = [number for number, column in enumerate(definitions) if wide or column.get("priority", 0) == 0]
    rows: list[list[str]] = []
    if headers:
        names = [definitions[number]["name"].upper() for number in shown]
        rows.append(["NAMESPACE", *names] if namespaced else names)
    for row in table.get("rows") or []:
        cells = [_cell(row["cells"][number]) for number in shown]
        place = row["object"]["metadata"].get("namespace", "") if namespaced else ""
        rows.append([place, *cells] if namespaced else cells)
    return rows


def _cell(value: Any) -> str:
    return "<none>" if value is None else str(value)


def dump(objects: Sequence[Mapping[str, Any]], form: str, *, single: bool) -> str:
    """YAML or JSON of one object or of a List."""
    body: Any = objects[0] if single else {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": list(objects)}
    if form == "json":
        return json.dumps(body, indent=4)
    return yaml.dump(body, Dumper=yaml.CSafeDumper, sort_keys=True, allow_unicode=True).rstrip("\n")


def unmanaged(obj: Mapping[str, Any]) -> dict[str, Any]:
    """The object without who manages its fields, which fills more screens than the object and helps fewer people."""
    return {**obj, "metadata": {key: value for key, value in obj["metadata"].items() if key != "managedFields"}}


def names(objects: Sequence[Mapping[str, Any]], kind: Kind) -> str:
    group = f".{kind.group}" if kind.group else ""
    return "\n".join(f"{kind.singular}{group}/{obj['metadata']['name']}" for obj in objects)


def echo(text: str) -> None:
    if text:
        click.echo(text)
