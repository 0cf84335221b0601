"""Which composites want to see which objects: the way back from a changed object to whoever required it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, TypeVar

from krate_functions.composition import Object, Selector
from krate_functions.engine import matching
from krate_functions.engine.pipeline import Requirements

K = TypeVar("K")

_Bucket = tuple[str, str, str, str]
"""API version, kind, namespace and name of what is wanted; empty where any will do."""


class Wants(Generic[K]):
    """Requirements by composite. A change is matched in time proportional to those that could want it."""

    def __init__(self) -> None:
        self._by_key: dict[K, Requirements] = {}
        self._by_bucket: dict[_Bucket, dict[K, set[int]]] = defaultdict(dict)
        self._selectors: dict[K, list[Selector]] = {}

    def of(self, key: K) -> Requirements:
        """What a composite required last time, by step and name."""
        return self._by_key.get(key, {})

    def put(self, key: K, requirements: Requirements) -> None:
        """Replace what a composite requires."""
        if self._by_key.get(key) == requirements:
            return
        self.drop(key)
        self._by_key[key] = requirements
        selectors = [selector for step in requirements.values() for selector in step.values()]
        self._selectors[key] = selectors
        for number, selector in enumerate(selectors):
            self._by_bucket[_bucket(selector)].setdefault(key, set()).add(number)

    def drop(self, key: K) -> None:
        """The composite requires nothing any more."""
        self._by_key.pop(key, None)
        for selector in self._selectors.pop(key, []):
            bucket = _bucket(selector)
            holders = self._by_bucket.get(bucket)
            if holders is not None:
                holders.pop(key, None)
                if not holders:
                    del self._by_bucket[bucket]

    def who(self, objects: Iterable[Object]) -> set[K]:
        """Composites that want any of these objects: a changed one before and after."""
        found: set[K] = set()
        for obj in objects:
            metadata = obj["metadata"]
            namespace, name = metadata.get("namespace", ""), metadata["name"]
            for where in {namespace, ""}:
                for called in (name, ""):
                    for key, numbers in self._by_bucket.get(
                        (obj["apiVersion"], obj["kind"], where, called), {}
                    ).items():
                        if any(matching.matches(self._selectors[key][number], obj) for number in numbers):
                            found.add(key)
        return found


def _bucket(selector: Selector) -> _Bucket:
    return selector.api_version, selector.kind, selector.namespace, selector.name
