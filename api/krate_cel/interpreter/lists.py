"""Functions of lists: Kubernetes' own, cel-go's ext.Lists (version 3) and ext.Sets."""

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from krate_cel.interpreter import texts, values
from krate_cel.interpreter.values import NONE, EvalError, Optional

_MAX_RANGE: Final = 10_000
_ORDER: Final = functools.cmp_to_key(values.compare)


def _sum(items: Sequence[Any]) -> Any:
    if not items:
        return 0
    found = items[0]
    for item in items[1:]:
        found += item
    return found


def _extreme(name: str, choose: Callable[..., Any]) -> Callable[[list[Any]], Any]:
    def apply(items: list[Any]) -> Any:
        if not items:
            raise EvalError(f"{name} called on empty list")
        return choose(items, key=_ORDER)

    return apply


def _is_sorted(items: Sequence[Any]) -> bool:
    return all(values.compare(one, other) <= 0 for one, other in itertools.pairwise(items))


def _index_of(container: Any, value: Any, *start: int) -> int:
    if isinstance(container, str):
        return texts.index_of(container, value, *start)
    return next((number for number, item in enumerate(container) if values.equal(item, value)), -1)


def _last_index_of(container: Any, value: Any, *start: int) -> int:
    if isinstance(container, str):
        return texts.last_index_of(container, value, *start)
    found = (number for number in reversed(range(len(container))) if values.equal(container[number], value))
    return next(found, -1)


def _slice(items: list[Any], start: int, end: int) -> list[Any]:
    if start < 0 or end < 0:
        raise EvalError(f"cannot slice({start}, {end}), negative indexes not supported")
    if start > end:
        raise EvalError(f"cannot slice({start}, {end}), start index must be less than or equal to end index")
    if end > len(items):
        raise EvalError(f"cannot slice({start}, {end}), list is length {len(items)}")
    return items[start:end]


def _flatten(items: list[Any], depth: int = 1) -> list[Any]:
    if depth < 0:
        raise EvalError("level must be non-negative")
    found: list[Any] = []
    for item in items:
        found += _flatten(item, depth - 1) if isinstance(item, list) and depth else [item]
    return found


def _distinct(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if not values.contains(found, item):
            found.append(item)
    return found


def _range(length: int) -> list[int]:
    if length > _MAX_RANGE:
        raise values.TooExpensive("operation cancelled: actual cost limit exceeded")
    return list(range(length))


def _sorted_by(items: list[Any], keys: list[Any]) -> list[Any]:
    order = sorted(range(len(items)), key=lambda number: _ORDER(keys[number]))
    return [items[number] for number in order]


def _contains(items: list[Any], others: list[Any]) -> bool:
    return all(values.contains(items, other) for other in others)


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "sum": _sum,
    "min": _extreme("min", min),
    "max": _extreme("max", max),
    "isSorted": _is_sorted,
    "indexOf": _index_of,
    "lastIndexOf": _last_index_of,
    "slice": _slice,
    "flatten": _flatten,
    "distinct": _distinct,
    "lists.range": _range,
    "reverse": lambda items: items[::-1],
    "sort": lambda items: sorted(items, key=_ORDER),
    "@sortByAssociatedKeys": _sorted_by,
    "first": lambda items: Optional(items[0], True) if items else NONE,
    "last": lambda items: Optional(items[-1], True) if items else NONE,
    "sets.contains": _contains,
    "sets.intersects": lambda items, others: any(values.contains(items, other) for other in others),
    "sets.equivalent": lambda items, others: _contains(items, others) and _contains(others, items),
}
