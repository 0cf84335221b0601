"""Bytes as JSON holds them: base64, read and refused as Go's encoding/base64 does."""

import base64
import re
from typing import Final

_ALPHABET: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_PLAIN: Final = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_QUANTUM: Final = 4


def canonical(text: str) -> str:
    """The text as everybody writes it: without line breaks, padded.

    Raises:
        ValueError: it is no base64; the message is Go's.
    """
    at = _corrupt(text)
    if at is not None:
        raise ValueError(f"illegal base64 data at input byte {at}")
    return base64.b64encode(base64.b64decode(text)).decode()


def _corrupt(text: str) -> int | None:
    """Where Go's decoder stumbles over what is no base64 (encoding/base64 decodeQuantum); None over a good text."""
    if _PLAIN.fullmatch(text.replace("\n", "").replace("\r", "")):
        return None
    filled = 0
    marks = [(at, mark) for at, mark in enumerate(text) if mark not in "\r\n"]
    for place, (at, mark) in enumerate(marks):
        if mark in _ALPHABET:
            filled = (filled + 1) % _QUANTUM
        elif mark != "=" or filled < _QUANTUM // 2:
            return at
        else:
            rest = marks[place + 1 :]
            if filled == _QUANTUM // 2:
                if not rest:
                    return len(text)
                if rest[0][1] != "=":
                    return rest[0][0] - 1
                rest = rest[1:]
            return rest[0][0] if rest else at
    return len(text) - filled
