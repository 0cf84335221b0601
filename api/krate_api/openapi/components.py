"""Upstream's types as components, each with those that it refers to."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final

from krate.schema import Schema
from krate_api.openapi import metatypes, othertypes, shapes

_TYPES: Final = {**metatypes.TYPES, **othertypes.TYPES}
_TIME: Final[Schema] = {"description": "A time, as RFC 3339 writes it.", "type": "string", "format": "date-time"}


@cache
def component(name: str) -> Schema:
    """The component of that name, in the form of version 3.

    The returned dictionary is shared: do not change it.
    """
    return _TIME if name == f"{shapes.META}.Time" else _TYPES[name].schema()


def needed(names: Iterable[str]) -> dict[str, Schema]:
    """The components of these names and everything they refer to."""
    found: dict[str, Schema] = {}
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found[name] = component(name)
            left.extend(references(found[name]))
    return found


def references(value: Any) -> Iterator[str]:
    """Names of the components that a schema or an operation refers to."""
    match value:
        case {"$ref": str(target)}:
            yield target.removeprefix(shapes.PREFIX)
        case dict():
            for child in value.values():
                yield from references(child)
        case list():
            for child in value:
                yield from references(child)
        case _:
            return
