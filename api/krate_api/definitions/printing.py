"""Printer columns of a definition: what they must say, and the columns of kinds that they become."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from krate.errors import Cause
from krate.kinds import Column
from krate_api.schemas.causes import invalid, required

_TYPES: Final = ("boolean", "date", "integer", "number", "string")
_FORMATS: Final = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_CREATED: Final = (
    "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed "
    "to be set in happens-before order across separate operations. Clients may not set this value. It is represented "
    "in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: "
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata"
)
_DEFAULT: Final = (Column("Age", ".metadata.creationTimestamp", "date", description=_CREATED),)
"""What is printed of kinds without columns of their own."""


def problems(columns: Sequence[Mapping[str, Any]] | None, path: str) -> list[Cause]:
    """What is wrong with printer columns."""
    found: list[Cause] = []
    for number, column in enumerate(columns or ()):
        at = f"{path}[{number}]"
        if not column["name"]:
            found.append(required(f"{at}.name"))
        types = f"must be one of {','.join(_TYPES)}"
        if not column["type"]:
            found.append(required(f"{at}.type", types))
        elif column["type"] not in _TYPES:
            found.append(invalid(f"{at}.type", column["type"], types))
        form = column.get("format")
        if form and form not in _FORMATS:
            found.append(invalid(f"{at}.format", form, f"must be one of {','.join(_FORMATS)}"))
        if not column["jsonPath"]:
            found.append(required(f"{at}.JSONPath"))
        else:
            found += path_problems(column["jsonPath"], f"{at}.JSONPath")
    return found


def path_problems(text: str, path: str) -> list[Cause]:
    """Whether a path at least begins like a simple one; whether it leads anywhere shows when it is followed."""
    return [] if text.startswith(".") else [invalid(path, text, "must be a simple json path starting with .")]


def columns(version: Mapping[str, Any]) -> tuple[Column, ...]:
    """The columns that a version is printed with."""
    found = tuple(_column(column) for column in version.get("additionalPrinterColumns") or ())
    return found or _DEFAULT


def _column(column: Mapping[str, Any]) -> Column:
    path = column["jsonPath"]
    description = column.get("description") or f"Custom resource definition column (in JSONPath format): {path}"
    return Column(
        column["name"], path, column["type"], column.get("priority", 0), description, column.get("format", "")
    )
