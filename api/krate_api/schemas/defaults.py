"""Whether defaults are what they would be as values (AX/pkg/apiserver/schema/defaulting/validation.go)."""

import copy
from collections.abc import Callable, Iterable
from typing import Any

from krate.errors import Cause
from krate.schema import Schema
from krate_api.schemas import causes, embedded, nodes, pruning, validation
from krate_api.schemas.correlation import equal
from krate_api.schemas.nodes import EMBEDDED, META

Judge = Callable[[Schema, Any, str], list[Cause]]
"""Causes of a default by the rules of its schema."""
Surround = Callable[[Any], Any]
"""Puts a value at its place inside the resource around it."""


def problems(schema: Schema, path: str, judge: Judge) -> list[Cause]:
    """What is wrong with the defaults of a structural schema.

    Args:
        schema: the schema of a version.
        path: where it stands.
        judge: judges a default by rules.
    """
    return list(_node({**schema, EMBEDDED: True}, path, None, judge))


def _node(schema: Schema, path: str, meta: Surround | None, judge: Judge) -> Iterable[Cause]:
    """`meta`: how the value stands in the metadata of a resource; None where it does not."""
    default = schema.get("default")
    if schema.get(EMBEDDED):
        meta = None
    if default is not None:
        yield from (
            _in_meta(schema, f"{path}.default", meta, judge) if meta else _plain(schema, f"{path}.default", judge)
        )
    if schema.get("items") is not None:
        yield from _node(schema["items"], f"{path}.items", _within(meta, None), judge)
    for name, sub in sorted((schema.get("properties") or {}).items()):
        inside = _within(meta, name)
        if schema.get(EMBEDDED) and name in META:
            inside = _within(lambda value: value, name)
        yield from _node(sub, causes.key(f"{path}.properties", name), inside, judge)


def _within(outer: Surround | None, name: str | None) -> Surround | None:
    """One step further in: a member, or an item of a list."""
    if outer is None:
        return None
    around = outer
    return lambda value: around([value] if name is None else {name: value})


def _in_meta(schema: Schema, path: str, surround: Surround, judge: Judge) -> list[Cause]:
    default = schema["default"]
    resource = {"kind": "Validation", "apiVersion": "validation/v1", **surround(copy.deepcopy(default))}
    found = list(embedded.resource_problems(resource, ""))
    if found:
        texts = ", ".join(f"{cause.field}: {cause.message}" for cause in found)
        shown = texts if len(found) == 1 else f"[{texts}]"
        return [causes.invalid(path, default, f"must result in valid metadata: {shown}")]
    return _by_schema(schema, path, judge)


def _plain(schema: Schema, path: str, judge: Judge) -> list[Cause]:
    default, node = schema["default"], nodes.read(schema)
    found: list[Cause] = []
    pruned = copy.deepcopy(default)
    if isinstance(pruned, dict | list):
        pruning.compiled(node)(pruned)
    if not equal(pruned, default):
        found.append(causes.invalid(path, default, "must not have unknown fields"))
    try:
        embedded.coerce(node, copy.deepcopy(default), path)
    except embedded.Malformed as problem:
        return [*found, problem.cause]
    wrong = list(embedded.problems(node, default, path))
    return found + (wrong or _by_schema(schema, path, judge))


def _by_schema(schema: Schema, path: str, judge: Judge) -> list[Cause]:
    default = schema["default"]
    found = causes.placed(validation.check(nodes.read(schema), default).found, path)
    return found or judge(schema, default, path)
