"""The brake on guessing."""

import datetime

import pytest

from krate import errors
from krate_api import limits
from krate_api.limits import FREE, LONGEST, WINDOW, Throttle


class Time:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)

    def __call__(self) -> datetime.datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += datetime.timedelta(seconds=seconds)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def brake(time: Time) -> Throttle:
    return Throttle(time)


def wait(brake: Throttle, name: str = "bob") -> int:
    """Seconds an attempt is told to wait; 0 when it may go on."""
    try:
        brake.attempt(name)
    except errors.TooManyRequests as refusal:
        return refusal.status()["details"]["retryAfterSeconds"]
    return 0


def test_waits_double(brake: Throttle, time: Time) -> None:
    """Five attempts are free, then each waits twice as long as the one before, a minute at most."""
    assert [wait(brake) for _ in range(FREE)] == [0] * FREE
    waits: list[float] = []
    for _ in range(9):
        seconds = 0
        while wait(brake):
            time.pass_by(1)
            seconds += 1
        waits.append(seconds)
    assert waits == [1, 2, 4, 8, 16, 32, LONGEST, LONGEST, LONGEST]


def test_refused_attempts_do_not_count(brake: Throttle, time: Time) -> None:
    """Knocking while one has to wait makes nothing longer."""
    for _ in range(FREE):
        brake.attempt("bob")
    assert {wait(brake) for _ in range(1000)} == {1}
    time.pass_by(1)
    assert wait(brake) == 0


def test_names_are_apart(brake: Throttle) -> None:
    """One name's failures are not another's."""
    for _ in range(FREE):
        brake.attempt("bob")
    assert (wait(brake, "bob"), wait(brake, "carol")) == (1, 0)


def test_time_and_success_heal(brake: Throttle, time: Time) -> None:
    """Failures are forgotten after a while, and at once when somebody gets in."""
    for _ in range(FREE):
        brake.attempt("bob")
    time.pass_by(WINDOW + 1)
    assert [wait(brake) for _ in range(FREE + 1)] == [0] * FREE + [1]
    brake.succeeded("bob")
    assert [wait(brake) for _ in range(FREE + 1)] == [0] * FREE + [1]
    brake.succeeded("nobody")


def test_a_day_of_guessing(brake: Throttle, time: Time) -> None:
    """However often somebody guesses, the wait stays a minute: numbers do not overflow."""
    for _ in range(1200):
        while wait(brake):
            time.pass_by(LONGEST)
    assert wait(brake) == LONGEST


def test_memory_is_bounded(brake: Throttle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of very many names the one that failed longest ago is forgotten first."""
    monkeypatch.setattr(limits, "MAX_NAMES", 10)
    for name in ("bob", "carol"):
        for _ in range(FREE):
            brake.attempt(name)
    for number in range(9):
        brake.attempt(f"name-{number}")
    assert (wait(brake, "carol"), wait(brake, "bob")) == (1, 0)
