"""Functions of texts: CEL's own, cel-go's ext.Strings (version 2) and Kubernetes' find and findAll."""

import datetime
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from krate_cel import patterns
from krate_cel.interpreter import values
from krate_cel.interpreter.tree import Uint
from krate_cel.interpreter.values import EvalError, TypeOf
from krate_cel.libraries import addresses

_MAX: Final = 32 * 1024 * 1024
"""Characters of a text that a function makes: what is longer costs more than it may."""
_BLANKS: Final = (
    " \t\n\v\f\r\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_CLAUSE: Final = re.compile(r"%(?:(%)|(?:\.([0-9]{1,4}))?([a-zA-Z]))|%")
_LOWER: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_UPPER: Final = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def shown(value: Any) -> str:
    """A value inside an error."""
    return value if isinstance(value, str) else string(value)


def double(value: float) -> str:
    """A double as Go's `%g`-like form of string(): as short as it stays exact."""
    if not math.isfinite(value):
        return {math.inf: "+Inf", -math.inf: "-Inf"}.get(value, "NaN")
    text = repr(value).removesuffix(".0")
    if value != 0 and not 1e-4 <= abs(value) < 1e21:  # noqa: PLR2004 - strconv's limits
        digits, _, exponent = f"{value!r}".partition("e")
        if not exponent:
            digits, _, exponent = f"{Decimal(repr(value)):e}".lower().partition("e")
        return f"{digits.removesuffix('.0')}e{exponent[0] if exponent[0] in '+-' else '+'}{exponent.lstrip('+-'):0>2}"
    return f"{value:.0f}" if value == int(value) else text


def string(value: Any) -> str:  # noqa: C901, PLR0911 - one case for each type
    """`string(value)`."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case float():
            return double(value)
        case int():
            return str(int(value))
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError:
                raise EvalError("invalid UTF-8 in bytes, cannot convert to string") from None
        case datetime.datetime():
            return value.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
        case datetime.timedelta():
            return f"{double(value / datetime.timedelta(seconds=1))}s"
        case addresses.Range():
            return str(value)
        case _ if hasattr(value, "packed"):
            return str(value)
        case _:
            raise values.no_overload()


def matches(text: str, pattern: str) -> bool:
    return _pattern(pattern).search(_text(text)) is not None


def _pattern(pattern: str) -> Any:
    try:
        return patterns.compiled(_text(pattern))
    except ValueError as problem:
        raise EvalError(str(problem)) from None


def _find(text: str, pattern: str) -> str:
    found = _pattern(pattern).search(_text(text))
    return found[0] if found else ""


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found = [match[0] for match in _pattern(pattern).finditer(_text(text))]
    return found if limit < 0 else found[:limit]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise values.no_overload()
    return value


def _at(text: str, number: int) -> str:
    if not 0 <= number <= len(text):
        raise EvalError(f"index out of range: {number}")
    return text[number : number + 1]


def _substring(text: str, start: int, end: int | None = None) -> str:
    if not 0 <= start <= len(text):
        raise EvalError(f"index out of range: {start}")
    if end is None:
        return text[start:]
    if not 0 <= end <= len(text):
        raise EvalError(f"index out of range: {end}")
    if start > end:
        raise EvalError(f"invalid substring range. start: {start}, end: {end}")
    return text[start:end]


def _replace(text: str, old: str, new: str, limit: int = -1) -> str:
    count = text.count(old) if limit < 0 else min(limit, text.count(old))
    if len(text) + count * len(new) > _MAX:
        raise values.TooExpensive("operation cancelled: actual cost limit exceeded")
    return _text(text).replace(old, new, limit)


def _split(text: str, separator: str, limit: int = -1) -> list[str]:
    if limit == 0:
        return []
    if separator:
        return text.split(separator, limit - 1) if limit > 0 else text.split(separator)
    pieces = list(text)
    return [*pieces[: limit - 1], "".join(pieces[limit - 1 :])] if 0 < limit < len(pieces) else pieces


def _join(items: list[str], separator: str = "") -> str:
    return separator.join(items)


def index_of(text: str, part: str, start: int = 0) -> int:
    if not 0 <= start <= len(text):
        raise EvalError(f"index out of range: {start}")
    return text.find(part, start)


def last_index_of(text: str, part: str, start: int | None = None) -> int:
    if start is None:
        return text.rfind(part)
    if not 0 <= start < max(1, len(text)):
        raise EvalError(f"index out of range: {start}")
    return text.rfind(part, 0, start + len(part))


def _format(text: str, arguments: Sequence[Any]) -> str:
    """`'%s is %d'.format(['a', 1])` (cel-go ext/formatting.go)."""
    rest = iter(arguments)
    missing = object()

    def clause(found: re.Match[str]) -> str:
        if found[1]:
            return "%"
        if not found[3]:
            raise EvalError("unexpected end of string")
        value = next(rest, missing)
        if value is missing:
            used = len(arguments)
            raise EvalError(f"could not parse formatting clause: index {used} out of range")
        return _clause(found[3], int(found[2]) if found[2] else None, value)

    return _CLAUSE.sub(clause, text)


def _clause(kind: str, precision: int | None, value: Any) -> str:  # noqa: PLR0911 - one return for each verb
    whole = isinstance(value, int) and not isinstance(value, bool)
    match kind:
        case "s":
            return _formatted(value)
        case "d" if whole:
            return str(int(value))
        case "f" if isinstance(value, float):
            return f"{value:.{6 if precision is None else precision}f}"
        case "e" if isinstance(value, float):
            return f"{value:.{6 if precision is None else precision}e}"
        case "b" if whole or isinstance(value, bool):
            return format(int(value), "b")
        case "o" if whole:
            return format(int(value), "o")
        case "x" | "X" if whole:
            return format(int(value), kind)
        case "x" | "X" if isinstance(value, str | bytes):
            found = (value.encode() if isinstance(value, str) else value).hex()
            return found.upper() if kind == "X" else found
        case _:
            raise EvalError(
                f"error during formatting: could not format value as %{kind}: type {values.type_name(value)}"
            )


def _formatted(value: Any) -> str:
    match value:
        case None:
            return "null"
        case list():
            return f"[{', '.join(map(_formatted, value))}]"
        case dict():
            entries = sorted((_formatted(key), _formatted(item)) for key, item in value.items())
            return f"{{{', '.join(f'{key}: {item}' for key, item in entries)}}}"
        case TypeOf(name):
            return name
        case Uint():
            return str(int(value))
        case _:
            return string(value)


_QUOTE: Final = str.maketrans(
    {
        "\a": "\\a",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\v": "\\v",
        "\\": "\\\\",
        '"': '\\"',
    }
)

FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "matches": matches,
    "find": _find,
    "findAll": _find_all,
    "contains": lambda text, part: _text(part) in _text(text),
    "startsWith": lambda text, part: text.startswith(_text(part)),
    "endsWith": lambda text, part: text.endswith(_text(part)),
    "charAt": _at,
    "substring": _substring,
    "replace": _replace,
    "split": _split,
    "join": _join,
    "lowerAscii": lambda text: text.translate(_LOWER),
    "upperAscii": lambda text: text.translate(_UPPER),
    "trim": lambda text: text.strip(_BLANKS),
    "format": _format,
    "strings.quote": lambda text: f'"{text.translate(_QUOTE)}"',
}
