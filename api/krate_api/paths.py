"""Dotted paths into objects: columns, selectable fields, immutable fields and queries all read them alike."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from krate.clock import parse

_PART: Final = re.compile(r"(?P<key>(?:[^.\[\]\\]|\\.)+)(?:\[(?P<where>[^=\]]+)=(?P<value>[^\]]*)\])?(?:\.|$)")

MAX_PATH: Final = 256
"""Characters of a path; longer ones lead nowhere. Queries carry paths of their clients' making."""

_Step = tuple[str, str, str]


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[_Step, ...]:
    r"""`status.conditions[type=Ready].status` as steps; `\.` is a dot inside a key."""
    found: list[_Step] = []
    for match in _PART.finditer(path):
        key = match["key"].replace("\\.", ".").replace("\\", "")
        found.append((key, match["where"] or "", match["value"] or ""))
    return tuple(found)


def look(obj: Any, path: str) -> Any:
    """The value at `path`, or None."""
    if len(path) > MAX_PATH:
        return None
    value = obj
    for key, where, wanted in _steps(path):
        if not isinstance(value, dict):
            return None
        value = value.get(key)
        if where and isinstance(value, list):
            value = next((item for item in value if isinstance(item, dict) and item.get(where) == wanted), None)
    return value


def keys(path: str) -> list[str]:
    """The keys of a path of a scale subresource, `.spec.replicas`: nothing in it but the dots means anything."""
    return path.removeprefix(".").split(".")


def nested(obj: Any, path: str) -> Any:
    """The value at a path of a scale subresource, or None."""
    for key in keys(path):
        obj = obj.get(key) if isinstance(obj, dict) else None
    return obj


def text(value: Any) -> str:
    """A scalar as selectors compare it; everything else is the empty string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""


def fields_of(obj: Any, paths: Iterable[str]) -> dict[str, str]:
    """Values of selectable fields."""
    return {path: text(look(obj, path)) for path in paths}


_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_YEAR: Final = 365 * _DAY
_AGES: Final = (
    # below, unit, its letter, rest, its letter
    (2 * _MINUTE, 1, "s", 0, ""),
    (10 * _MINUTE, _MINUTE, "m", 1, "s"),
    (3 * _HOUR, _MINUTE, "m", 0, ""),
    (8 * _HOUR, _HOUR, "h", _MINUTE, "m"),
    (2 * _DAY, _HOUR, "h", 0, ""),
    (8 * _DAY, _DAY, "d", _HOUR, "h"),
    (2 * _YEAR, _DAY, "d", 0, ""),
    (8 * _YEAR, _YEAR, "y", _DAY, "d"),
)


def age(timestamp: Any, now: float) -> str:
    """`3h12m`, `5d`: how kubectl writes a duration (AM/pkg/util/duration HumanDuration).

    Args:
        timestamp: RFC 3339 text; anything else gives `<unknown>`.
        now: UNIX seconds.
    """
    if not isinstance(timestamp, str):
        return "<unknown>"
    try:
        seconds = int(now - parse(timestamp).timestamp())
    except ValueError:
        return "<invalid>"
    if seconds < -1:
        return "<invalid>"
    seconds = max(seconds, 0)
    for below, unit, letter, rest, small in _AGES:
        if seconds < below:
            more = seconds % unit // rest if rest else 0
            return f"{seconds // unit}{letter}" + (f"{more}{small}" if more else "")
    return f"{seconds // _YEAR}y"
