"""Causes as apimachinery makes and words them (pkg/util/validation/field/errors.go)."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from krate.errors import Cause, CauseType
from krate_api.schemas import gofmt

ROOT: Final = "<nil>"
"""How upstream prints the path of a problem that no field owns."""


class Omitted:
    """A value that is not printed."""


OMITTED: Final = Omitted()


def child(path: str, part: str | int) -> str:
    """`spec` + `title` -> `spec.title`; + 0 -> `spec[0]`."""
    if isinstance(part, int):
        return f"{path}[{part}]"
    return f"{path}.{part}" if path else part


def key(path: str, name: str) -> str:
    """`spec.labels` + `a` -> `spec.labels[a]`: a key of a map, not a field."""
    return f"{path}[{name}]"


def _cause(kind: CauseType, words: str, value: Any, detail: str, path: str) -> Cause:
    shown = "" if value is OMITTED else f": {gofmt.shown(value)}"
    return Cause(kind, f"{words}{shown}{f': {detail}' if detail else ''}", path or ROOT)


def invalid(path: str, value: Any, detail: str) -> Cause:
    return _cause(CauseType.INVALID, "Invalid value", value, detail, path)


def type_invalid(path: str, value: Any, detail: str) -> Cause:
    return _cause(CauseType.TYPE_INVALID, "Invalid value", value, detail, path)


def required(path: str, detail: str = "") -> Cause:
    return _cause(CauseType.REQUIRED, "Required value", OMITTED, detail, path)


def forbidden(path: str, detail: str) -> Cause:
    return _cause(CauseType.FORBIDDEN, "Forbidden", OMITTED, detail, path)


def duplicate(path: str, value: Any) -> Cause:
    return _cause(CauseType.DUPLICATE, "Duplicate value", value, "", path)


def unsupported(path: str, value: Any, supported: Iterable[str]) -> Cause:
    options = ", ".join(map(gofmt.quote, supported))
    return _cause(CauseType.NOT_SUPPORTED, "Unsupported value", value, options and f"supported values: {options}", path)


def one_of(path: str, value: str, supported: Iterable[str]) -> list[Cause]:
    """A word that must be there and be one of these."""
    supported = tuple(supported)
    if not value:
        return [required(path)]
    return [] if value in supported else [unsupported(path, value, supported)]


def too_long(path: str, limit: int) -> Cause:
    unit = "byte" if limit == 1 else "bytes"
    return _cause(CauseType.TOO_LONG, "Too long", OMITTED, f"may not be more than {limit} {unit}", path)


def too_many(path: str, count: int, limit: int) -> Cause:
    unit = "item" if limit == 1 else "items"
    return _cause(CauseType.TOO_MANY, "Too many", count, f"must have at most {limit} {unit}", path)


def internal(path: str, detail: str) -> Cause:
    return Cause(CauseType.INTERNAL, f"Internal error: {detail}", path or ROOT)


def placed(found: Iterable[Cause], path: str) -> list[Cause]:
    """Causes of a value that stands at `path`."""
    return [replace(cause, field=path if cause.field == ROOT else f"{path}.{cause.field}") for cause in found]
