"""What a call costs (AS/pkg/cel/library/cost.go CallCost; cel-go interpreter/runtimecost.go costCall)."""

import ipaddress
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from krate_cel.interpreter import values
from krate_cel.libraries import addresses, named

TRAVERSAL: Final = 0.1
"""Of a text, by character."""
PATTERN: Final = 0.25
"""Of a pattern, by character."""

Cost = Callable[[Sequence[Any], Any], int]
"""From arguments and result."""


def _size(value: Any) -> int:
    """Size of what has one; 1 for everything else."""
    if isinstance(value, values.Optional) and value.present:
        return _size(value.value)
    if isinstance(value, addresses.Range):
        return math.ceil(value.length / 8)
    if isinstance(value, ipaddress.IPv4Address | ipaddress.IPv6Address):
        return len(value.packed)
    return len(value) if isinstance(value, str | bytes | list | dict) else 1


def _walk(factor: float) -> Cost:
    return lambda arguments, _: math.ceil(_size(arguments[0]) * factor * TRAVERSAL)


def _traversal(value: Any) -> int:
    if isinstance(value, str | bytes):
        return int(len(value) * TRAVERSAL)
    if isinstance(value, list):
        return sum(map(_traversal, value))
    if isinstance(value, dict):
        return sum(_traversal(key) + _traversal(item) for key, item in value.items())
    return 1


def _pattern(text: int, pattern: int) -> int:
    return math.ceil((1.0 + text) * TRAVERSAL) * math.ceil(pattern * PATTERN)


def _shorter(arguments: Sequence[Any], _: Any) -> int:
    return math.ceil(min(_size(arguments[0]), _size(arguments[1])) * TRAVERSAL)


def _ordered(arguments: Sequence[Any], result: Any) -> int:
    return _shorter(arguments, result) if isinstance(arguments[0], str | bytes) else 1


def _joined(arguments: Sequence[Any], _: Any) -> int:
    if not isinstance(arguments[0], str | bytes):
        return 1
    return math.ceil((_size(arguments[0]) + _size(arguments[1])) * TRAVERSAL)


def _contained(arguments: Sequence[Any], _: Any) -> int:
    whole, part = (math.ceil(_size(one) * TRAVERSAL) for one in arguments)
    return whole * part


def _validated(arguments: Sequence[Any], _: Any) -> int:
    form = arguments[0]
    return _pattern(_size(arguments[1]), form.pattern_size) if isinstance(form, named.Format) else 1


def _in_range(arguments: Sequence[Any], _: Any) -> int:
    found = math.ceil(2 * _size(arguments[0]) * TRAVERSAL)
    return found + (math.ceil(_size(arguments[1]) * TRAVERSAL) if isinstance(arguments[1], str) else 0)


def _range_in_range(arguments: Sequence[Any], result: Any) -> int:
    return _in_range(arguments, result) + math.ceil(_size(arguments[0]) * TRAVERSAL) + 1


_ONCE: Final = _walk(1)
_TWICE: Final = _walk(2)
_COSTS: Final[Mapping[str, Cost]] = {
    **dict.fromkeys(
        ("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"), lambda arguments, _: _traversal(arguments[0])
    ),
    **dict.fromkeys(
        (
            "url", "lowerAscii", "upperAscii", "substring", "trim", "cidr", "isIP", "isCIDR", "quantity", "isQuantity",
            "semver", "isSemver", "startsWith", "endsWith", "strings.quote", "format",
        ),
        _ONCE,
    ),
    **dict.fromkeys(("replace", "split", "ip.isCanonical"), _TWICE),
    **dict.fromkeys(("_<_", "_<=_", "_>_", "_>=_"), _ordered),
    **dict.fromkeys(("_==_", "_!=_"), _shorter),
    **dict.fromkeys(
        ("matches", "find", "findAll"), lambda arguments, _: _pattern(_size(arguments[0]), _size(arguments[1]))
    ),
    "ip": lambda arguments, _: 1 if isinstance(arguments[0], addresses.Range) else _ONCE(arguments, None),
    "join": lambda _, result: math.ceil(_size(result) * 2 * TRAVERSAL),
    "@in": lambda arguments, _: _size(arguments[1]) if isinstance(arguments[1], list) else 1,
    "_+_": _joined,
    "contains": _contained,
    "containsIP": _in_range,
    "containsCIDR": _range_in_range,
    "validate": _validated,
    "string": lambda arguments, _: _ONCE(arguments, None) if isinstance(arguments[0], bytes) else 1,
    "bytes": lambda arguments, _: _ONCE(arguments, None) if isinstance(arguments[0], str) else 1,
}  # fmt: skip


def of(function: str) -> Cost | None:
    """The cost of a function; None where every call costs 1."""
    return _COSTS.get(function)
