"""Values of CEL in Python: JSON's types as they are, and classes for what JSON does not know.

int, Uint, float, str, bytes, bool, None, list, dict, datetime, timedelta; Optional, TypeOf; Decimal for a quantity,
addresses, ranges, urls, versions and formats of `krate_cel.libraries`.
"""

import datetime
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from krate_cel.interpreter.tree import Uint
from krate_cel.libraries import addresses, named, urls, versions


class EvalError(Exception):
    """An expression has no value; the message is cel-go's."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class TooExpensive(Exception):
    """An evaluation went over its limit."""


def no_overload(function: str = "") -> EvalError:
    return EvalError(f"no such overload: {function}" if function else "no such overload")


@dataclass(frozen=True, slots=True)
class Optional:
    """A value, or none."""

    value: Any = None
    present: bool = False


NONE: Final = Optional()


@dataclass(frozen=True, slots=True)
class TypeOf:
    """A type as a value."""

    name: str


class SetList(list[Any]):
    """A list that is a set: order does not count, and addition unites."""


class MapList(list[Any]):
    """A list that is a map: order does not count, and addition replaces items of the same keys."""

    keys: tuple[str, ...] = ()


_NAMES: Final[Sequence[tuple[Any, str]]] = (
    (bool, "bool"),
    (Uint, "uint"),
    (int, "int"),
    (float, "double"),
    (str, "string"),
    (bytes, "bytes"),
    (list, "list"),
    (dict, "map"),
    (datetime.datetime, "google.protobuf.Timestamp"),
    (datetime.timedelta, "google.protobuf.Duration"),
    (Optional, "optional_type"),
    (TypeOf, "type"),
    (Decimal, "kubernetes.Quantity"),
    ((ipaddress.IPv4Address, ipaddress.IPv6Address), "net.IP"),
    (addresses.Range, "net.CIDR"),
    (urls.Url, "kubernetes.URL"),
    (versions.Version, "kubernetes.Semver"),
    (named.Format, "kubernetes.NamedFormat"),
)


def type_name(value: Any) -> str:
    """The name of a value's type."""
    return "null_type" if value is None else next((name for kind, name in _NAMES if isinstance(value, kind)), "dyn")


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def equal(one: Any, other: Any) -> bool:
    """Equality of CEL: numbers across types, everything else within its type."""
    if is_number(one) and is_number(other):
        return one == other
    if isinstance(one, list) and isinstance(other, list):
        return _same_lists(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return len(one) == len(other) and all(key in other and equal(item, other[key]) for key, item in one.items())
    if isinstance(one, Optional) and isinstance(other, Optional):
        return one.present == other.present and (not one.present or equal(one.value, other.value))
    return type_name(one) == type_name(other) and one == other


def _same_lists(one: list[Any], other: list[Any]) -> bool:
    if len(one) != len(other):
        return False
    if isinstance(one, SetList | MapList):
        return all(contains(other, item) for item in one)
    return all(map(equal, one, other))


def contains(items: Iterable[Any], value: Any) -> bool:
    return any(equal(item, value) for item in items)


def added(one: list[Any], other: list[Any]) -> list[Any]:
    """`one + other`, as the kind of list that `one` is (AS/pkg/cel/common/values.go)."""
    if isinstance(one, SetList):
        return SetList([*one, *(item for item in other if not contains(one, item))])
    if isinstance(one, MapList):
        merged = {_identity(item, one.keys): item for item in one}
        merged.update({_identity(item, one.keys): item for item in other})
        found = MapList(merged.values())
        found.keys = one.keys
        return found
    return [*one, *other]


def _identity(item: Any, keys: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(item.get(key) if isinstance(item, dict) else None for key in keys)


def compare(one: Any, other: Any) -> int:
    """-1, 0 or 1.

    Raises:
        EvalError: they have no order.
    """
    first, second = one, other
    kinds = (bool, str, bytes, datetime.datetime, datetime.timedelta)
    comparable = (is_number(one) and is_number(other)) or (
        type_name(one) == type_name(other) and isinstance(one, kinds) and isinstance(other, kinds)
    )
    if not comparable or one != one or other != other:  # noqa: PLR0124 - NaN has no order
        raise no_overload()
    return (first > second) - (first < second)


def size(value: Any) -> int | None:
    """The size of what has one: code points, bytes, items, entries."""
    return len(value) if isinstance(value, str | bytes | list | dict) else None
