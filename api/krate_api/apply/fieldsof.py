"""The fields that an object has, as its owner owns them (SMD/typed/tofieldset.go)."""

from typing import Any

from krate_api.apply import listitems
from krate_api.apply.elements import FIELD, Element
from krate_api.apply.fieldsets import FieldSet
from krate_api.apply.typed import Typed
from krate_api.apply.typedefs import MAP, SCALAR, ListType, MapType, Type


def fields_of(typed: Typed) -> FieldSet:
    """The set of a valid object."""
    found = FieldSet()
    _collect(typed.value, typed.type, found)
    return found


def _collect(value: Any, of: Type, into: FieldSet) -> bool:
    """Put what is below `value` into the set of its node; whether the path of `value` is a member as a leaf."""
    form = of.form(value)
    if form & MAP and of.as_map is not None:
        if of.as_map.atomic:
            return True
        if value is not None:
            _collect_fields(value, of.as_map, into)
        return False
    if form & SCALAR:
        return True
    if of.as_list is not None:
        if not of.as_list.associative:
            return True
        if value is not None:
            _collect_items(value, of.as_list, into)
    return False


def _collect_fields(value: dict[str, Any], of: MapType, into: FieldSet) -> None:
    for name, item in value.items():
        inner = of.of(name)
        if inner is not None:
            undeclared = item is None or item == {} or name not in of.fields
            _enter((FIELD, name), item, inner, into, member=undeclared)


def _collect_items(items: list[Any], of: ListType, into: FieldSet) -> None:
    groups, _ = listitems.grouped(items, of)
    for element, found in groups.items():
        if len(found) > 1:  # Items that cannot be told apart are owned as one.
            into.members.add(element)
        else:
            _enter(element, found[0], of.element, into, member=True)


def _enter(element: Element, value: Any, of: Type, into: FieldSet, *, member: bool) -> None:
    child = FieldSet()
    if _collect(value, of, child) or member:
        into.members.add(element)
    if child.members or child.children:
        into.children[element] = child
