"""Why a text is no JSON, in the words of Go's encoding/json: clients of kube-apiserver know these sentences.

The fast parser has refused the text already; this slow second look only finds the words. Of a text longer
than `LONGEST` it says no more than that it is wrong.
"""

import re
from collections.abc import Callable
from typing import Any, Final, NoReturn

LONGEST: Final = 64 * 1024
MAX_DEPTH: Final = 10_000
"""Of Go's scanner."""
_SPACE: Final = re.compile(rb"[ \t\r\n]*")
_PLAIN: Final = re.compile(rb'[^"\\\x00-\x1f]*')
_SIGN: Final = re.compile(rb"-?")
_WHOLE: Final = re.compile(rb"0|[1-9][0-9]*")
_DIGITS: Final = re.compile(rb"[0-9]*")
_EXPONENT_SIGN: Final = re.compile(rb"[-+]?")
_NUMBER: Final = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_ESCAPES: Final = frozenset(bytes([letter]) for letter in b'"\\/bfnrtu')
_HEX: Final = re.compile(rb"[0-9a-fA-F]{0,4}")
_HEX_DIGITS: Final = 4
_LITERALS: Final = {b"t": b"true", b"f": b"false", b"n": b"null"}
_END: Final = "unexpected end of JSON input"


_State = Callable[[], Any]


class _Found(Exception):
    """the first problem of the text."""


def describe(data: bytes) -> str:
    """The first problem of `data`; "" when there is no problem of syntax."""
    if len(data) > LONGEST:
        return f"invalid JSON in a text of {len(data)} bytes"
    try:
        _Scanner(data).scan()
    except _Found as found:
        return str(found)
    overflowing = next((match[0] for match in _NUMBER.finditer(data) if match[0] and _infinite(match[0])), None)
    if overflowing is None:
        return ""
    return f"json: cannot unmarshal number {overflowing.decode()} into Go value of type float64"


def _infinite(number: bytes) -> bool:
    return float(number) in {float("inf"), float("-inf")}


class _Scanner:
    """Looks for the first byte that cannot stand where it stands; each state answers the next one."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._open: list[bytes] = []

    def scan(self) -> None:
        """Raise _Found unless the text is one JSON value."""
        state: _State | None = self._value
        while state is not None:
            state = state()

    def _mark(self) -> bytes:
        return self._data[self._at : self._at + 1]

    def _peek(self) -> bytes:
        """The next byte that is no blank."""
        self._skip(_SPACE)
        return self._mark()

    def _fail(self, where: str, *, blank: bool = False) -> NoReturn:
        """`blank`: whether a blank, as which Go reads the end of the text, cannot stand here."""
        mark = self._mark()
        raise _Found(f"invalid character {_quoted(mark or b' ')} {where}" if mark or blank else _END)

    def _value(self) -> "_State":
        mark = self._peek()
        if mark in {b"[", b"{"}:
            self._open.append(mark)
            if len(self._open) > MAX_DEPTH:
                self._fail("exceeded max depth")
            self._at += 1
            return self._first_item if mark == b"[" else self._first_key
        if mark == b'"':
            self._text()
        elif mark in _LITERALS:
            self._literal(_LITERALS[mark])
        elif mark == b"-" or mark.isdigit():
            self._number()
        else:
            self._fail("looking for beginning of value")
        return self._after

    def _first_item(self) -> "_State":
        return self._close if self._peek() == b"]" else self._value

    def _first_key(self) -> "_State":
        return self._close if self._peek() == b"}" else self._key

    def _close(self) -> "_State":
        self._open.pop()
        self._at += 1
        return self._after

    def _key(self) -> "_State":
        if self._peek() != b'"':
            self._fail("looking for beginning of object key string")
        self._text()
        if self._peek() != b":":
            self._fail("after object key")
        self._at += 1
        return self._value

    def _after(self) -> "_State | None":
        """What follows a value."""
        mark = self._peek()
        if not self._open:
            return self._fail("after top-level value") if mark else None
        listed = self._open[-1] == b"["
        if mark == (b"]" if listed else b"}"):
            return self._close
        if mark != b",":
            self._fail("after array element" if listed else "after object key:value pair")
        self._at += 1
        return self._value if listed else self._key

    def _skip(self, pattern: re.Pattern[bytes]) -> int:
        match = pattern.match(self._data, self._at)
        length = match.end() - self._at if match else 0
        self._at += length
        return length

    def _text(self) -> None:
        self._at += 1
        while True:
            self._skip(_PLAIN)
            mark = self._mark()
            if mark == b'"':
                self._at += 1
                return
            if mark != b"\\":
                self._fail("in string literal")
            self._at += 1
            self._escape()

    def _escape(self) -> None:
        mark = self._mark()
        if mark not in _ESCAPES:
            self._fail("in string escape code", blank=True)
        self._at += 1
        if mark == b"u" and self._skip(_HEX) < _HEX_DIGITS:
            self._fail("in \\u hexadecimal character escape", blank=True)

    def _literal(self, word: bytes) -> None:
        for letter in word:
            if self._mark() != bytes([letter]):
                self._fail(f"in literal {word.decode()} (expecting {_quoted(bytes([letter]))})", blank=True)
            self._at += 1

    def _number(self) -> None:
        self._skip(_SIGN)
        if not self._mark().isdigit():
            self._fail("in numeric literal", blank=True)
        self._skip(_WHOLE)
        if self._mark() == b".":
            self._at += 1
            if not self._skip(_DIGITS):
                self._fail("after decimal point in numeric literal", blank=True)
        if self._mark() in {b"e", b"E"}:
            self._at += 1
            self._skip(_EXPONENT_SIGN)
            if not self._skip(_DIGITS):
                self._fail("in exponent of numeric literal", blank=True)


def _quoted(mark: bytes) -> str:
    """A byte as Go shows it."""
    if mark == b"'":
        return "'\\''"
    if mark == b'"':
        return "'\"'"
    text = mark.decode("latin-1")
    if text.isprintable():
        return "'\\\\'" if text == "\\" else f"'{text}'"
    known = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\v": "\\v"}
    code = f"\\x{ord(text):02x}" if ord(text) < 0x80 else f"\\u{ord(text):04x}"  # noqa: PLR2004 - ASCII ends here
    return f"'{known.get(text, code)}'"
