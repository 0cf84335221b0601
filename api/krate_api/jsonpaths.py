"""JSONPath as printer columns write it (`.status.conditions[?(@.type=="Ready")].status`): client-go util/jsonpath.

A path is compiled to steps; a step takes the values found so far to the values found next. Absent members are no error.
"""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, Final

Values = list[Any]
Step = Callable[[Values], Values]

MAX_FOUND: Final = 10_000
"""Values that one path may find: `..` visits everything, and more than once when it is written twice."""
MAX_PATH: Final = 1024
"""Characters of a path."""

_TOKEN: Final = re.compile(
    r"""(?P<space>[ ]+)|(?P<root>[@$])|(?P<deep>\.\.(?P<below>(?:\\.|[^\s.,\[\]$@{}\\])*))"""
    r"""|\.(?P<field>(?:\\.|[^\s.,\[\]$@{}\\])*)|\[\?\((?P<filter>(?:"[^"]*"|'[^']*'|[^"')])*)\)\]"""
    r"""|\[(?P<index>[^\]\n]*)\]|(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
    r"""|(?P<number>[+-]?\d[\d.]*)|(?P<word>true|false)(?![^\s.,\[\]$@{}])"""
)
_COMPARISON: Final = re.compile(r"([^!<>=]+)([!<>=]+)(.+)", re.DOTALL)
_KEY: Final = re.compile(r"'([^']*)'")
_SLICE: Final = re.compile(r"(-?\d*)(:-?\d*)?(:-?\d*)?")
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class JSONPathError(ValueError):
    """the path cannot be parsed, or not be followed in this object."""


@lru_cache(maxsize=4096)
def compiled(text: str) -> tuple[Step, ...]:
    """The steps of a path.

    Raises:
        JSONPathError: it cannot be parsed.
    """
    if len(text) > MAX_PATH:
        raise JSONPathError("the path is too long")
    steps: list[Step] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise JSONPathError(f"unrecognized character in action: {text[position]!r}")
        steps += _steps(match)
        position = match.end()
    return tuple(steps)


def find(text: str, obj: Any) -> Values:
    """The values at a path.

    Raises:
        JSONPathError: the path cannot be parsed, or not be followed.
    """
    return _walk(compiled(text), [obj])


def _walk(steps: Iterable[Step], values: Values) -> Values:
    for step in steps:
        values = list(islice(step(values), MAX_FOUND))
    return values


def _steps(match: re.Match[str]) -> list[Step]:
    found: list[Step] = []
    match match.lastgroup:
        case "field":
            found = [_field(match["field"])]
        case "deep":
            found = [_descend, _field(match["below"])] if match["below"] else [_descend]
        case "filter":
            found = [_filter(match["filter"])]
        case "index":
            found = [_index(match["index"])]
        case "quoted":
            found = [_literal(re.sub(r"\\(.)", r"\1", match["quoted"][1:-1]))]
        case "number":
            found = [_literal(_number(match["number"]))]
        case "word":
            found = [_literal(match["word"] == "true")]
        case _:
            pass  # Spaces, and @ or $: where one stands already.
    return found


def _number(text: str) -> int | float:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        raise JSONPathError(f"cannot parse number {text}") from None


def _literal(value: Any) -> Step:
    return lambda values: [value for _ in values]


def _children(value: Any) -> Values:
    match value:
        case dict():
            return list(value.values())
        case list():
            return value
        case _:
            return []


def _field(name: str) -> Step:
    if name == "*":
        return lambda values: [child for value in values for child in _children(value)]
    key = re.sub(r"\\(.)", r"\1", name)
    return lambda values: [value[key] for value in values if isinstance(value, dict) and key in value]


def _descend(values: Values) -> Values:
    found: Values = []
    waiting = list(reversed(values))
    while waiting and len(found) < MAX_FOUND:
        value = waiting.pop()
        if children := _children(value):
            found.append(value)
            waiting += reversed(children)
    return found


def _index(text: str) -> Step:
    """`[0]`, `[-1]`, `[1:3]`, `[*]`, `['key']`, and several of them with commas."""
    parts = text.split(",")
    if len(parts) > 1:
        steps = [_index(part.strip()) for part in parts]
        return lambda values: [found for step in steps for found in step(values)]
    if key := _KEY.fullmatch(text):
        return _field(key[1])
    match = _SLICE.fullmatch(":" if text == "*" else text)
    if match is None or not (text and text != "-"):
        raise JSONPathError(f"invalid array index {text}")
    try:
        first, last, step = (int(part.removeprefix(":")) if part and part != ":" else None for part in match.groups())
    except ValueError:
        raise JSONPathError(f"array index {text} is not a number") from None
    if match[2] is None:
        return _item(first or 0)
    if step is not None and step <= 0:
        raise JSONPathError("step must be > 0")
    return lambda values: [item for value in _lists(values) for item in value[first:last:step]]


def _item(number: int) -> Step:
    def step(values: Values) -> Values:
        found: Values = []
        for value in _lists(values):
            if not -len(value) <= number < len(value):
                raise JSONPathError(f"array index out of bounds: index {number}, length {len(value)}")
            found.append(value[number])
        return found

    return step


def _lists(values: Values) -> Iterable[Values]:
    for value in values:
        if value is None:
            continue
        if not isinstance(value, list):
            raise JSONPathError("what is indexed is not array or slice")
        yield value


def _filter(text: str) -> Step:
    match = _COMPARISON.fullmatch(text)
    if match is None:
        wanted = compiled(text)
        return lambda values: [item for value in _lists(values) for item in value if _walk(wanted, [item])]
    compare = _COMPARE.get(match[2])
    if compare is None:
        raise JSONPathError(f"unrecognized filter operator {match[2]}")
    left, right = compiled(match[1].strip()), compiled(match[3].strip())

    def passes(item: Any) -> bool:
        sides = _walk(left, [item]), _walk(right, [item])
        if not all(sides):
            return False
        if any(len(side) > 1 for side in sides):
            raise JSONPathError("can only compare one element at a time")
        try:
            return compare(sides[0][0], sides[1][0])
        except TypeError:
            raise JSONPathError("incompatible types for comparison") from None

    return lambda values: [item for value in _lists(values) for item in value if passes(item)]
