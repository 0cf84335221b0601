"""Owned fields after a change of the schema: what became atomic is owned as a whole (SMD/typed/reconcile_schema.go).

The other way round nothing is done, as upstream: the owner of what was atomic keeps that path and nothing below it.
"""

from krate_api.apply.elements import FIELD, Element, Path
from krate_api.apply.fieldsets import FieldSet
from krate_api.apply.typedefs import DEDUCED, ListType, MapType, Scalar, Type


def reconcile(fields: FieldSet, of: Type) -> FieldSet:
    """`fields` as the type `of` lets them be owned; the same object when nothing changes."""
    wholes = FieldSet()
    _visit(fields, of, (), wholes)
    return fields.without(wholes).union(wholes) if wholes else fields


def _visit(fields: FieldSet, of: Type, path: Path, wholes: FieldSet) -> None:
    """Collect the paths that have something owned below them and have to be owned as a whole."""
    if of.as_map is not None:
        if _is_deduced(of.as_map):
            return
        if of.as_map.atomic:
            if fields:
                wholes.insert(path)
        else:
            _descend(fields, of.as_map, path, wholes)
    elif of.scalar is None and of.as_list is not None:
        if not of.as_list.associative:
            wholes.insert(path)
        else:
            _descend(fields, of.as_list, path, wholes)


def _descend(fields: FieldSet, of: MapType | ListType, path: Path, wholes: FieldSet) -> None:
    for element, below in fields.children.items():
        inner = of.element if isinstance(of, ListType) else _field(of, element)
        if inner is not None:
            _visit(below, inner, (*path, element), wholes)


def _field(of: MapType, element: Element) -> Type | None:
    return of.of(element[1]) if element[0] == FIELD else of.element


def _is_deduced(of: MapType) -> bool:
    """Whether nothing is known of the fields; such maps are neither atomic nor granular."""
    element = of.element
    if of.fields or element is None:
        return False
    return element is DEDUCED or (not element.name and element.scalar is Scalar.UNTYPED)
