"""A schema compiled for merging: of every node, what it may hold and who may own which part of it.

A type may be a scalar, a list and a map at once (int-or-string, unknown fields); which one counts is deduced from the
value. Types refer to each other as objects, so recursion costs nothing and nothing is looked up by name at run time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from krate_api.apply.values import ABSENT


class Scalar(StrEnum):
    """What kind of scalar; a null passes as any of them."""

    NUMERIC = "numeric"
    STRING = "string"
    BOOLEAN = "boolean"
    UNTYPED = "untyped"


MAP, SCALAR, LIST = 1, 2, 4
"""What a type may be, or what a value makes of it: one or more of these. Plain numbers, for they are asked per node."""


@dataclass(slots=True, eq=False)
class Type:
    """What a node may hold; none of the three: nothing."""

    scalar: Scalar | None = None
    as_list: "ListType | None" = None
    as_map: "MapType | None" = None
    name: str = ""
    """Of a named type; types that are written in place have none."""

    @property
    def forms(self) -> int:
        """All that a value of this type may be."""
        return (MAP if self.as_map else 0) | (SCALAR if self.scalar else 0) | (LIST if self.as_list else 0)

    def form(self, value: Any) -> int:
        """What `value` makes of this type: one form if it fits one, else all of them; null and absent fit any."""
        if value is None or value is ABSENT:
            return self.forms
        if isinstance(value, dict):
            return MAP if self.as_map else self.forms
        if isinstance(value, list):
            return LIST if self.as_list else self.forms
        return SCALAR if self.scalar else self.forms


@dataclass(slots=True, eq=False)
class MapType:
    """An object: fields by name, and perhaps any others of one type."""

    fields: dict[str, Type] = field(default_factory=dict[str, Type])
    element: Type | None = None
    """Of fields that are not declared; None: there are none."""
    atomic: bool = False
    """Whether it has one owner as a whole."""
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Declared defaults; keys of list items count when they are defaulted."""

    def of(self, name: str) -> Type | None:
        """The type of the field `name`."""
        return self.fields.get(name) or self.element


@dataclass(slots=True, eq=False)
class ListType:
    """A list: atomic, a set of scalars, or items identified by `keys`."""

    element: Type
    associative: bool = False
    keys: tuple[str, ...] = ()


def _untyped() -> Type:
    found = Type(scalar=Scalar.UNTYPED, name="__untyped_atomic_")
    found.as_list = ListType(found)
    found.as_map = MapType(element=found, atomic=True)
    return found


UNTYPED: Final = _untyped()
"""Anything, owned as a whole."""


def _deduced() -> Type:
    found = Type(scalar=Scalar.UNTYPED, as_list=ListType(UNTYPED), name="__untyped_deduced_")
    found.as_map = MapType(element=found)
    return found


DEDUCED: Final = _deduced()
"""Anything without a schema: every field of a map has its owners, a list has one."""
