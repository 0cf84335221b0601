"""JSON patches (RFC 6902) as the API server applies them; apart, because only the twin needs the library."""

from collections.abc import Mapping, Sequence
from typing import Any

import jsonpatch

from krate import errors


def apply(target: Any, operations: Sequence[Mapping[str, Any]]) -> Any:
    """`target` after all `operations`.

    Raises:
        Invalid: a test fails, or a path is not there (Kubernetes answers 422, and kopf relies on it).
    """
    try:
        return jsonpatch.apply_patch(target, list(operations))
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as problem:
        raise errors.Invalid(details={}) from problem
