"""One object laid over another (SMD/typed/merge.go): fields of the right win, items keep the order of both sides."""

from collections.abc import Iterator
from typing import Any

from krate_api.apply import elements, listitems, validation, values
from krate_api.apply.elements import Element
from krate_api.apply.typed import Problem, Typed, TypeMismatch, under
from krate_api.apply.typedefs import LIST, MAP, SCALAR, ListType, MapType, Type
from krate_api.apply.values import ABSENT


def merge(left: Typed, right: Typed) -> Typed:
    """`left` with everything that `right` says; nothing is shared with either.

    Raises:
        TypeMismatch: an object does not fit its type.
    """
    out, problems = _merge(left.value, right.value, left.type)
    if problems:
        raise TypeMismatch(problems)
    return Typed(None if out is ABSENT else out, left.type, left.version)


def _merge(left: Any, right: Any, of: Type) -> tuple[Any, list[Problem]]:
    if right is ABSENT or left is ABSENT or values.same(left, right):
        return values.clone(left if right is ABSENT else right), []
    here, there = of.form(left), of.form(right)
    if here == there:
        return _as(there, left, right, of)
    # A field that changes its form is checked as both and becomes the right one.
    _, problems = _as(here, left, right, of)
    out, more = _as(there, left, right, of)
    return out, problems + more


def _as(form: int, left: Any, right: Any, of: Type) -> tuple[Any, list[Problem]]:
    if form & MAP and of.as_map is not None:
        before, after = (_part(side, dict) for side in (left, right))
        if not of.as_map.atomic and (before or after):
            return _fields(before or {}, after or {}, of.as_map)
    elif form & SCALAR and of.scalar is not None:
        if wrong := validation.neither_scalar(left, right, of.scalar):
            return ABSENT, wrong
    elif form & LIST and of.as_list is not None:
        before, after = (_part(side, list) for side in (left, right))
        if of.as_list.associative and (before or after):
            return _items(before or [], after or [], of.as_list)
    else:
        return ABSENT, [("", validation.invalid(of))]
    return values.clone(right), []


def _part(value: Any, kind: type) -> Any:
    return value if isinstance(value, kind) else None


def _fields(left: dict[str, Any], right: dict[str, Any], of: MapType) -> tuple[Any, list[Problem]]:
    out: dict[str, Any] = {}
    problems: list[Problem] = []
    for name in left | right:
        inner = of.of(name) or _NOTHING
        merged, wrong = _merge(left.get(name, ABSENT), right.get(name, ABSENT), inner)
        problems += under(f".{name}", wrong)
        if merged is not ABSENT:
            out[name] = merged
    return out or ABSENT, problems


_NOTHING = Type()


def _items(left: list[Any], right: list[Any], of: ListType) -> tuple[Any, list[Problem]]:
    before, problems = listitems.grouped(left, of)
    after, more = listitems.grouped(right, of)
    problems += more
    for element, items in after.items():
        problems += [("", f"duplicate entries for key {elements.text((element,))}")] * (len(items) - 1)
    if problems:
        return ABSENT, problems
    out: list[Any] = []
    for old, new in _pairs(left, before, {element: items[0] for element, items in after.items()}, of):
        merged, _ = _merge(old, new, of.element)  # Upstream does not look at what is wrong inside of items.
        if merged is not ABSENT:
            out.append(merged)
    return out or ABSENT, []


def _pairs(
    left: list[Any], before: dict[Element, list[Any]], after: dict[Element, Any], of: ListType
) -> Iterator[tuple[Any, Any]]:
    """What becomes one item, in the order of the result.

    Both orders are kept where they agree; where they do not, the right one wins, and items that only the left has stay
    behind the item that they followed.
    """
    order = [listitems.identify(item, of) for item in left]
    wanted = list(after)
    shared = iter([element for element in wanted if element in before])
    following = next(shared, None)
    merged: set[Element] = set()
    at, to = 0, 0
    while at < len(order) or to < len(wanted):
        element = order[at] if at < len(order) else None
        target = wanted[to] if to < len(wanted) else None
        pair = element is not None and element == target
        if element in after and target and not pair and following not in {None, element}:
            at += 1  # A shared item, but another one comes first in the wanted order.
            continue
        if element is not None and element not in after:
            yield left[at], ABSENT
            at += 1
            continue
        if element in merged and not pair:
            at += 1
        if target is not None:
            merged.add(target)
            yield _counterpart(before, target), after[target]
            to += 1
            at += pair
            if pair or following == target:
                following = next(shared, None)


def _counterpart(before: dict[Element, list[Any]], element: Element) -> Any:
    """The item on the left; of several, which are owned as one, nothing is kept."""
    items = before.get(element, [])
    return ABSENT if not items else items[0] if len(items) == 1 else None
