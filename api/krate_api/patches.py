"""Patches: RFC 6902 JSON patch and RFC 7396 merge patch, with the errors of kube-apiserver.

Strategic merge patches are in `strategic`; server-side apply follows in its own package.
"""

import copy
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import jsonpatch
import jsonpointer

from krate import errors

MAX_OPERATIONS: Final = 10_000
"""Upstream's limit (AS/pkg/endpoints/handlers/patch.go maxJSONPatchOperations)."""


class PatchType(StrEnum):
    """Media types of patches."""

    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"


def merge(target: Any, patch: Any) -> Any:
    """RFC 7396: the result of `patch` on `target`; neither is changed."""
    if not isinstance(patch, Mapping):
        return copy.deepcopy(patch)
    result: dict[str, Any] = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def json_patch(target: Mapping[str, Any], operations: Any) -> Any:
    """RFC 6902: the result of `operations` on `target`, which is not changed.

    Raises:
        BadRequest: the patch is no list of operations.
        RequestEntityTooLarge: it has too many.
        Invalid: an operation cannot be carried out, or a test fails.
    """
    if not isinstance(operations, list):
        raise errors.BadRequest(
            "error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch"
        )
    if len(operations) > MAX_OPERATIONS:
        raise errors.RequestEntityTooLarge(
            f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {len(operations)}"
        )
    try:
        return jsonpatch.JsonPatch(operations).apply(copy.deepcopy(dict(target)))
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError, ValueError):
        # Upstream hides what failed; kopf relies on the 422 for its resourceVersion test.
        raise errors.Invalid(details={}) from None
