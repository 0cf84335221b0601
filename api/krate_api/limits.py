"""A brake on guessing: after a few failures for a name, each further attempt has to wait."""

from typing import Final

from krate import errors
from krate.clock import Clock

FREE: Final = 5
"""Failures without a wait."""
WINDOW: Final = 300.0
"""Seconds after which failures are forgotten."""
MAX_NAMES: Final = 10_000


class Throttle:
    """Counts failures per name, in memory: guessing restarts with the process, and so does its log line."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: dict[str, tuple[int, float]] = {}

    def check(self, name: str) -> None:
        """Raise TooManyRequests while the name has to wait."""
        count, last = self._failures.get(name, (0, 0.0))
        now = self._clock().timestamp()
        if now - last > WINDOW:
            self._failures.pop(name, None)
            return
        wait = min(2.0 ** (count - FREE), 60.0) if count >= FREE else 0.0
        if now < last + wait:
            seconds = int(last + wait - now) + 1
            raise errors.TooManyRequests("too many failed attempts; try again later", retry_after=seconds)

    def failed(self, name: str) -> None:
        """Count a failure; the oldest names make room when there are too many."""
        count, _ = self._failures.pop(name, (0, 0.0))
        self._failures[name] = (count + 1, self._clock().timestamp())
        if len(self._failures) > MAX_NAMES:
            del self._failures[next(iter(self._failures))]
