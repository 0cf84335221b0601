"""Defaults: what is absent and has one gets it (AX/pkg/apiserver/schema/defaulting), compiled to closures.

A null where the schema allows none counts as absent: it gets the default, or goes; a null item of a list stays for
validation to refuse. Closures exist only where the schema says something of what is inside.
"""

import copy
from collections.abc import Callable
from typing import Any, Final

from krate_api.schemas.nodes import Node

Defaulter = Callable[[Any], None]
_CONTAINERS: Final = (dict, list)


def compiled(node: Node) -> Defaulter | None:
    """Writes defaults into a value of this schema, in place; None where there is nothing to do."""
    members = _members(node)
    items = _items(node.items) if node.items else None
    if members is None and items is None:
        return None

    def into(value: Any) -> None:
        if isinstance(value, dict):
            if members:
                members(value)
        elif items:
            items(value)

    return into


def _members(node: Node) -> Defaulter | None:
    other = node.additional if isinstance(node.additional, Node) else None
    if not node.properties and other is None:
        return None
    known = {name: _Member(sub) for name, sub in node.properties.items()}
    unknown = _Member(other) if other else None
    absent = [(name, member) for name, member in known.items() if member.default is not None]

    def into(value: dict[str, Any]) -> None:
        nulls: list[tuple[str, _Member]] = []
        for name, item in value.items():
            member = known.get(name, unknown)
            if member is None:
                continue
            if item is None:
                nulls.append((name, member))
            elif member.into and isinstance(item, _CONTAINERS):
                member.into(item)
        for name, member in nulls:
            member.replace_null(value, name)
        for name, member in absent:
            if name not in value:
                value[name] = _fresh(member.default, member.into)

    return into


class _Member:
    """What becomes of one member of an object, or of every value of a map."""

    def __init__(self, node: Node) -> None:
        self.into = compiled(node)
        self.default = node.schema.get("default")
        self._nullable = node.nullable

    def replace_null(self, value: dict[str, Any], name: str) -> None:
        """A null that is not allowed becomes the default, or goes."""
        if self._nullable:
            return
        if self.default is None:
            del value[name]
        else:
            value[name] = _fresh(self.default, self.into)


def _items(node: Node) -> Defaulter | None:
    defaulter, default = compiled(node), node.schema.get("default")
    if defaulter is None and (default is None or node.nullable):
        return None

    def into(value: list[Any]) -> None:
        for number, item in enumerate(value):
            if item is None:
                if default is not None and not node.nullable:
                    value[number] = _fresh(default, defaulter)
            elif defaulter and isinstance(item, _CONTAINERS):
                defaulter(item)

    return into


def _fresh(default: Any, defaulter: Defaulter | None) -> Any:
    """A copy of a default, with the defaults inside it."""
    value = copy.deepcopy(default) if isinstance(default, _CONTAINERS) else default
    if defaulter and isinstance(value, _CONTAINERS):
        defaulter(value)
    return value
