"""Quoted text: what strconv.Quote of Go 1.26 makes of it."""

import pytest

from krate.quoting import quoted

QUOTED = {
    "": '""',
    "plain é 漢 \U0001f600": '"plain é 漢 \U0001f600"',
    'a"b\\c': r'"a\"b\\c"',
    "\a\b\f\n\r\t\v": r'"\a\b\f\n\r\t\v"',
    "\0\x1f\x7f": r'"\x00\x1f\x7f"',
    "\x80\u00a0\u2003\ufeff": r'"\u0080\u00a0\u2003\ufeff"',
    "\U000e0001": r'"\U000e0001"',
}


@pytest.mark.parametrize("text", QUOTED, ids=ascii)
def test_quoted(text: str) -> None:
    """What can be printed stays; everything else is escaped, controls by their short names."""
    assert quoted(text) == QUOTED[text]
