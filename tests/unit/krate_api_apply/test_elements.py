"""Path elements as Go prints them."""

import pytest

from krate_api.apply import elements, values


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (1099511627776.0, "1.099511627776e+12"),
        (1e6, "1e+06"),
        (100000.0, "100000"),
        (1.5, "1.5"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (-1234500.0, "-1.2345e+06"),
    ],
)
def test_numbers_in_paths(number: float, shown: str) -> None:
    """A float is written in the fewest digits, with an exponent where Go's `%v` has one."""
    assert elements.shown(values.canonical(number)) == shown
