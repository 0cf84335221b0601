"""Patches as the API server applies them: RFC 7386 merge and RFC 6902 JSON, on plain values."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import jsonpatch

from krate import errors


def merge(target: Any, patch: Any) -> Any:
    """`target` with `patch` merged in (RFC 7386): null removes, maps merge, everything else replaces."""
    if not isinstance(patch, Mapping):
        return copy.deepcopy(patch)
    found = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merge(found.get(key), value)
    return found


def json(target: Any, operations: Sequence[Mapping[str, Any]]) -> Any:
    """`target` after all `operations`.

    Raises:
        Invalid: a test fails, or a path is not there (Kubernetes answers 422, and kopf relies on it).
    """
    try:
        return jsonpatch.apply_patch(target, list(operations))
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as problem:
        raise errors.Invalid(details={}) from problem


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The merge patch that turns `before` into `after`; {} when nothing differs."""
    patch: dict[str, Any] = {key: None for key in before if key not in after}
    for key, value in after.items():
        old = before.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            if inner := difference(old, value):
                patch[key] = inner
        elif key not in before or value != old:
            patch[key] = value
    return patch
