"""Times as Kubernetes writes them, and logs that never print a secret."""

import datetime
import io
import json
import logging as standard
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from krate import clock, logging

UTC = datetime.UTC
TIMES = {
    "2026-11-25T10:00:00Z": datetime.datetime(2026, 11, 25, 10, tzinfo=UTC),
    "2026-11-25T10:00:00.5Z": datetime.datetime(2026, 11, 25, 10, 0, 0, 500_000, tzinfo=UTC),
    "2026-11-25T12:00:00+02:00": datetime.datetime(2026, 11, 25, 10, tzinfo=UTC),
}


@pytest.mark.parametrize("text", TIMES)
def test_parse(text: str) -> None:
    """RFC 3339 times with and without fractions and offsets are read."""
    assert clock.parse(text) == TIMES[text]


@pytest.mark.parametrize("text", ["", "yesterday", "10:00", "2026-13-01T00:00:00Z"])
def test_parse_refuses(text: str) -> None:
    """What is no time is a ValueError."""
    with pytest.raises(ValueError, match=r".+"):
        clock.parse(text)


@given(st.datetimes(min_value=datetime.datetime(1970, 1, 1), max_value=datetime.datetime(9998, 1, 1)))  # noqa: DTZ001 - Hypothesis attaches the zone below
def test_round_trip(moment: datetime.datetime) -> None:
    """A time survives being written, to the second."""
    aware = moment.replace(tzinfo=UTC)
    assert clock.parse(clock.rfc3339(aware)) == aware.replace(microsecond=0)


def test_other_zones_are_written_in_utc() -> None:
    """Times are written in UTC wherever they come from."""
    zone = datetime.timezone(datetime.timedelta(hours=-5))
    assert clock.rfc3339(datetime.datetime(2026, 11, 25, 5, tzinfo=zone)) == "2026-11-25T10:00:00Z"


def test_early_years_are_padded() -> None:
    """Years have four digits, whatever the platform's strftime thinks."""
    assert clock.rfc3339(datetime.datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00Z"


def test_system_clock_is_aware() -> None:
    """The process's own clock is UTC-aware."""
    assert clock.system().tzinfo is UTC


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where logs go while a test runs; the configuration is put back afterwards."""
    before, root = structlog.get_config(), standard.getLogger()
    handlers, level = root.handlers[:], root.level
    found = io.StringIO()
    yield found
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_one_line_per_event(stream: io.StringIO) -> None:
    """An event is one JSON object on one line, with what was bound, its level and the time."""
    logging.configure(stream=stream)
    logging.get(component="x").info("reconciled", kind="Repository", text="a\nb")
    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "reconciled", "level": "info", "component": "x", "kind": "Repository", "text": "a\nb"}


@pytest.mark.parametrize("key", ["authorization", "Token", "PASSWORD", "secret", "cookie", "data", "stringData"])
def test_secrets_are_redacted(stream: io.StringIO, key: str) -> None:
    """A key that names a secret prints no value, in either format."""
    for as_json in (True, False):
        logging.configure(stream=stream, json=as_json)
        logging.get(**{key: "canary-1"}).warning("x", nested={"a": 1})
        logging.get().warning("x", **{key: {"inner": "canary-2"}})
    assert "canary" not in stream.getvalue()
    assert stream.getvalue().count("REDACTED") == 4


@pytest.mark.parametrize("key", ["token", "password", "authorization", "secret"])
def test_secrets_inside_values_are_redacted(stream: io.StringIO, key: str) -> None:
    """A secret inside a mapping or list of a value is not printed either."""
    logging.configure(stream=stream)
    logging.get().warning("x", request={"headers": [{key: "canary-1"}], "deep": {"deeper": {key: "canary-2"}}})
    assert "canary" not in stream.getvalue()


def test_levels(stream: io.StringIO) -> None:
    """Below the configured level nothing is printed."""
    logging.configure(stream=stream, level="warning")
    log = logging.get()
    log.info("no")
    log.warning("yes")
    assert [line["event"] for line in lines(stream)] == ["yes"]


def test_exceptions_are_told(stream: io.StringIO) -> None:
    """A logged exception carries its traceback inside the one line."""
    logging.configure(stream=stream)
    try:
        int("broken")
    except ValueError:
        logging.get().exception("failed")
    (line,) = lines(stream)
    assert "invalid literal for int() with base 10: 'broken'" in line["exception"]


def test_loggers_of_modules_follow(stream: io.StringIO, capfd: pytest.CaptureFixture[str]) -> None:
    """A logger made while its module was imported, before the program configured logs, writes where they go."""
    structlog.reset_defaults()
    early = logging.get(component="git")
    logging.configure(stream=stream)
    early.info("intents recovered", moved=1)
    (line,) = lines(stream)
    assert (line["event"], line["component"], line["moved"]) == ("intents recovered", "git", 1)
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("stream")
def test_logs_follow_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """By default an event goes to what is standard error when it happens, not when logs were configured."""
    then, now = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", then)
    logging.configure()
    then.close()
    monkeypatch.setattr(sys, "stderr", now)
    logging.get().info("ours")
    standard.getLogger("theirs").warning("foreign")
    assert [line["event"] for line in lines(now)] == ["ours", "foreign"]


class Broken(io.StringIO):
    """A pipe nobody reads any more, or a full disk."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(text)


@pytest.mark.parametrize("broken", ["closed", "pipe"])
@pytest.mark.usefixtures("stream")
def test_logs_that_cannot_be_written_stop_nothing(broken: str, capfd: pytest.CaptureFixture[str]) -> None:
    """A log that cannot be written is lost; the work it tells of goes on, and nothing is printed elsewhere."""
    target = Broken()
    logging.configure(stream=target)
    if broken == "closed":
        target.close()
    logging.get().info("ours")
    standard.getLogger("theirs").warning("foreign")
    assert capfd.readouterr() == ("", "")
