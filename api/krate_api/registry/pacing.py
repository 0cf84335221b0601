"""When a watch tells a bookmark, has its right looked at, and ends: arithmetic over the times that it is told."""

import random
from typing import Final

MIN_TIMEOUT: Final = 1800
"""Without timeoutSeconds a watch lasts between this and twice this (upstream's MinRequestTimeout)."""
BOOKMARK: Final = 60.0
"""Seconds between periodic bookmarks."""
BEFORE_END: Final = 2.0
"""Seconds before the end at which a last bookmark says where to resume (AS/pkg/storage/cacher/cache_watcher.go)."""
RECHECK: Final = 5.0
"""Seconds between checks of the right to watch."""
_NEVER: Final = float("inf")


def lifetime(asked: int | None) -> float:
    """Seconds that a watch lasts; those that ask for nothing end at different times, so that not all return at once."""
    return asked or MIN_TIMEOUT * (1 + random.random())  # noqa: S311 - spreads reconnects


class Pace:
    """The timetable of one watch.

    Args:
        now: when it begins, in seconds of any clock; later times must be of the same.
        seconds: how long it lasts.
        bookmarks: whether its client wants any.
    """

    def __init__(self, now: float, seconds: float, *, bookmarks: bool) -> None:
        self._end = now + seconds
        self._bookmark = self._next_bookmark(now) if bookmarks else _NEVER
        self._check = now + RECHECK

    def over(self, now: float) -> bool:
        """Whether the watch has ended."""
        return now >= self._end

    def checks(self, now: float) -> bool:
        """Whether the right to watch is to be looked at again; asked once, the next time is planned."""
        due = now >= self._check
        if due:
            self._check = now + RECHECK
        return due

    def bookmarks(self, now: float) -> bool:
        """Whether a bookmark is due; asked once, the next one is planned."""
        due = now >= self._bookmark
        if due:
            self._bookmark = self._next_bookmark(now)
        return due

    def pause(self, now: float) -> float:
        """Seconds until anything is due."""
        return max(0.0, min(self._end, self._bookmark, self._check) - now)

    def _next_bookmark(self, now: float) -> float:
        """A minute from now or shortly before the end; none when that has passed."""
        planned = min(now + BOOKMARK, self._end - BEFORE_END)
        return planned if planned > now else _NEVER
