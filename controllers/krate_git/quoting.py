"""Paths as text: Git paths are bytes, every API of ours speaks text, and nothing may be lost or confused between.

A path that is UTF-8 stands for itself. One that is not, or that begins with a double quote, is written as Git prints
it (`git config core.quotePath`): in double quotes, with octal escapes. So every path has exactly one text.
"""

import re
from typing import Final

_QUOTE: Final = ord('"')
_BACKSLASH: Final = ord("\\")
_PRINTABLE: Final = range(0x20, 0x7F)
_ESCAPE: Final = re.compile(rb'\\([abtnvfr"\\]|[0-3][0-7]{2})|([^"\\])', re.DOTALL)
_LETTERS: Final = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': _QUOTE, b"\\": _BACKSLASH}


def show(raw: bytes) -> str:
    """The text of a path or of one of its segments."""
    if raw[:1] != b'"':
        try:
            return raw.decode()
        except UnicodeDecodeError:
            pass
    return '"' + "".join(_escape(byte) for byte in raw) + '"'


def _escape(byte: int) -> str:
    if byte in {_QUOTE, _BACKSLASH}:
        return "\\" + chr(byte)
    return chr(byte) if byte in _PRINTABLE else f"\\{byte:03o}"


def parse(text: str) -> bytes:
    """The inverse of `show`.

    Raises:
        ValueError: the text is a malformed quotation, or holds a lone surrogate.
    """
    raw = text.encode()
    if raw[:1] != b'"':
        return raw
    found = bytearray()
    position, end = 1, len(raw) - 1
    while position < end:
        match = _ESCAPE.match(raw, position, end)
        if match is None:
            break
        found.append(_byte(match))
        position = match.end()
    if position != end or end < 1 or raw[end] != _QUOTE:
        raise ValueError(f"malformed quoted path: {text}")
    return bytes(found)


def _byte(match: re.Match[bytes]) -> int:
    escape, plain = match[1], match[2]
    if plain is not None:
        return plain[0]
    return _LETTERS[escape] if escape in _LETTERS else int(escape, 8)
