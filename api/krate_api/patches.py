"""Patches: RFC 6902 JSON patch and RFC 7396 merge patch, with the errors and the leniencies of kube-apiserver.

Its JSON patch library (evanphx/json-patch 4) replaces members that are not there and takes a missing one for null in a
test; clients rely on both. Copies are bounded together, because each may double the object (CVE-2019-1002100).
Strategic merge patches are in `strategic`; server-side apply follows in its own package.
"""

import copy
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

import orjson

from krate import errors
from krate.kinds import Kind
from krate_api import bodies
from krate_api.http import Request

MAX_OPERATIONS: Final = 10_000
"""Upstream's limit (AS/pkg/endpoints/handlers/patch.go maxJSONPatchOperations)."""
MAX_COPIED: Final = 3 * 1024 * 1024
"""Bytes that all copies of one patch may add together; upstream's limit of a request."""


class PatchType(StrEnum):
    """Media types of patches."""

    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


def accepted_by(kind: Kind) -> tuple[str, ...]:
    """Patch media types that a kind takes: strategic merge for Kubernetes' own kinds only, as upstream does for CRs."""
    return tuple(one.value for one in PatchType if kind.native or one is not PatchType.STRATEGIC)


def check_media_type(request: Request, kind: Kind) -> str:
    """The type of a patch.

    Raises:
        UnsupportedMediaType: the kind takes no such patches; of Kubernetes' own upstream does not say which they take.
    """
    found = bodies.media_type(request)
    if found in accepted_by(kind):
        return found
    if kind.native:
        raise errors.UnsupportedMediaType("415: Unsupported Media Type", details={})
    return bodies.check_media_type(request, accepted_by(kind))


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


def malformed(why: str) -> errors.BadRequest:
    """The refusal of a patch that is none."""
    return errors.BadRequest(f"error decoding patch: {why}")


class _Impossible(Exception):
    """an operation cannot be carried out."""


_MISSING: Final = object()


def operations(patch: Any) -> list[dict[str, Any] | None]:
    """A JSON patch as a list of operations.

    Raises:
        BadRequest: it is none.
        RequestEntityTooLarge: it has too many.
    """
    if patch is None:
        return []
    if not isinstance(patch, list):
        raise malformed(f"{bodies.cannot_unmarshal(patch)} Go value of type []handlers.jsonPatchOp")
    if len(patch) > MAX_OPERATIONS:
        raise errors.RequestEntityTooLarge(
            "Request entity too large: "
            f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {len(patch)}"
        )
    for one in patch:
        if not isinstance(one, dict | None):
            raise malformed(f"{bodies.cannot_unmarshal(one)} Go value of type handlers.jsonPatchOp")
        for member in ("op", "path", "from"):
            if one and not isinstance(one.get(member), str | None):
                found = bodies.cannot_unmarshal(one[member])
                raise malformed(f"{found} Go struct field jsonPatchOp.{member} of type string")
    return patch


def json_patch(target: Mapping[str, Any], patch: Any) -> Any:
    """RFC 6902: the result of `patch` on `target`, which is not changed.

    Raises:
        BadRequest: the patch is no list of operations.
        RequestEntityTooLarge: it has too many, or its copies are too large.
        Invalid: an operation cannot be carried out, a test fails, or the result is nested too deeply.
    """
    todo = operations(patch)
    document = _Document(copy.deepcopy(dict(target)))
    try:
        for operation in todo:
            document.apply(operation)
    except (_Impossible, RecursionError, orjson.JSONEncodeError):
        # Upstream hides what failed; kopf relies on the 422 for its resourceVersion test.
        raise errors.Invalid(details={}) from None
    if bodies.settle(document.root, bodies.MAX_DEPTH) > bodies.MAX_DEPTH:
        raise errors.Invalid(details={})
    return document.root


