"""Pruning: what a schema does not know goes (AX/pkg/apiserver/schema/pruning), compiled to closures.

Every closure takes an object or a list, removes in place, and answers where: paths are put together on the way up, so
that an object without unknown fields, which is nearly every one, pays for none.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from krate_api.schemas.nodes import EMBEDDED, META, PRESERVE, Node

Pruner = Callable[[Any], list[str]]
"""Removes in place; answers paths below the value, each with its separator in front: `.b`, `[0].b`."""
_CONTAINERS: Final = (dict, list)


def compiled(node: Node, *, root: bool = False) -> Pruner:
    """The pruner of a schema.

    Args:
        node: the schema.
        root: whether it describes a whole resource, whose kind, version and metadata it need not name.
    """
    hidden = META if root or node.schema.get(EMBEDDED) else frozenset[str]()
    keeps = bool(node.schema.get(PRESERVE))
    known = {name: compiled(sub) for name, sub in node.properties.items() if name not in hidden}
    members = _members(known, _other(node, keeps=keeps), hidden)
    if node.items is not None:
        items = _items(_preserving(node.items) if keeps else compiled(node.items))
    else:
        items = _keep if keeps else _strip

    def prune(value: Any) -> list[str]:
        return members(value) if isinstance(value, dict) else items(value)

    return prune


def _preserving(node: Node) -> Pruner:
    """Of items of a list that preserves: unknown members stay there too, known ones are pruned by their schema."""
    known = {name: compiled(sub) for name, sub in node.properties.items()}
    members = _members(known, _other(node, keeps=True), META if node.schema.get(EMBEDDED) else frozenset())
    items = _items(_preserving(node.items)) if node.items is not None else _keep

    def prune(value: Any) -> list[str]:
        return members(value) if isinstance(value, dict) else items(value)

    return prune


def _other(node: Node, *, keeps: bool) -> Pruner | None:
    """What happens to members without a schema of their own; None where they go."""
    if isinstance(node.additional, Node):
        return compiled(node.additional)
    if node.additional is not None:
        return _strip
    return _keep if keeps else None


def _keep(_: Any) -> list[str]:
    return []


def _strip(value: Any) -> list[str]:
    """Nothing is known: objects lose every member, lists keep their items."""
    if isinstance(value, dict):
        gone = [f".{name}" for name in value]
        value.clear()
        return gone
    return [f"[{number}]{path}" for number, item in enumerate(value) for path in _inner(_strip, item)]


def _inner(pruner: Pruner, value: Any) -> list[str]:
    return pruner(value) if isinstance(value, _CONTAINERS) else []


def _members(known: Mapping[str, Pruner], other: Pruner | None, hidden: frozenset[str]) -> Pruner:
    def prune(value: dict[str, Any]) -> list[str]:
        gone: list[str] = []
        unknown: list[str] = []
        for name, item in value.items():
            pruner = known.get(name)
            if pruner is None:
                if name in hidden:
                    continue
                if other is None:
                    unknown.append(name)
                    continue
                pruner = other
            if isinstance(item, _CONTAINERS):
                below = pruner(item)
                if below:
                    gone += [f".{name}{path}" for path in below]
        for name in unknown:
            del value[name]
        return [*gone, *(f".{name}" for name in unknown)] if unknown else gone

    return prune


def _items(pruner: Pruner) -> Pruner:
    def prune(value: list[Any]) -> list[str]:
        gone: list[str] = []
        for number, item in enumerate(value):
            if isinstance(item, _CONTAINERS):
                below = pruner(item)
                if below:
                    gone += [f"[{number}]{path}" for path in below]
        return gone

    return prune
