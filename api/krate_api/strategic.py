"""Strategic merge patch, for built-in groups only, because kubectl sends it for kinds it knows from its own scheme.

The schema says how lists merge: `x-kubernetes-patch-strategy: merge` with a merge key; any other list is replaced.
Directives are those of AM/pkg/util/strategicpatch: `$patch: replace|delete|merge`, `$deleteFromPrimitiveList/<key>`,
`$setElementOrder/<key>`, `$retainKeys`.
"""

import copy
from collections.abc import Mapping
from typing import Any, Final

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
            _member(target, key, value, _member_schema(schema, key))
    _primitive_deletions(target, patch)
    _orders(target, patch, schema)
    return target


def _member_schema(schema: Schema, key: str) -> Schema:
    found = schema.get("properties", {}).get(key)
    return found if found is not None else schema.get("additionalProperties") or {}


def _member(target: dict[str, Any], key: str, value: Any, schema: Schema) -> None:
    if value is None:
        target.pop(key, None)
    elif isinstance(value, Mapping):
        current = target.get(key)
        merged = _object(current if isinstance(current, dict) else {}, value, schema)
        if merged is None:
            target.pop(key, None)
        else:
            target[key] = merged
    elif isinstance(value, list) and schema.get(_STRATEGY) == "merge":
        current = target.get(key)
        target[key] = _list(current if isinstance(current, list) else [], value, schema)
    else:
        target[key] = copy.deepcopy(value)


def _list(target: list[Any], patch: list[Any], schema: Schema) -> list[Any]:
    key = schema.get(_KEY)
    if key is None:
        return [*target, *(item for item in patch if item not in target)]
    if any(isinstance(item, Mapping) and item.get(_PATCH) == "replace" and len(item) == 1 for item in patch):
        return [copy.deepcopy(item) for item in patch if not (isinstance(item, Mapping) and _PATCH in item)]
    items: Schema = schema.get("items", {})
    result = list(target)
    for item in patch:
        if not isinstance(item, Mapping) or key not in item:
            raise errors.BadRequest(f"map: {item} does not contain declared merge key: {key}")
        place = next((n for n, have in enumerate(result) if have.get(key) == item[key]), None)
        merged = _object(result[place] if place is not None else {}, item, items)
        if place is None:
            result += [merged] if merged is not None else []
        elif merged is None:
            del result[place]
        else:
            result[place] = merged
    return result


def _primitive_deletions(target: dict[str, Any], patch: Mapping[str, Any]) -> None:
    for directive, values in patch.items():
        if directive.startswith(_DELETE):
            key = directive.removeprefix(_DELETE)
            if not isinstance(values, list):
                raise errors.BadRequest(f"invalid value for {directive}")
            if isinstance(target.get(key), list):
                target[key] = [item for item in target[key] if item not in values]


def _orders(target: dict[str, Any], patch: Mapping[str, Any], schema: Schema) -> None:
    for directive, order in patch.items():
        if not directive.startswith(_ORDER):
            continue
        key = directive.removeprefix(_ORDER)
        items = target.get(key)
        if not isinstance(order, list) or not isinstance(items, list):
            continue
        merge_key = _member_schema(schema, key).get(_KEY)
        wanted = [item.get(merge_key) if isinstance(item, Mapping) else item for item in order]

        def place(item: Any, wanted: list[Any] = wanted, merge_key: Any = merge_key) -> int:
            value = item.get(merge_key) if isinstance(item, Mapping) else item
            return wanted.index(value) if value in wanted else len(wanted)

        target[key] = sorted(items, key=place)
