"""Owned fields after a change of the schema: what became atomic is owned as a whole (SMD/typed/reconcile_schema.go).

The other way round nothing is done, as upstream: the owner of what was atomic keeps that path and nothing below it.
"""

from krate_api.apply.elements import FIELD, Element, Path
from krate_api.apply.fieldsets import FieldSet
from krate_api.apply.typedefs import DEDUCED, Form, ListType, MapType, Scalar, Type


def reconcile(fields: FieldSet, of: Type) -> FieldSet:
    """`fields` as the type `of` lets them be owned; the same object when nothing changes."""
    wholes = FieldSet()
    _visit(fields, of, (), wholes, atomic=False)
    return fields.without(wholes).union(wholes) if wholes else fields


def _visit(fields: FieldSet | None, of: Type, path: Path, wholes: FieldSet, *, atomic: bool) -> None:
    """Collect paths that have to be owned as a whole; `atomic` says that this one already is."""
    if Form.MAP in of.forms and of.as_map is not None:
        if _is_deduced(of.as_map):
            return
        if not atomic and of.as_map.atomic:
            if fields:
                wholes.insert(path)
        elif fields is not None:
            _descend(fields, of.as_map, path, wholes)
    elif Form.SCALAR not in of.forms and of.as_list is not None:
        if not atomic and not of.as_list.associative:
            wholes.insert(path)
        elif fields is not None:
            _descend(fields, of.as_list, path, wholes)


def _descend(fields: FieldSet, of: MapType | ListType, path: Path, wholes: FieldSet) -> None:
    for element in fields.children.keys() | fields.members:
        inner = of.element if isinstance(of, ListType) else _field(of, element)
        if inner is not None:
            below = fields.children.get(element)
            atomic = element in fields.members and below is None
            _visit(below, inner, (*path, element), wholes, atomic=atomic)


def _field(of: MapType, element: Element) -> Type | None:
    return of.of(element[1]) if element[0] == FIELD else of.element


def _is_deduced(of: MapType) -> bool:
    """Whether nothing is known of the fields; such maps are neither atomic nor granular."""
    element = of.element
    if of.fields or element is None:
        return False
    return element is DEDUCED or (not element.name and element.scalar is Scalar.UNTYPED)
