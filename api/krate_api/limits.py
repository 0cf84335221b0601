"""A brake on guessing: after a few failures for a name, each further attempt has to wait."""

import math
from typing import Final

from krate import errors
from krate.clock import Clock

FREE: Final = 5
"""Failures without a wait."""
WINDOW: Final = 300.0
"""Seconds after which failures are forgotten."""
LONGEST: Final = 60.0
"""Seconds of the longest wait."""
MAX_NAMES: Final = 10_000


class Throttle:
    """Counts failures per name, in memory: guessing restarts with the process, and so does its log line."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: dict[str, tuple[int, float]] = {}

    def attempt(self, name: str) -> None:
        """Count an attempt as a failure until it has succeeded: many at once must not all be the first.

        The oldest names make room when there are too many. An attempt that has to wait does not count.

        Raises:
            TooManyRequests: the name has to wait.
        """
        now = self._clock().timestamp()
        count, last = self._failures.get(name, (0, now))
        if now - last > WINDOW:
            count = 0
        wait = min(2.0 ** min(count - FREE, 10), LONGEST) if count >= FREE else 0.0
        if now < last + wait:
            seconds = math.ceil(last + wait - now)
            raise errors.TooManyRequests("too many failed attempts; try again later", retry_after=seconds)
        self._failures.pop(name, None)
        self._failures[name] = (count + 1, now)
        if len(self._failures) > MAX_NAMES:
            del self._failures[next(iter(self._failures))]

    def succeeded(self, name: str) -> None:
        """Forget the failures of a name."""
        self._failures.pop(name, None)
