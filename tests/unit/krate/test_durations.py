"""Durations in Go's notation; the texts are those that Go's time.ParseDuration gives."""

import datetime

import pytest

from krate import durations

READ = {
    "0": 0.0,
    "-0": 0.0,
    "5s": 5.0,
    "1h30m": 5400.0,
    "+1.5h": 5400.0,
    "-1.5s": -1.5,
    ".5m": 30.0,
    "1.s": 1.0,
    "250ms": 0.25,
    "3us": 3e-6,
    "3µs": 3e-6,
    "3μs": 3e-6,
    "2000000ns": 0.002,
}


@pytest.mark.parametrize("text", READ)
def test_durations(text: str) -> None:
    """A duration is a sum of numbers with units."""
    assert durations.parse(text) == datetime.timedelta(seconds=READ[text])


REFUSED = {
    "": 'time: invalid duration ""',
    "-": 'time: invalid duration "-"',
    "invalid": 'time: invalid duration "invalid"',
    ".s": 'time: invalid duration ".s"',
    "5": 'time: missing unit in duration "5"',
    "1h5": 'time: missing unit in duration "1h5"',
    "5x": 'time: unknown unit "x" in duration "5x"',
    "5s ": 'time: unknown unit "s " in duration "5s "',
    "3000000h": 'time: invalid duration "3000000h"',
}


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    """What is none is refused in Go's words."""
    with pytest.raises(durations.Invalid) as refused:
        durations.parse(text)
    assert str(refused.value) == REFUSED[text]
