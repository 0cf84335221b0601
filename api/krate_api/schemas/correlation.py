"""Old values beside new ones: what an update may leave as it was, however wrong it is by today's schema.

After AS/pkg/cel/common/equality.go: members of objects correlate by name, items of lists only where the list is a map,
by its keys. A problem of a value that equals its old one is no problem (ratcheting, CRDValidationRatcheting).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from krate_api.schemas.nodes import Node


class Pair:
    """A value and the old one that it replaces."""

    __slots__ = ("_equal", "_old_items", "node", "old", "value")

    def __init__(self, value: Any, old: Any, node: Node) -> None:
        self.value = value
        self.old = old
        self.node = node
        self._equal: bool | None = None
        self._old_items: Mapping[Any, Any] | None = None

    @property
    def unchanged(self) -> bool:
        """Whether the value equals the old one; lists that are maps may have another order."""
        if self._equal is None:
            self._equal = self._compare()
        return self._equal

    def member(self, name: str) -> "Pair | None":
        """The pair of a member; None where it is new."""
        if not (isinstance(self.value, dict) and isinstance(self.old, dict)):
            return None
        if name not in self.value or name not in self.old:
            return None
        node = self.node.properties.get(name) or self.node.additional
        return Pair(self.value[name], self.old[name], node) if isinstance(node, Node) else None

    def item(self, number: int) -> "Pair | None":
        """The pair of an item; None where it is new, or where items have no identity."""
        node = self.node.items
        if node is None or self.node.list_type != "map" or not isinstance(self.old, list):
            return None
        if self._old_items is None:
            self._old_items = by_keys(self.old, self.node.list_keys)
        old = find(self._old_items, self.value[number], self.node.list_keys)
        return None if old is None else Pair(self.value[number], old, node)

    def _compare(self) -> bool:
        value, old = self.value, self.old
        if isinstance(value, list) and isinstance(old, list) and self.node.list_type == "map" and self.node.items:
            pairs = [self.item(number) for number in range(len(value))]
            return len(value) == len(old) and all(pair is not None and pair.unchanged for pair in pairs)
        if isinstance(value, dict) and isinstance(old, dict):
            pairs = [self.member(name) for name in value]
            return len(value) == len(old) and all(pair is not None and pair.unchanged for pair in pairs)
        return equal(value, old)


def by_keys(items: Sequence[Any], keys: Sequence[str]) -> dict[Any, Any]:
    """Items by the values of their keys; of several the first counts, and what has no keys is left out."""
    found: dict[Any, Any] = {}
    for item in items:
        identity = _identity(item, keys)
        if identity is not None:
            found.setdefault(identity, item)
    return found


def find(items: Mapping[Any, Any], item: Any, keys: Sequence[str]) -> Any:
    """The old item with the keys of `item`, or None."""
    identity = _identity(item, keys)
    return None if identity is None else items.get(identity)


def _identity(item: Any, keys: Sequence[str]) -> tuple[Any, ...] | None:
    if not isinstance(item, dict) or not keys:
        return None
    values = [item.get(key) for key in keys]
    if not all(isinstance(value, str | int | float) for value in values):
        return None
    return tuple((type(value), value) for value in values)


def equal(one: Any, other: Any) -> bool:
    """Deep equality that tells 1 from 1.0 and from true, as Go's does."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(value, other[name]) for name, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return one == other
