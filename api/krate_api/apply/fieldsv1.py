"""Sets of fields as they are stored: nested objects, "." for a field that has something below it (FieldsV1)."""

import heapq
from collections.abc import Iterable, Mapping
from typing import Any, Final

from krate_api.apply import elements
from krate_api.apply.elements import Element, Unreadable
from krate_api.apply.fieldsets import FieldSet

_SELF: Final = "."
_PART: Final = 10_000


def encode(fields: FieldSet) -> dict[str, Any]:
    """The object of a set, keys in upstream's order."""
    found: dict[str, Any] = {}
    for element in _sorted([*(fields.members | fields.children.keys())]):
        below = fields.children.get(element)
        inner = encode(below) if below is not None else {}
        if inner and element in fields.members:
            inner = {_SELF: {}, **inner}
        found[elements.written(element)] = inner
    return found


def _sorted(found: list[Element]) -> Iterable[Element]:
    """All in order; of very many, parts are sorted and then merged, because nobody else runs while a list is sorted."""
    if len(found) <= _PART:
        return sorted(found)
    return heapq.merge(*(sorted(found[start : start + _PART]) for start in range(0, len(found), _PART)))


def decode(fields: Any) -> FieldSet:
    """The set of an object; kinds of elements that are unknown are left out.

    Raises:
        Unreadable: it is not the object of a set.
    """
    found, _ = _decode(fields)
    return found or FieldSet()


def _decode(fields: Any) -> tuple[FieldSet | None, bool]:
    """What is below a key, and whether the key itself is a member."""
    if fields is None:
        return None, True
    if not isinstance(fields, Mapping):
        raise Unreadable(f"not an object: {fields!r:.100}")
    found = FieldSet()
    for name, inner in fields.items():
        element = None if name == _SELF else elements.read(name)
        if element is None:
            continue
        below, member = _decode(inner)
        if member:
            found.members.add(element)
        if below is not None:
            found.children[element] = below
    if not (found.members or found.children):
        return None, True
    return found, _SELF in fields
