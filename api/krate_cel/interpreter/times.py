"""Timestamps and durations: CEL's functions over datetime and timedelta, exact to a microsecond."""

import datetime
import re
import zoneinfo
from collections.abc import Callable, Mapping
from typing import Any, Final

from krate import durations
from krate_cel.interpreter import values
from krate_cel.interpreter.values import EvalError

_OFFSET: Final = re.compile(r"([+-]?)([0-9]{2}):([0-9]{2})")
_STAMP: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def timestamp(value: Any) -> datetime.datetime:
    """`timestamp(value)`: RFC 3339, or seconds."""
    if isinstance(value, datetime.datetime):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return datetime.datetime.fromtimestamp(value, datetime.UTC)
        except (ValueError, OverflowError, OSError):
            raise EvalError("timestamp overflow") from None
    if not isinstance(value, str):
        raise values.no_overload()
    try:
        if _STAMP.fullmatch(value):
            return datetime.datetime.fromisoformat(re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", value.upper()))
    except ValueError:
        pass
    form = '"2006-01-02T15:04:05Z07:00"'
    raise EvalError(f'parsing time "{value}" as {form}: cannot parse "{value}" as "2006"')


def date(text: str) -> datetime.datetime:
    """A day as the timestamp of its first moment."""
    try:
        return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)
    except ValueError:
        raise EvalError(f"Invalid date formatted string {text}") from None


def duration(value: Any) -> datetime.timedelta:
    """`duration(value)`: Go's form, `1h30m`."""
    if isinstance(value, datetime.timedelta):
        return value
    if not isinstance(value, str):
        raise values.no_overload()
    try:
        return durations.parse(value)
    except durations.Invalid as problem:
        raise EvalError(str(problem)) from None


def add(one: Any, other: Any) -> Any:
    if isinstance(one, datetime.timedelta) and isinstance(other, datetime.datetime):
        one, other = other, one
    if not isinstance(other, datetime.timedelta):
        raise values.no_overload()
    return _bounded(lambda: one + other)


def subtract(one: Any, other: Any) -> Any:
    fits = isinstance(other, datetime.timedelta) or (
        isinstance(one, datetime.datetime) and isinstance(other, datetime.datetime)
    )
    if not fits:
        raise values.no_overload()
    return _bounded(lambda: one - other)


def _bounded(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except OverflowError:
        raise EvalError("timestamp overflow") from None


def _zone(name: str) -> datetime.tzinfo:
    offset = _OFFSET.fullmatch(name)
    if offset:
        length = datetime.timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return datetime.timezone(-length if offset[1] == "-" else length)
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise EvalError(f"unknown time zone {name}") from None


def _part(read: Callable[[datetime.datetime], int], span: float = 0) -> Callable[..., int]:
    """A part of a timestamp in a time zone; of a duration the whole number of a unit."""

    def apply(value: Any, zone: str = "UTC") -> int:
        if isinstance(value, datetime.timedelta) and span:
            return int(value / datetime.timedelta(seconds=span))
        if not isinstance(value, datetime.datetime):
            raise values.no_overload()
        return read(value.astimezone(datetime.UTC if zone == "UTC" else _zone(zone)))

    return apply


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "timestamp": timestamp,
    "duration": duration,
    "getFullYear": _part(lambda moment: moment.year),
    "getMonth": _part(lambda moment: moment.month - 1),
    "getDate": _part(lambda moment: moment.day),
    "getDayOfMonth": _part(lambda moment: moment.day - 1),
    "getDayOfWeek": _part(lambda moment: moment.isoweekday() % 7),
    "getDayOfYear": _part(lambda moment: moment.timetuple().tm_yday - 1),
    "getHours": _part(lambda moment: moment.hour, 3600),
    "getMinutes": _part(lambda moment: moment.minute, 60),
    "getSeconds": _part(lambda moment: moment.second, 1),
    "getMilliseconds": _part(lambda moment: moment.microsecond // 1000, 0.001),
}
