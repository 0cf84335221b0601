"""An object without some of its fields, or only with them (SMD/typed/remove.go)."""

from typing import Any

from krate_api.apply import listitems
from krate_api.apply.elements import FIELD, KEY, Element
from krate_api.apply.fieldsets import FieldSet
from krate_api.apply.fieldsof import fields_of
from krate_api.apply.listitems import Unidentified
from krate_api.apply.typed import Typed
from krate_api.apply.typedefs import MAP, SCALAR, ListType, MapType, Type

_NOTHING = Type()


def remove(typed: Typed, fields: FieldSet) -> Typed:
    """`typed` without `fields`; maps and lists that become empty are null. Parts that stay are shared."""
    return Typed(_visit(typed.value, typed.type, fields, extract=False), typed.type, typed.version)


def extract(typed: Typed, fields: FieldSet, *, with_keys: bool = False) -> Typed:
    """`typed` reduced to `fields`.

    Args:
        typed: the object.
        fields: what to keep.
        with_keys: whether items also keep the fields that identify them.
    """
    if with_keys:
        has = fields_of(typed)
        keys = FieldSet()
        for path in (path for path in fields if path in has):
            for number, (kind, content) in enumerate(path):
                for name, _ in content if kind == KEY else ():
                    keys.insert((*path[: number + 1], (FIELD, name)))
        fields = fields.union(keys)
    return Typed(_visit(typed.value, typed.type, fields, extract=True), typed.type, typed.version)


def _visit(value: Any, of: Type, fields: FieldSet, *, extract: bool) -> Any:
    form = of.form(value)
    if form & MAP and of.as_map is not None:
        if not value or not isinstance(value, dict) or of.as_map.atomic:
            return _whole(value, dict, extract=extract)
        return _fields(value, of.as_map, fields, extract=extract) or None
    if form & SCALAR:
        return value
    if of.as_list is not None:
        if not value or not isinstance(value, list) or not of.as_list.associative:
            return _whole(value, list, extract=extract)
        return _items(value, of.as_list, fields, extract=extract) or None
    return None


def _whole(value: Any, kind: type, *, extract: bool) -> Any:
    """What is left of a part that has one owner or nothing in it: all of it, or null."""
    return value if extract and (value is None or isinstance(value, kind)) else None


def _fields(value: dict[str, Any], of: MapType, fields: FieldSet, *, extract: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, item in value.items():
        element, inner = (FIELD, name), of.of(name) or _NOTHING
        below = fields.below(element)
        if element in fields.members:
            if extract:  # Upstream descends with the set of this level, not of the field.
                found[name] = _visit(item, inner, fields, extract=True)
        elif below:
            found[name] = _visit(item, inner, below, extract=extract)
        elif not extract:
            found[name] = item
    return found


def _items(value: list[Any], of: ListType, fields: FieldSet, *, extract: bool) -> list[Any]:
    found: list[Any] = []
    for item in value:
        element = _identify(item, of)
        below = fields.below(element) if element else FieldSet()
        member = element in fields.members
        if (below or member) if extract else not member:
            found.append(_visit(item, of.element, below, extract=extract) if below else item)
    return found


def _identify(item: Any, of: ListType) -> Element | None:
    try:
        return listitems.identify(item, of)
    except Unidentified:  # The object has been checked before; what cannot be told apart stays.
        return None
