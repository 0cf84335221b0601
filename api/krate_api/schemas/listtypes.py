"""Lists that are sets or maps: what must not stand in them twice (AX/pkg/apiserver/schema/listtype)."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from krate.errors import Cause
from krate_api.schemas import causes, gofmt
from krate_api.schemas.nodes import Node, type_of

_COMPOUND: Final = ("object", "array")


def matters(node: Node | None) -> bool:
    """Whether a list of this schema or below is a set or a map."""
    if node is None:
        return False
    below = (*node.properties.values(), node.items, node.additional if isinstance(node.additional, Node) else None)
    return node.list_type in {"set", "map"} or any(map(matters, below))


def problems(node: Node, value: Any, path: str = "") -> Iterable[Cause]:
    """Causes of every item that stands twice."""
    if isinstance(value, dict):
        for name, item in value.items():
            if isinstance(node.additional, Node):
                yield from problems(node.additional, item, causes.key(path, name))
            if name in node.properties:
                yield from problems(node.properties[name], item, causes.child(path, name))
    elif isinstance(value, list):
        yield from _list(node, value, path)


def _list(node: Node, value: list[Any], path: str) -> Iterable[Cause]:
    if node.list_type == "set":
        yield from (causes.duplicate(causes.child(path, number), value[number]) for number in _repeated(value))
    elif node.list_type == "map":
        yield from _map(node, value, path)
    if node.items is not None:
        for number, item in enumerate(value):
            yield from problems(node.items, item, causes.child(path, number))


def _repeated(items: Sequence[Any]) -> list[int]:
    """Where something stands for the second time; a third time is not told."""
    seen: dict[Any, int] = {}
    found: list[int] = []
    for number, item in enumerate(items):
        kind = type_of(item)
        identity = (kind, gofmt.encode(item) if kind in _COMPOUND else item)
        seen[identity] = seen.get(identity, 0) + 1
        if seen[identity] == 2:  # noqa: PLR2004 - the second
            found.append(number)
    return found


def _map(node: Node, value: list[Any], path: str) -> Iterable[Cause]:
    for number, item in enumerate(value):
        if item is not None and not isinstance(item, dict):
            yield causes.invalid(causes.child(path, number), item, "must be an object for an array of list-type map")
            return
    keys = [{name: item[name] for name in node.list_keys if name in item} if item else {} for item in value]
    for number in _repeated(keys):
        yield causes.duplicate(causes.child(path, number), keys[number])


def is_sound(node: Node, value: list[Any]) -> bool:
    """Whether this one list holds nothing twice, nothing below it looked at."""
    if node.list_type == "map":
        return not any(True for _ in _map(node, value, ""))
    return not _repeated(value)
