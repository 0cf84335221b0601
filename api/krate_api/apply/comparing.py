"""What changed between two objects, as sets of fields (SMD/typed/compare.go). Equal parts are not looked into."""

from dataclasses import dataclass, field
from typing import Any

from krate_api.apply import elements, listitems, validation, values
from krate_api.apply.elements import FIELD, Element
from krate_api.apply.fieldsets import FieldSet
from krate_api.apply.typed import Problem, Typed, TypeMismatch, under
from krate_api.apply.typedefs import LIST, MAP, SCALAR, ListType, MapType, Type
from krate_api.apply.values import ABSENT


@dataclass(frozen=True, slots=True)
class Comparison:
    """From one object to another."""

    removed: FieldSet = field(default_factory=FieldSet)
    modified: FieldSet = field(default_factory=FieldSet)
    added: FieldSet = field(default_factory=FieldSet)

    def without(self, fields: FieldSet | None) -> "Comparison":
        """The comparison without `fields` and what is below them."""
        if not fields:
            return self
        return Comparison(self.removed.without(fields), self.modified.without(fields), self.added.without(fields))


def compare(left: Typed, right: Typed) -> Comparison:
    """What `right` removed, modified and added.

    Raises:
        TypeMismatch: an object does not fit its type.
    """
    walk = _Walk()
    if problems := walk.visit(left.value, right.value, left.type):
        raise TypeMismatch(problems)
    return walk.found


class _Walk:
    def __init__(self) -> None:
        self.found = Comparison()
        self._path: list[Element] = []

    def visit(self, left: Any, right: Any, of: Type) -> list[Problem]:
        if values.same(left, right):
            return []
        here, there = of.form(left), of.form(right)
        if right is ABSENT:
            problems, leaf = self._as(here, left, right, of)
        elif left is ABSENT or here == there:
            problems, leaf = self._as(there, left, right, of)
        else:
            problems, _ = self._as(here, left, right, of)
            more, leaf = self._as(there, left, right, of)
            problems += more
        if not leaf:
            self._mark(left, right, changed=False)
        return problems

    def _mark(self, left: Any, right: Any, *, changed: bool) -> None:
        """Note a path that is there on one side only, or has changed."""
        if left is ABSENT:
            self.found.added.insert(tuple(self._path))
        elif right is ABSENT:
            self.found.removed.insert(tuple(self._path))
        elif changed and not values.same(left, right):
            self.found.modified.insert(tuple(self._path))

    def _as(self, form: int, left: Any, right: Any, of: Type) -> tuple[list[Problem], bool]:
        """Compare as one form; what is wrong, and whether it was compared as a leaf."""
        if form & MAP and of.as_map is not None:
            pair = _part(left, dict), _part(right, dict)
            if not of.as_map.atomic and any(pair):
                return self._fields(pair[0] or {}, pair[1] or {}, of.as_map), False
        elif form & SCALAR and of.scalar is not None:
            if wrong := validation.neither_scalar(left, right, of.scalar):
                return wrong, False
        elif form & LIST and of.as_list is not None:
            pair = _part(left, list), _part(right, list)
            if of.as_list.associative and any(pair):
                return self._items(pair[0] or [], pair[1] or [], of.as_list), False
        else:
            return [("", validation.invalid(of))], False
        self._mark(left, right, changed=True)
        return [], True

    def _fields(self, left: dict[str, Any], right: dict[str, Any], of: MapType) -> list[Problem]:
        problems: list[Problem] = []
        for name in left.keys() | right.keys():
            inner = of.of(name)
            if inner is None:
                problems += [(f".{name}", "schema error: invalid atom: inlined")]
            else:
                problems += self._at((FIELD, name), left.get(name, ABSENT), right.get(name, ABSENT), inner)
        return problems

    def _items(self, left: list[Any], right: list[Any], of: ListType) -> list[Problem]:
        before, problems = listitems.grouped(left, of)
        after, more = listitems.grouped(right, of)
        problems += more
        for element in before | after:
            problems += self._item(element, before.get(element, []), after.get(element, []), of.element)
        return problems

    def _item(self, element: Element, left: list[Any], right: list[Any], of: Type) -> list[Problem]:
        """Compare what one element stands for: an item on each side, or several that are owned as one."""
        first, last = left[0] if left else ABSENT, right[0] if right else ABSENT
        path = (*self._path, element)
        if len(left) <= 1 and len(right) <= 1:
            return self._at(element, first, last, of)
        problems: list[Problem] = []
        if len(left) > 1 and len(right) > 1:
            if not values.same(left, right):
                self.found.modified.insert(path)
        elif len(left) > 1:
            problems = self._at(element, ABSENT, last, of) if right else []
            self.found.removed.insert(path)
        else:
            problems = self._at(element, first, ABSENT, of) if left else []
            self.found.added.insert(path)
        return problems

    def _at(self, element: Element, left: Any, right: Any, of: Type) -> list[Problem]:
        self._path.append(element)
        problems = self.visit(left, right, of)
        self._path.pop()
        return under(elements.text((element,)), problems) if problems else problems


def _part(value: Any, kind: type) -> Any:
    return value if isinstance(value, kind) else None
