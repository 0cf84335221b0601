"""Time as a value: whoever needs it receives a Clock, so that tests decide what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system() -> datetime:
    """Current time, UTC-aware."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """`2026-11-25T10:00:00Z`: seconds, as Kubernetes writes metav1.Time."""
    # Not strftime: it writes the year 1 as "1" on Linux.
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse(text: str) -> datetime:
    """The inverse of `rfc3339`; fractions of a second are accepted.

    Raises:
        ValueError: the text is not an RFC 3339 time.
    """
    return datetime.fromisoformat(text)
