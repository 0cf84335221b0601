"""The steps of a path: a field, an item by its keys, an item by its value, an item by its index.

An element is a tuple: hashing, equality and upstream's total order (fields, keys, values, indexes) are Python's own.
"""

import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

import orjson

from krate_api.apply import values
from krate_api.apply.values import Canonical
from krate_api.schemas import gofmt

FIELD, KEY, VALUE, INDEX = range(4)

Element = tuple[int, Any]
Path = tuple[Element, ...]

_PREFIXES: Final = "fkvi"
_ESCAPED: Final = re.compile('[\x00-\x1f"\\\\\u2028\u2029]')
_HTML: Final = re.compile('[\x00-\x1f"\\\\\u2028\u2029<>&]')
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_EXACT: Final = 2**53
"""Up to here every integer is a float, and upstream reads those of a written element as floats."""


class Unreadable(ValueError):
    """A written path element that means nothing."""


def field(name: str) -> Element:
    """The field `name` of a map."""
    return FIELD, name


def key(fields: Mapping[str, Any]) -> Element:
    """The item of a list that has these fields."""
    return KEY, tuple(sorted((name, values.canonical(value)) for name, value in fields.items()))


def value(content: Any) -> Element:
    """The item of a set that is this value."""
    return VALUE, values.canonical(content)


def index(number: int) -> Element:
    """The item of a list at this place."""
    return INDEX, number


def text(path: Iterable[Element]) -> str:
    """The path as people read it: `.spec.ports[name="web"].port`."""
    return "".join(map(_text, path))


def _text(element: Element) -> str:
    kind, content = element
    match kind:
        case 0:
            return f".{content}"
        case 1:
            return f"[{','.join(f'{name}={shown(plain)}' for name, plain in content)}]"
        case 2:
            return f"[={shown(content)}]"
        case _:
            return f"[{content}]"


def shown(content: Canonical) -> str:
    """A value in a path, as Go prints it."""
    match plain := values.plain(content):
        case float():
            found = gofmt.number(plain)
        case list():
            found = f"[{','.join(shown(item) for item in content[1])}]"
        case dict():
            found = "".join(f"{name}={shown(item)}" for name, item in content[1])
        case _:
            found = json.dumps(plain, ensure_ascii=False)
    return found


def _scientific(number: float) -> tuple[str, int]:
    """The shortest mantissa, and the exponent."""
    mantissa, _, exponent = f"{Decimal(repr(number)).normalize():e}".partition("e")
    return mantissa, int(exponent)


def _positional(number: float) -> str:
    digits = f"{Decimal(repr(number)):f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def written(element: Element) -> str:
    """The element as a key of fieldsV1: `f:spec`, `k:{"name":"x"}`, `v:"x"`, `i:0`."""
    kind, content = element
    match kind:
        case 0:
            return f"f:{content}"
        case 1:
            inner = ",".join(f"{_quoted(name, _ESCAPED)}:{_json(item)}" for name, item in content)
            return f"k:{{{inner}}}"
        case 2:
            return f"v:{_json(content)}"
        case _:
            return f"i:{content}"


def _json(content: Canonical) -> str:
    plain = values.plain(content)
    match plain:
        case str():
            return _quoted(plain, _HTML)
        case float():
            small = plain and not 1e-6 <= abs(plain) < 1e21  # noqa: PLR2004 - the two bounds of Go's encoder
            mantissa, exponent = _scientific(plain)
            return f"{mantissa}e{exponent:+03d}" if small else _positional(plain)
        case list():
            return f"[{','.join(_json(item) for item in content[1])}]"
        case dict():
            return "{" + ",".join(f"{_quoted(name, _HTML)}:{_json(item)}" for name, item in content[1]) + "}"
        case _:
            return json.dumps(plain)


def _quoted(plain: str, special: re.Pattern[str]) -> str:
    """A JSON string as Go's encoder writes it."""
    return '"' + special.sub(lambda found: _SHORT.get(found[0]) or f"\\u{ord(found[0]):04x}", plain) + '"'


def read(key_of_fields: str) -> Element | None:
    """The element that a key of fieldsV1 means; None for a kind of element that a later version may know.

    Raises:
        Unreadable: it is no element.
    """
    if key_of_fields[1:2] != ":":
        raise Unreadable(f"missing colon: {key_of_fields}")
    content = key_of_fields[2:]
    match key_of_fields[0]:
        case "f":
            return field(content)
        case "k":
            fields = _loaded(content)
            if not isinstance(fields, dict):
                raise Unreadable(f"not an object: {content}")
            return key(fields)
        case "v":
            return value(_loaded(content))
        case "i":
            if not re.fullmatch(r"[+-]?[0-9]{1,18}", content, re.ASCII):
                raise Unreadable(f"not a number: {content}")
            return index(int(content))
        case _:
            return None


def _loaded(content: str) -> Any:
    try:
        return _floats(orjson.loads(content))
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise Unreadable(f"not JSON: {content}") from error


def _floats(plain: Any) -> Any:
    """Numbers as upstream reads them from an element: floats, while that loses nothing."""
    match plain:
        case bool():
            return plain
        case int():
            return float(plain) if -_EXACT <= plain <= _EXACT else plain
        case list():
            return [_floats(item) for item in plain]
        case dict():
            return {name: _floats(item) for name, item in plain.items()}
        case _:
            return plain
