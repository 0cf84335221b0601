"""A cache that is bounded by weight, for what is dear to compute and cheap to lose."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Bounded(Generic[Key, Value]):
    """Keeps what was used last, as long as the weights of all entries stay within `capacity`."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.weight = 0
        self._entries: OrderedDict[Key, tuple[int, Value]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Value | None:
        found = self._entries.get(key)
        if found is None:
            return None
        self._entries.move_to_end(key)
        return found[1]

    def put(self, key: Key, value: Value, *, weight: int = 1) -> None:
        """Remember `value`; what weighs more than the whole cache is not kept."""
        self.drop(key)
        if weight > self.capacity:
            return
        self._entries[key] = (weight, value)
        self.weight += weight
        while self.weight > self.capacity:
            _, (oldest, _) = self._entries.popitem(last=False)
            self.weight -= oldest

    def drop(self, key: Key) -> None:
        weight, _ = self._entries.pop(key, (0, None))
        self.weight -= weight
