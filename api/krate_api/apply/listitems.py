"""Which item of a list is which: by its keys, or by its value in a set."""

from collections.abc import Iterable
from typing import Any

from krate_api.apply import elements
from krate_api.apply.elements import Element
from krate_api.apply.typed import Problem
from krate_api.apply.typedefs import ListType


class Unidentified(ValueError):
    """An item that cannot be told from others."""


def identify(item: Any, of: ListType) -> Element:
    """The path element of `item` in an associative list.

    Raises:
        Unidentified: it has no key, or cannot be in a set.
    """
    return _by_keys(item, of) if of.keys else _by_value(item)


def _by_keys(item: Any, of: ListType) -> Element:
    if item is None:
        raise Unidentified("associative list with keys may not have a null element")
    if not isinstance(item, dict):
        raise Unidentified("associative list with keys may not have non-map elements")
    fields = of.element.as_map
    found: dict[str, Any] = {}
    for name in of.keys:
        if name in item:
            found[name] = item[name]
        elif fields is None:
            why = "associative list may not have non-map types"
            raise Unidentified(f"couldn't find default value for {name}: {why}")
        elif fields.defaults.get(name) is not None:
            found[name] = fields.defaults[name]
    if not found:
        names = " ".join(elements.shown(elements.value(name)[1]) for name in of.keys)
        raise Unidentified(
            f"associative list with keys has an element that omits all key fields [{names}] "
            "(and doesn't have default values for any key fields)"
        )
    return elements.key(found)


def _by_value(item: Any) -> Element:
    match item:
        case dict():
            raise Unidentified("associative list without keys has an element that's a map type")
        case list():
            raise Unidentified("not supported: associative list with lists as elements")
        case None:
            raise Unidentified("associative list without keys has an element that's an explicit null")
        case _:
            return elements.value(item)


def grouped(items: Iterable[Any], of: ListType) -> tuple[dict[Element, list[Any]], list[Problem]]:
    """The items by their path elements, in order of first appearance; those that have none are problems."""
    found: dict[Element, list[Any]] = {}
    problems: list[Problem] = []
    for number, item in enumerate(items):
        try:
            found.setdefault(identify(item, of), []).append(item)
        except Unidentified as error:
            problems.append(("", f"element {number}: {error}"))
    return found, problems
