"""Formats that nothing checks: upstream warns of them when they join a definition."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from krate_cel.libraries import formats

_SINGLE: Final = ("items", "additionalProperties", "not")
_MANY: Final = ("allOf", "anyOf", "oneOf")


def warnings(obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[str]:
    """A sentence for each format of a definition that is not known and was not there before."""
    before = set(_unknown(old)) if old is not None else set[str]()
    return [f'unrecognized format "{one}"' for one in dict.fromkeys(_unknown(obj)) if one not in before]


def _unknown(obj: Mapping[str, Any]) -> Iterator[str]:
    for version in obj["spec"]["versions"] or ():
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        for node in _nodes(schema or {}):
            form = node.get("format")
            if form and not formats.supported(node.get("type", "string"), form):
                yield form


def _nodes(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield schema
    inner: Iterable[Any] = (
        *(schema.get("properties") or {}).values(),
        *(schema[key] for key in _SINGLE if isinstance(schema.get(key), dict)),
        *(one for key in _MANY for one in schema.get(key) or ()),
    )
    for one in inner:
        yield from _nodes(one)