class _Document:
    """A value under change."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self._copied = 0

    def apply(self, operation: Any) -> None:
        """Carry out one operation.

        Raises:
            _Impossible: it is malformed, speaks of what is not there, or is a test that fails.
        """
        if not isinstance(operation, dict):
            raise _Impossible
        carry_out = self._operations().get(str(operation.get("op")))
        if carry_out is None:
            raise _Impossible
        carry_out(_pointer(operation.get("path")), operation)

    def _operations(self) -> Mapping[str, Callable[[list[str], Mapping[str, Any]], None]]:
        return {
            "add": lambda path, op: self._add(path, copy.deepcopy(_value(op))),
            "remove": lambda path, _op: self._remove(path),
            "replace": lambda path, op: self._replace(path, copy.deepcopy(_value(op))),
            "move": self._move,
            "copy": self._copy,
            "test": self._test,
        }

    def _move(self, path: list[str], operation: Mapping[str, Any]) -> None:
        source = _pointer(operation.get("from"))
        if path[: len(source)] == source and path != source:  # nothing moves into itself
            raise _Impossible
        value = self._get(source)
        self._remove(source)
        self._add(path, value)

    def _copy(self, path: list[str], operation: Mapping[str, Any]) -> None:
        value = self._get(_pointer(operation.get("from")))
        self._copied += len(orjson.dumps(value))
        if self._copied > MAX_COPIED:
            raise errors.RequestEntityTooLarge(
                f"Unable to complete the copy, the accumulated size increase of copy is {self._copied}, "
                f"exceeding the limit {MAX_COPIED}"
            )
        self._add(path, copy.deepcopy(value))

    def _test(self, path: list[str], operation: Mapping[str, Any]) -> None:
        try:
            found = self._get(path)
        except _Impossible:
            if not isinstance(self._parent(path), dict):
                raise
            found = None
        if not _equal(found, _value(operation)):
            raise _Impossible

    def _parent(self, path: list[str]) -> Any:
        node = self.root
        for part in path[:-1]:
            node = _child(node, part)
        return node

    def _get(self, path: list[str]) -> Any:
        return _child(self._parent(path), path[-1]) if path else self.root

    def _add(self, path: list[str], value: Any) -> None:
        if not path:
            self.root = value
            return
        parent, last = self._parent(path), path[-1]
        if isinstance(parent, dict):
            parent[last] = value
        elif isinstance(parent, list):
            parent.insert(len(parent) if last == "-" else _index(last, len(parent)), value)
        else:
            raise _Impossible

    def _replace(self, path: list[str], value: Any) -> None:
        parent = self._parent(path) if path else None
        if isinstance(parent, list):
            parent[_index(path[-1], len(parent) - 1)] = value
        else:
            self._add(path, value)

    def _remove(self, path: list[str]) -> None:
        if not path:
            raise _Impossible
        parent, last = self._parent(path), path[-1]
        if isinstance(parent, list):
            del parent[_index(last, len(parent) - 1)]
        elif not isinstance(parent, dict) or parent.pop(last, _MISSING) is _MISSING:
            raise _Impossible


def _pointer(text: Any) -> list[str]:
    """RFC 6901: `/spec/a~1b` -> spec, a/b."""
    if not isinstance(text, str) or (text and not text.startswith("/")):
        raise _Impossible
    parts = text.split("/")[1:]
    if any(part.replace("~0", "").replace("~1", "").count("~") for part in parts):
        raise _Impossible
    return [part.replace("~1", "/").replace("~0", "~") for part in parts]


def _value(operation: Mapping[str, Any]) -> Any:
    if "value" not in operation:
        raise _Impossible
    return operation["value"]


def _index(text: str, last: int) -> int:
    """A position of a list, without sign and leading zeros."""
    if not (text.isascii() and text.isdigit()) or (text != "0" and text.startswith("0")) or len(text) > len(str(last)):
        raise _Impossible
    found = int(text)
    if found > last:
        raise _Impossible
    return found


def _child(node: Any, part: str) -> Any:
    if isinstance(node, list):
        return node[_index(part, len(node) - 1)]
    if isinstance(node, dict) and part in node:
        return node[part]
    raise _Impossible


def _equal(left: Any, right: Any) -> bool:
    """Equality of JSON values: true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    return bool(left == right)
