"""Embedded resources (`x-kubernetes-embedded-resource`): objects inside objects, with kind, version and metadata.

After AX/pkg/apiserver/schema/objectmeta. The root of an object is one too, but its metadata is the registry's.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from krate.errors import Cause
from krate_api.schemas import causes, godecoding, objectmeta
from krate_api.schemas.nodes import EMBEDDED, META, Node

_KIND: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_KIND_RULE: Final = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_MAX_KIND: Final = 63


class Malformed(godecoding.Malformed):
    """something embedded has type or object metadata of a wrong type."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(f"{cause.field}: {cause.message}")
        self.cause = cause


def matters(node: Node | None) -> bool:
    """Whether there is an embedded resource in this schema or below."""
    return node is not None and (bool(node.schema.get(EMBEDDED)) or any(map(matters, _below(node))))


def _below(node: Node) -> tuple[Node | None, ...]:
    additional = node.additional if isinstance(node.additional, Node) else None
    return (*node.properties.values(), node.items, additional)


def _members(node: Node, value: Any, path: str) -> Iterable[tuple[Node, Any, str]]:
    """The values inside `value` that have a schema, with it and their path."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name in node.properties:
                yield node.properties[name], item, causes.child(path, name)
            elif isinstance(node.additional, Node):
                yield node.additional, item, causes.key(path, name)
    elif isinstance(value, list) and node.items is not None:
        for number, item in enumerate(value):
            yield node.items, item, causes.child(path, number)


def coerce(node: Node, value: Any, path: str = "") -> list[str]:
    """Bring the metadata of what is embedded into form, in place; answers the paths of unknown members.

    Raises:
        Malformed: a type or metadata member has a wrong type.
    """
    unknown: list[str] = []
    if node.schema.get(EMBEDDED) and isinstance(value, dict):
        for name in META & value.keys():
            where = causes.child(path, name)
            if name != "metadata":
                if not isinstance(value[name], str):
                    raise Malformed(causes.invalid(where, value[name], "must be a string"))
                continue
            try:
                value[name], gone = objectmeta.coerce(value[name], where)
            except godecoding.Malformed as problem:
                raise Malformed(causes.invalid(where, value[name], str(problem))) from None
            unknown += gone
    for sub, item, where in _members(node, value, path):
        unknown += coerce(sub, item, where)
    return unknown


def problems(node: Node, value: Any, path: str = "") -> Iterable[Cause]:
    """What is wrong with what is embedded."""
    if node.schema.get(EMBEDDED) and isinstance(value, dict):
        yield from resource_problems(value, path)
    for sub, item, where in _members(node, value, path):
        yield from problems(sub, item, where)


def resource_problems(value: dict[str, Any], path: str) -> Iterable[Cause]:
    """What is wrong with the kind, version and metadata of one embedded resource."""
    for name in ("apiVersion", "kind"):
        if name not in value:
            yield causes.required(causes.child(path, name))
    if "apiVersion" in value:
        yield from _version_problems(value["apiVersion"], causes.child(path, "apiVersion"))
    if "kind" in value:
        yield from _kind_problems(value["kind"], causes.child(path, "kind"))
    if "metadata" in value:
        where = causes.child(path, "metadata")
        try:
            metadata, _ = objectmeta.coerce(value["metadata"], where)
        except godecoding.Malformed as problem:
            yield causes.invalid(where, value["metadata"], str(problem))
        else:
            yield from objectmeta.problems(metadata, where)


def _version_problems(value: Any, path: str) -> Iterable[Cause]:
    if not isinstance(value, str):
        yield causes.invalid(path, value, "must be a string")
    elif not value:
        yield causes.invalid(path, value, "must not be empty")
    elif value.count("/") > 1:
        yield causes.invalid(path, value, f"unexpected GroupVersion string: {value}")


def _kind_problems(value: Any, path: str) -> Iterable[Cause]:
    if not isinstance(value, str):
        yield causes.invalid(path, value, "must be a string")
    elif not value:
        yield causes.invalid(path, value, "must not be empty")
    else:
        problems = ["must be no more than 63 bytes"] if len(value) > _MAX_KIND else []
        problems += [] if _KIND.fullmatch(value.lower()) else [_KIND_RULE]
        if problems:
            detail = f"may have mixed case, but should otherwise match: {','.join(problems)}"
            yield causes.invalid(path, value, detail)
