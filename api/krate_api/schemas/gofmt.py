"""Values in the notation of Go: what fmt's %v and %q, and encoding/json, write into messages."""

import json
import math
from typing import Any, Final

_ESCAPES: Final = {
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", '"': '\\"', "\\": "\\\\",
}  # fmt: skip
_HTML: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})
_DELETE: Final = 0x7F
_SPACE: Final = 0x20
_WIDE: Final = 0xFFFF
_WORDS: Final = {dict: "object", list: "array", str: "string", bool: "bool", int: "number", float: "number"}


def word(value: Any) -> str:
    """What encoding/json calls a value that it cannot put where it belongs."""
    return _WORDS.get(type(value), "null")


def quote(text: str) -> str:
    """`text` as %q writes it."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < _SPACE or code == _DELETE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _WIDE else f"\\U{code:08x}"


def number(value: float) -> str:
    """A number as %v writes it: integers plainly, floats with an exponent from a million on."""
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        return {math.inf: "+Inf", -math.inf: "-Inf"}.get(value, "NaN")
    digits, exponent = _shortest(value)
    if -4 <= exponent < 6:  # noqa: PLR2004 - strconv's limits for the shortest form
        return _plain(value)
    return f"{digits}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _shortest(value: float) -> tuple[str, int]:
    """The fewest digits that mean `value`, with a point after the first, and the exponent."""
    for precision in range(17):
        text = f"{value:.{precision}e}"
        if float(text) == value:
            digits, _, exponent = text.partition("e")
            return digits, int(exponent)
    raise ValueError(f"{value} has no shortest form")


def _plain(value: float) -> str:
    text = f"{value:f}" if value == int(value) else repr(value)
    if "e" in text:
        digits, exponent = _shortest(value)
        return f"{value:.{max(0, len(digits.replace('-', '').replace('.', '')) - 1 - exponent)}f}"
    return text.removesuffix(".0") if value != int(value) else f"{value:.0f}"


def encode(value: Any) -> str:
    """A value as encoding/json writes it: compact, keys sorted, HTML escaped."""
    match value:
        case dict():
            members = (f"{_text(key)}:{encode(value[key])}" for key in sorted(value))
            return "{" + ",".join(members) + "}"
        case list() | tuple():
            return f"[{','.join(map(encode, value))}]"
        case str():
            return _text(value)
        case float():
            return _json_number(value)
        case _:
            return json.dumps(value)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).translate(_HTML)


def _json_number(value: float) -> str:
    if value == 0 or 1e-6 <= abs(value) < 1e21:  # noqa: PLR2004 - encoding/json's limits
        return _plain(value)
    digits, exponent = _shortest(value)
    return f"{digits}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}".replace("e-0", "e-")


def shown(value: Any) -> str:
    """A value as an Invalid prints it (apimachinery field.Error.ErrorBody)."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number(value)
        case str():
            return quote(value)
        case _:
            return encode(value)
