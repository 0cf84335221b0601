"""Moments as people read them."""

from datetime import datetime

from krate import clock

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_STEPS = ((_MINUTE, "now", 0), (_HOUR, "m", _MINUTE), (_DAY, "h", _HOUR), (30 * _DAY, "d", _DAY))


def ago(moment: str | None, now: datetime) -> str:
    """`now`, `5m`, `3h`, `12d`, then the date; empty for no or an unreadable moment.

    Args:
        moment: RFC 3339 time.
        now: the time to count from, UTC-aware.
    """
    if not moment:
        return ""
    try:
        at = clock.parse(moment)
    except ValueError:
        return ""
    seconds = (now - at).total_seconds() if at.tzinfo else 0
    for below, unit, size in _STEPS:
        if seconds < below:
            return f"{int(seconds // size)}{unit}" if size else unit
    return at.strftime("%Y-%m-%d")


def words(moment: str | None) -> str:
    """`2026-11-25 10:00 UTC`, for titles and screen readers."""
    if not moment:
        return ""
    try:
        return clock.parse(moment).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return moment
