"""kubectl's way from client-side to server-side apply: what its annotation says was applied is no conflict for it."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from krate_api.apply.comparing import compare
from krate_api.apply.fieldsets import FieldSet
from krate_api.apply.fieldsof import fields_of
from krate_api.apply.typed import Typed, TypeMismatch

MANAGER: Final = "kubectl"
"""The only manager whose annotation counts; others opt out by their name."""
ANNOTATION: Final = "kubectl.kubernetes.io/last-applied-configuration"
_MAX_ANNOTATIONS: Final = 256 * 1024
_HTML: Final = re.compile("[<>&\u2028\u2029]")


def _annotations(obj: Mapping[str, Any]) -> dict[str, Any]:
    meta = obj.get("metadata")
    found = meta.get("annotations") if isinstance(meta, dict) else None
    return found if isinstance(found, dict) else {}


def owned(live: Mapping[str, Any], version: str, typed: Callable[[Mapping[str, Any]], Typed]) -> FieldSet | None:
    """The fields of `live` that are as the annotation says kubectl applied them; None when it says nothing.

    Args:
        live: the stored object.
        version: apiVersion that the annotation has to speak of.
        typed: an object with its type; raises TypeMismatch.
    """
    try:
        applied = orjson.loads(_annotations(live).get(ANNOTATION) or "null")
        if not isinstance(applied, dict) or applied.get("apiVersion") != version:
            return None
        there, here = typed(applied), typed(live)
        compared, applied_fields = compare(there, here), fields_of(there)
    except (orjson.JSONDecodeError, TypeMismatch, RecursionError):
        return None
    return applied_fields.difference(compared.modified).difference(compared.added).difference(compared.removed)


def renew(obj: dict[str, Any], applied: Mapping[str, Any]) -> None:
    """Let the annotation of `obj`, if it has one, say what was applied now; in place."""
    if not _annotations(obj).get(ANNOTATION):
        return
    annotations = obj["metadata"]["annotations"]
    annotations[ANNOTATION] = _written(applied)
    if sum(len(key.encode()) + len(str(value).encode()) for key, value in annotations.items()) > _MAX_ANNOTATIONS:
        del annotations[ANNOTATION]


def _written(applied: Mapping[str, Any]) -> str:
    """The configuration as Go's encoder writes it, without the annotation itself."""
    kept = {key: value for key, value in _annotations(applied).items() if key != ANNOTATION}
    obj = dict(applied)
    if _annotations(applied):
        obj["metadata"] = {**applied["metadata"], "annotations": kept}
    text = json.dumps(obj, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return _HTML.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"
