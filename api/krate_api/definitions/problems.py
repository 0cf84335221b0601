"""Problems of fields in the words of AM/pkg/util/validation/field."""

from collections.abc import Iterable
from typing import Any

import orjson

from krate import errors
from krate.errors import Cause, CauseType


def _shown(value: Any) -> str:
    return errors.quoted(value) if isinstance(value, str) else orjson.dumps(value).decode()


def _with(text: str, detail: str) -> str:
    return f"{text}: {detail}" if detail else text


def required(path: str, detail: str = "") -> Cause:
    return Cause(CauseType.REQUIRED, _with("Required value", detail), path)


def invalid(path: str, value: Any, detail: str) -> Cause:
    return Cause(CauseType.INVALID, _with(f"Invalid value: {_shown(value)}", detail), path)


def forbidden(path: str, detail: str) -> Cause:
    return Cause(CauseType.FORBIDDEN, _with("Forbidden", detail), path)


def duplicate(path: str, value: Any) -> Cause:
    return Cause(CauseType.DUPLICATE, f"Duplicate value: {_shown(value)}", path)


def too_many(path: str, count: int, most: int) -> Cause:
    return Cause(CauseType.TOO_MANY, f"Too many: {count}: must have at most {most} items", path)


def one_of(path: str, value: str, supported: Iterable[str]) -> list[Cause]:
    """A word that must be there and be one of these."""
    supported = tuple(supported)
    if not value:
        return [required(path)]
    return [] if value in supported else [errors.unsupported(path, errors.quoted(value), supported)]
