"""Numbers of bodies: whole where Go would hold them whole, refused where nobody can hold them."""

from typing import Any

import pytest

from krate_api import bodies

JSON = "application/json"

NUMBERS: dict[str, tuple[bytes, Any, type]] = {
    "whole": (b"7", 7, int),
    "a fraction that is whole": (b"1.0", 1, int),
    "an exponent": (b"1e2", 100, int),
    "minus nothing": (b"-0.0", 0, int),
    "a fraction": (b"0.1", 0.1, float),
    "the largest": (b"9223372036854775807", 2**63 - 1, int),
    "larger": (b"9223372036854775808", float(2**63), float),
    "the smallest": (b"-9223372036854775808", -(2**63), int),
    "smaller": (b"-9223372036854775809", float(-(2**63)), int),
    "much larger": (b"1e21", 1e21, float),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name: str) -> None:
    """A number is whole where Go's unstructured objects would store it as a whole number of 64 bits."""
    text, want, kind = NUMBERS[name]
    found = bodies.value_of(b'{"a": [' + text + b"]}", JSON)["a"][0]
    assert (found, type(found)) == (want, kind)


TOO_LARGE = {"an exponent": b"1e400", "ten thousand digits": b"9" * 10_000, "the other way": b"-1e400"}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_numbers_that_nobody_can_hold(name: str) -> None:
    """A number beyond floats is refused by its name."""
    with pytest.raises(bodies.Malformed) as caught:
        bodies.value_of(b'{"a": ' + TOO_LARGE[name] + b"}", JSON)
    number = TOO_LARGE[name].decode()
    assert str(caught.value) == f"json: cannot unmarshal number {number} into Go value of type float64"
