"""Durations as Go writes and reads them: `1h30m`, `-1.5s`, `0` (Go: time.ParseDuration)."""

import datetime
import re
from typing import Final

from krate.quoting import quoted

_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
_UNIT: Final = re.compile(r"[^0-9.]*")
_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}


class Invalid(ValueError):
    """it is no duration; the text is Go's."""


def parse(text: str) -> datetime.timedelta:
    """Read a duration, exact to a microsecond.

    Raises:
        Invalid: the text is none, or of more than Go's 292 years.
    """
    unsigned = text[1:] if text[:1] in {"+", "-"} else text
    if unsigned == "0":
        return datetime.timedelta()
    rest, seconds = unsigned, 0.0
    while rest or not unsigned:
        number = _NUMBER.match(rest)
        if number is None:
            raise Invalid(f"time: invalid duration {quoted(text)}")
        rest = rest[number.end() :]
        unit = _UNIT.match(rest)
        name = unit[0] if unit else ""
        if not name:
            raise Invalid(f"time: missing unit in duration {quoted(text)}")
        if name not in _SECONDS:
            raise Invalid(f"time: unknown unit {quoted(name)} in duration {quoted(text)}")
        rest = rest[len(name) :]
        seconds += float(number[0]) * _SECONDS[name]
    if seconds >= (1 << 63) / 1e9:
        raise Invalid(f"time: invalid duration {quoted(text)}")
    return datetime.timedelta(seconds=-seconds if text.startswith("-") else seconds)
