"""Sets of fields, compact: a tree of path elements, each of which may be a member itself."""

from collections.abc import Iterable, Iterator
from typing import Self

from krate_api.apply import elements
from krate_api.apply.elements import Element, Path
from krate_api.apply.typedefs import Type


class FieldSet:
    """A set of paths. Values: no operation changes its operands, and results share nodes; only `insert` changes."""

    __slots__ = ("children", "members")

    def __init__(self, members: Iterable[Element] = (), children: "dict[Element, FieldSet] | None" = None) -> None:
        self.members = set(members)
        """Elements that are in the set themselves."""
        self.children = children if children is not None else {}
        """Elements below which something is in the set."""

    @classmethod
    def of(cls, *paths: Iterable[Element | str]) -> Self:
        """The set of `paths`; a string stands for the field of that name."""
        found = cls()
        for path in paths:
            found.insert(tuple(elements.field(part) if isinstance(part, str) else part for part in path))
        return found

    def insert(self, path: Path) -> None:
        """Add a path; the empty one is nothing that can be owned."""
        if not path:
            return
        node: FieldSet = self
        for element in path[:-1]:
            node = node.children.setdefault(element, FieldSet())
        node.members.add(path[-1])

    def __contains__(self, path: Path) -> bool:
        node: FieldSet | None = self
        for element in path[:-1]:
            node = node.children.get(element)
            if node is None:
                return False
        return bool(path) and path[-1] in node.members

    def __bool__(self) -> bool:
        return bool(self.members) or any(self.children.values())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FieldSet):
            return NotImplemented
        return self.members == other.members and self.children == other.children

    __hash__ = None  # pyright: ignore[reportAssignmentType] - sets are compared, never keys

    def __iter__(self) -> Iterator[Path]:
        """All paths, in upstream's order: the members of a level, then what is below them."""
        for element in sorted(self.members):
            yield (element,)
        for element in sorted(self.children):
            yield from ((element, *rest) for rest in self.children[element])

    def __repr__(self) -> str:
        return "\n".join(map(elements.text, self))

    def below(self, element: Element) -> "FieldSet":
        """What is in the set below `element`."""
        return self.children.get(element) or FieldSet()

    def union(self, other: "FieldSet") -> "FieldSet":
        """Paths of either."""
        children = self.children | other.children
        for element in self.children.keys() & other.children.keys():
            children[element] = self.children[element].union(other.children[element])
        return FieldSet(self.members | other.members, children)

    def intersection(self, other: "FieldSet") -> "FieldSet":
        """Paths of both."""
        children: dict[Element, FieldSet] = {}
        for element, child in self.children.items():
            if element in other.children and (rest := child.intersection(other.children[element])):
                children[element] = rest
        return FieldSet((element for element in self.members if element in other.members), children)

    def difference(self, other: "FieldSet") -> "FieldSet":
        """Paths of this and not of the other."""
        children: dict[Element, FieldSet] = {}
        for element, child in self.children.items():
            if element not in other.children:
                children[element] = child
            elif rest := child.difference(other.children[element]):
                children[element] = rest
        return FieldSet(self.members - other.members, children)

    def without(self, other: "FieldSet") -> "FieldSet":
        """Paths of this that are neither in the other nor below a path of it."""
        children: dict[Element, FieldSet] = {}
        for element, child in self.children.items():
            if element in other.members:
                continue
            if element not in other.children:
                children[element] = child
            elif rest := child.without(other.children[element]):
                children[element] = rest
        return FieldSet(self.members - other.members, children)

    def leaves(self) -> "FieldSet":
        """Members with nothing below them."""
        return FieldSet(
            self.members - self.children.keys(), {element: child.leaves() for element, child in self.children.items()}
        )

    def named(self, of: Type | None) -> "FieldSet":
        """This set and every declared field on the way to its paths: such a field exists with what is in it."""
        fields = of.as_map if of else None
        listed = of.as_list if of else None
        members = {e for e in self.children if fields and e[0] == elements.FIELD and e[1] in fields.fields}
        children: dict[Element, FieldSet] = {}
        for element, child in self.children.items():
            below: Type | None = None
            if element[0] == elements.FIELD and fields:
                below = fields.of(element[1])
            elif element[0] == elements.KEY and listed:
                below = listed.element
            children[element] = child.named(below)
        return FieldSet(self.members | members, children)
