"""Standard operators and conversions of CEL by name; `texts`, `lists`, `times` and `kubernetes` have the rest."""

import datetime
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from krate_cel.interpreter import kubernetes, lists, texts, times, values
from krate_cel.interpreter.tree import Uint
from krate_cel.interpreter.values import NONE, EvalError, Optional, TypeOf

TYPES: Final[Mapping[str, TypeOf]] = {
    name: TypeOf(name)
    for name in (
        "bool", "bytes", "double", "dyn", "int", "list", "map", "null_type", "string", "type", "uint", "optional_type",
        "google.protobuf.Timestamp", "google.protobuf.Duration", "net.IP", "net.CIDR", "kubernetes.URL",
        "kubernetes.Quantity", "kubernetes.Semver", "kubernetes.NamedFormat",
    )
}  # fmt: skip
"""Types that an expression can name."""
_INT64: Final = 1 << 63


def _fits(value: int, kind: type) -> int:
    """An integer within its 64 bits."""
    if kind is Uint:
        if not 0 <= value < 2 * _INT64:
            raise EvalError("unsigned integer overflow")
        return Uint(value)
    if not -_INT64 <= value < _INT64:
        raise EvalError("integer overflow")
    return value


def _arithmetic(act: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def apply(one: Any, other: Any) -> Any:
        if isinstance(one, bool) or type(one) is not type(other):
            raise values.no_overload()
        if isinstance(one, float):
            return act(one, other)
        if not isinstance(one, int):
            raise values.no_overload()
        return _fits(act(int(one), int(other)), type(one))

    return apply


def _quotient(one: int, other: int) -> int:
    found = abs(one) // abs(other)
    return found if (one < 0) == (other < 0) else -found


def _divided(one: Any, other: Any) -> Any:
    if isinstance(one, float) and isinstance(other, float):
        if not other:
            return math.nan if not one or math.isnan(one) else math.copysign(math.inf, one) * math.copysign(1, other)
        return one / other
    if isinstance(other, int) and other == 0:
        raise EvalError("division by zero")
    return _arithmetic(_quotient)(one, other)


def _remainder(one: Any, other: Any) -> Any:
    if isinstance(one, float):
        raise values.no_overload()
    if isinstance(other, int) and other == 0:
        raise EvalError("modulus by zero")
    return _arithmetic(lambda left, right: left - _quotient(left, right) * right)(one, other)


_sum = _arithmetic(operator.add)
_difference = _arithmetic(operator.sub)


def _add(one: Any, other: Any) -> Any:
    if isinstance(one, str | bytes) and type(one) is type(other):
        return one + other
    if isinstance(one, list) and isinstance(other, list):
        return values.added(one, other)
    if isinstance(one, datetime.timedelta | datetime.datetime):
        return times.add(one, other)
    return _sum(one, other)


def _subtract(one: Any, other: Any) -> Any:
    if isinstance(one, datetime.timedelta | datetime.datetime):
        return times.subtract(one, other)
    return _difference(one, other)


def _negated(value: Any) -> Any:
    if isinstance(value, bool | Uint) or not isinstance(value, int | float):
        raise values.no_overload()
    return -value if isinstance(value, float) else _fits(-value, int)


def _not(value: Any) -> bool:
    if not isinstance(value, bool):
        raise values.no_overload()
    return not value


def _ordered(holds: Callable[[int, int], bool]) -> Callable[[Any, Any], bool]:
    return lambda one, other: holds(values.compare(one, other), 0)


def _in(value: Any, container: Any) -> bool:
    if isinstance(container, dict):
        return _key(container, value) is not NONE
    if isinstance(container, list):
        return values.contains(container, value)
    raise values.no_overload()


def _key(container: dict[Any, Any], key: Any) -> Optional:
    """The entry of a map; numbers find keys of their value, whatever their type."""
    if isinstance(key, float) and key.is_integer():
        key = int(key)
    for kind in (bool, str, int):
        if isinstance(key, kind) and key in container:
            return Optional(container[key], True)
    return NONE


def _index(container: Any, key: Any) -> Any:
    if isinstance(container, Optional):
        return optional_index(container, key)
    if isinstance(container, dict):
        found = _key(container, key)
        if found is NONE:
            raise EvalError(f"no such key: {texts.shown(key)}")
        return found.value
    if isinstance(container, list):
        if not values.is_number(key) or int(key) != key:
            raise EvalError(f"unsupported index type '{values.type_name(key)}' in list")
        if not 0 <= key < len(container):
            raise EvalError(f"index out of bounds: {int(key)}")
        return container[int(key)]
    raise values.no_overload()


def optional_index(container: Any, key: Any) -> Optional:
    """`container[?key]`."""
    if isinstance(container, Optional):
        return optional_index(container.value, key) if container.present else NONE
    if isinstance(container, list):
        inside = values.is_number(key) and 0 <= key < len(container)
        return Optional(container[int(key)], True) if inside else NONE
    return _key(container, key) if isinstance(container, dict) else NONE


def optional_member(container: Any, field: Any) -> Optional:
    """`container.?field`."""
    return optional_index(container, field)


def _size(value: Any) -> int:
    found = values.size(value)
    if found is None:
        raise values.no_overload()
    return found


def _of_non_zero(value: Any) -> Optional:
    zero = value is None or value in (0, "", b"", datetime.timedelta()) or value in ([], {}) or value is False
    return NONE if zero else Optional(value, True)


def _value(value: Optional) -> Any:
    if not value.present:
        raise EvalError("optional.none() dereference")
    return value.value


def _unconverted(source: str, target: str) -> EvalError:
    return EvalError(f"type conversion error from '{source}' to '{target}'")


def _int(value: Any) -> int:
    if isinstance(value, datetime.datetime):
        return int(value.timestamp())
    if isinstance(value, str):
        if not re.fullmatch(r"[+-]?[0-9]+", value, re.ASCII) or len(value) > 20:  # noqa: PLR2004 - digits of 64 bits
            raise _unconverted("string", "int")
        return _fits(int(value), int)
    if isinstance(value, float) and not -_INT64 < value < _INT64:
        raise EvalError("integer overflow")
    return _fits(int(_numeric(value)), int)


def _uint(value: Any) -> int:
    if isinstance(value, str):
        if not re.fullmatch(r"[0-9]{1,20}", value, re.ASCII):
            raise _unconverted("string", "uint")
        return _fits(int(value), Uint)
    if isinstance(value, float) and not 0 <= value < 2 * _INT64:
        raise EvalError("unsigned integer overflow")
    return _fits(int(_numeric(value)), Uint)


def _double(value: Any) -> float:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise _unconverted("string", "double") from None
    return float(_numeric(value))


def _numeric(value: Any) -> Any:
    if not values.is_number(value):
        raise values.no_overload()
    return value


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    words = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False}
    found = words.get(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise _unconverted(values.type_name(value), "bool")
    return found


def _bytes(value: Any) -> bytes:
    if not isinstance(value, str | bytes):
        raise values.no_overload()
    return value.encode() if isinstance(value, str) else value


def _inserted(container: dict[Any, Any], *entry: Any) -> dict[Any, Any]:
    """What transformMap puts together; a key comes once."""
    more = entry[0] if len(entry) == 1 else {entry[0]: entry[1]}
    for key in more:
        if key in container:
            raise EvalError(f"insert failed: key {texts.shown(key)} already exists")
    return {**container, **more}


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    **texts.FUNCTIONS,
    **lists.FUNCTIONS,
    **times.FUNCTIONS,
    **kubernetes.FUNCTIONS,
    "_+_": _add,
    "_-_": _subtract,
    "_*_": _arithmetic(operator.mul),
    "_/_": _divided,
    "_%_": _remainder,
    "-_": _negated,
    "!_": _not,
    "_==_": values.equal,
    "_!=_": lambda one, other: not values.equal(one, other),
    "_<_": _ordered(operator.lt),
    "_<=_": _ordered(operator.le),
    "_>_": _ordered(operator.gt),
    "_>=_": _ordered(operator.ge),
    "@in": _in,
    "_[_]": _index,
    "_[?_]": optional_index,
    "_?._": optional_member,
    "size": _size,
    "optional.of": lambda value: Optional(value, True),
    "optional.none": lambda: NONE,
    "optional.ofNonZeroValue": _of_non_zero,
    "value": _value,
    "hasValue": lambda value: value.present,
    "optional.unwrap": lambda items: [item.value for item in items if item.present],
    "unwrapOpt": lambda items: [item.value for item in items if item.present],
    "cel.@mapInsert": _inserted,
    "type": lambda value: TypeOf(values.type_name(value)),
    "dyn": lambda value: value,
    "int": _int,
    "uint": _uint,
    "double": _double,
    "bool": _bool,
    "bytes": _bytes,
    "string": texts.string,
}
