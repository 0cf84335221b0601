"""Strategic merge patch, for built-in groups only, because kubectl sends it for kinds it knows from its own scheme.

The schema says how lists merge: `x-kubernetes-patch-strategy: merge` with a merge key; any other list is replaced.
Directives are those of AM/pkg/util/strategicpatch: `$patch: replace|delete|merge`, `$deleteFromPrimitiveList/<key>`,
`$setElementOrder/<key>`, `$retainKeys`.
"""

import copy
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

import orjson

from krate import errors
from krate.schema import Schema

_PATCH: Final = "$patch"
_DELETE: Final = "$deleteFromPrimitiveList/"
_ORDER: Final = "$setElementOrder/"
_RETAIN: Final = "$retainKeys"
_STRATEGY: Final = "x-kubernetes-patch-strategy"
_KEY: Final = "x-kubernetes-patch-merge-key"

METADATA: Final[Schema] = {
    "type": "object",
    "properties": {
        "finalizers": {"type": "array", "items": {"type": "string"}, _STRATEGY: "merge"},
        "ownerReferences": {"type": "array", "items": {"type": "object"}, _STRATEGY: "merge", _KEY: "uid"},
    },
}
"""How lists of metadata merge (meta/v1 ObjectMeta)."""


def apply(target: Mapping[str, Any], patch: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """The result of `patch` on `target`; neither is changed.

    Raises:
        BadRequest: a directive is malformed or unknown.
    """
    whole = {**schema, "properties": {**schema.get("properties", {}), "metadata": METADATA}}
    result = _object(copy.deepcopy(dict(target)), patch, whole)
    return result if result is not None else {}


def _object(target: dict[str, Any], patch: Mapping[str, Any], schema: Schema) -> dict[str, Any] | None:
    """None when the patch deletes the object."""
    match patch.get(_PATCH):
        case "replace":
            return {key: copy.deepcopy(value) for key, value in patch.items() if key != _PATCH}
        case "delete":
            return None
        case None | "merge":
            pass
        case other:
            raise errors.BadRequest(f"unknown patch type found: {other}")
    retained = patch.get(_RETAIN)
    if isinstance(retained, list):
        target = {key: value for key, value in target.items() if key in retained}
    for key, value in patch.items():
        if not key.startswith("$"):
            _member(target, key, value, _member_schema(schema, key), patch.get(_ORDER + key))
    for directive, value in patch.items():
        if directive.startswith(_DELETE):
            _delete_primitives(target, directive.removeprefix(_DELETE), value)
        elif directive.startswith(_ORDER) and directive.removeprefix(_ORDER) not in patch:
            _reorder(target, directive.removeprefix(_ORDER), value, schema)
    return target


def _member_schema(schema: Schema, key: str) -> Schema:
    found = schema.get("properties", {}).get(key)
    return found if found is not None else schema.get("additionalProperties") or {}


def _member(target: dict[str, Any], key: str, value: Any, schema: Schema, order: Any) -> None:
    current = target.get(key)
    if value is None:
        target.pop(key, None)
    elif isinstance(value, Mapping):
        merged = _object(current if isinstance(current, dict) else {}, value, schema)
        if merged is None:
            target.pop(key, None)
        else:
            target[key] = merged
    elif isinstance(value, list) and schema.get(_STRATEGY) == "merge":
        server = current if isinstance(current, list) else []
        merge_key = schema.get(_KEY)
        merged = _primitives(server, value) if merge_key is None else _objects(server, value, merge_key, schema)
        target[key] = _arranged(merged, order if isinstance(order, list) else value, server, merge_key)
    else:
        target[key] = copy.deepcopy(value)


def _identity(item: Any, merge_key: str | None) -> bytes:
    """What makes two items of a list the same."""
    if merge_key is not None and isinstance(item, Mapping):
        item = item.get(merge_key)
    return orjson.dumps(item, option=orjson.OPT_SORT_KEYS)


def _primitives(server: list[Any], patch: list[Any]) -> list[Any]:
    return list({_identity(item, None): item for item in (*server, *patch)}.values())


def _objects(server: list[Any], patch: list[Any], merge_key: str, schema: Schema) -> list[Any]:
    if any(isinstance(item, Mapping) and item.get(_PATCH) == "replace" and len(item) == 1 for item in patch):
        return [copy.deepcopy(item) for item in patch if not (isinstance(item, Mapping) and _PATCH in item)]
    items: Schema = schema.get("items", {})
    result = {_identity(item, merge_key): item for item in server}
    for item in patch:
        if not isinstance(item, Mapping) or merge_key not in item:
            raise errors.BadRequest(f"map: {item} does not contain declared merge key: {merge_key}")
        place = _identity(item, merge_key)
        before = result.get(place)
        merged = _object(before if isinstance(before, dict) else {}, item, items)
        if merged is None:
            result.pop(place, None)
        else:
            result[place] = merged
    return list(result.values())


def _arranged(items: list[Any], order: list[Any], server: list[Any], merge_key: str | None) -> list[Any]:
    """`items` with those of `order` in its order, woven into the rest as they stood on the server.

    Nothing moves that need not: a list that holds what the patch wants in the wanted order stays as it is.
    """
    wanted = _places(order, merge_key)
    known = _places(server, merge_key)
    named = [item for item in items if _identity(item, merge_key) in wanted]
    named.sort(key=lambda item: wanted[_identity(item, merge_key)])
    others = deque(item for item in items if _identity(item, merge_key) not in wanted)
    result: list[Any] = []
    for item in named:
        place = known.get(_identity(item, merge_key))
        while place is not None and others and known.get(_identity(others[0], merge_key), place) < place:
            result.append(others.popleft())
        result.append(item)
    return [*result, *others]


def _places(items: list[Any], merge_key: str | None) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for number, item in enumerate(items):
        found.setdefault(_identity(item, merge_key), number)
    return found


def _delete_primitives(target: dict[str, Any], key: str, values: Any) -> None:
    if not isinstance(values, list):
        raise errors.BadRequest(f"invalid value for {_DELETE}{key}")
    if isinstance(target.get(key), list):
        gone = {_identity(value, None) for value in values}
        target[key] = [item for item in target[key] if _identity(item, None) not in gone]


def _reorder(target: dict[str, Any], key: str, order: Any, schema: Schema) -> None:
    items = target.get(key)
    if isinstance(order, list) and isinstance(items, list):
        target[key] = _arranged(items, order, items, _member_schema(schema, key).get(_KEY))
