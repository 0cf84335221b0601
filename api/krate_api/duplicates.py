"""Fields that stand twice in one object of a JSON text, in the order in which a reader meets them.

The fast parser takes the last of them. This second pass keeps pairs instead of objects, and only when a first look has
found that there are duplicates at all (Kubernetes: field validation, Warn and Strict).
"""

import itertools
import json
from collections.abc import Iterator
from typing import Any, Final

MAX_REPORTED: Final = 100
"""Fields that are told of; a body that has more has them for no good reason."""


class _Pairs(list[tuple[str, Any]]):
    """The members of an object as they were written."""


def duplicate_fields(data: bytes) -> list[str]:
    """Paths of fields that stand twice, at most `MAX_REPORTED`; a malformed text has none."""
    twice = False

    def pairs(items: list[tuple[str, Any]]) -> Any:
        nonlocal twice
        found = dict(items)
        twice = twice or len(found) < len(items)
        return found

    try:
        json.loads(data, object_pairs_hook=pairs)
        if not twice:
            return []
        tree = json.loads(data, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        return []
    return list(dict.fromkeys(itertools.islice(_repeated(tree), MAX_REPORTED)))


def _repeated(tree: Any) -> Iterator[str]:
    """A walk without recursion: the text may be nested deeply."""
    stack: list[Iterator[tuple[str, Any]]] = [iter([("", tree)])]
    while stack:
        step = next(stack[-1], None)
        if step is None:
            stack.pop()
            continue
        path, value = step
        if value is _Pairs:
            yield path
        elif isinstance(value, _Pairs):
            stack.append(_members(path, value))
        elif isinstance(value, list):
            stack.append(_items(path, value))


def _items(path: str, items: list[Any]) -> Iterator[tuple[str, Any]]:
    return ((f"{path}[{number}]", item) for number, item in enumerate(items))


def _members(path: str, pairs: _Pairs) -> Iterator[tuple[str, Any]]:
    """The members of an object, each repeated one announced by `_Pairs` itself."""
    seen: set[str] = set()
    for key, value in pairs:
        at = f"{path}.{key}" if path else key
        if key in seen:
            yield at, _Pairs
        seen.add(key)
        yield at, value
