"""The timetable of a watch: bookmarks, checks of its right, its end; all by the clock that the test holds."""

import pytest

from krate_api.registry import pacing
from krate_api.registry.pacing import Pace


def happenings(seconds: float, *, bookmarks: bool = True, until: float = 1e9) -> list[tuple[float, str]]:
    """What a watch does that begins at 0 and sleeps as long as it is told to."""
    pace, now = Pace(0.0, seconds, bookmarks=bookmarks), 0.0
    found: list[tuple[float, str]] = []
    while not pace.over(now) and now < until:
        if pace.checks(now):
            found.append((now, "check"))
        if pace.bookmarks(now):
            found.append((now, "bookmark"))
        now += pace.pause(now)
    return [*found, (now, "end")]


def told(seconds: float) -> list[float]:
    """When bookmarks are told."""
    return [now for now, what in happenings(seconds) if what == "bookmark"]


BOOKMARKS = {
    1.0: [],
    2.0: [],
    3.0: [1.0],
    30.0: [28.0],
    61.0: [59.0],
    62.0: [60.0],
    63.0: [60.0, 61.0],
    200.0: [60.0, 120.0, 180.0, 198.0],
}


@pytest.mark.parametrize("seconds", BOOKMARKS)
def test_bookmarks(seconds: float) -> None:
    """One each minute and one two seconds before the end; a watch shorter than that has none."""
    assert told(seconds) == BOOKMARKS[seconds]


def test_no_bookmarks_for_those_who_allow_none() -> None:
    """Without allowWatchBookmarks there are none."""
    assert all(what != "bookmark" for _, what in happenings(300.0, bookmarks=False))


def test_checks_and_end() -> None:
    """The right to watch is looked at every five seconds, and the watch ends when it said it would."""
    assert happenings(12.0, bookmarks=False) == [(5.0, "check"), (10.0, "check"), (12.0, "end")]


def test_late_sleepers_catch_up() -> None:
    """A watch that was held up is told a bookmark once, not once for each it missed."""
    pace = Pace(0.0, 1000.0, bookmarks=True)
    assert [pace.bookmarks(500.0), pace.bookmarks(500.0), pace.bookmarks(560.0)] == [True, False, True]
    assert pace.over(1000.0)
    assert pace.pause(2000.0) == 0.0


def test_lifetime() -> None:
    """A watch lasts as long as it asks; without a wish between half an hour and an hour, each another while."""
    assert (pacing.lifetime(7), pacing.lifetime(-5)) == (7, -5)
    lives = {pacing.lifetime(None) for _ in range(20)} | {pacing.lifetime(0)}
    assert all(1800 <= life <= 3600 for life in lives)
    assert len(lives) > 1
