"""How definitions differ from other kinds, decoded into types as they are, and their objects from other objects."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson

from krate import errors
from krate.errors import Cause, CauseType
from krate.kinds import Kind
from krate_api import paths
from krate_api.definitions import conditions, decoding, formats, validation
from krate_api.strategies.interface import Facts, Object, Stamp, Strategy

MAX_REPLICAS: Final = 2**31 - 1
FINALIZER: Final = "customresourcecleanup.apiextensions.k8s.io"
"""Keeps a definition until its objects are gone."""


class DefinitionShape:
    """The types of a definition, in the place of a structural schema: they hold a schema, which no schema can say."""

    typed = True

    def prune(self, obj: dict[str, Any]) -> list[str]:
        """Remove what the types do not know, in place; answers the paths that went.

        Raises:
            Malformed: a value has the wrong type.
        """
        return decoding.decode(obj)

    def default(self, obj: dict[str, Any]) -> None:
        """Fill in what a decoded object leaves open, in place; what is not the client's to send has been taken away."""
        if not obj.get("status"):
            obj["status"] = decoding.nothing()
        decoding.defaults(obj)

    def problems(
        self,
        obj: Mapping[str, Any],
        old: Mapping[str, Any] | None = None,
        warn: Callable[[str], None] | None = None,
        *,
        part: str = "",
    ) -> list[Cause]:
        """Nothing: what decoded is well formed."""
        return []


class DefinitionStrategy(Strategy):
    """CustomResourceDefinition."""

    shape = DefinitionShape()
    status_keeps_metadata = False  # AE/pkg/registry/customresourcedefinition/strategy.go resets new by itself
    laborious = True

    def update(self, obj: Object, old: Mapping[str, Any], facts: Facts, stamp: Stamp) -> None:
        stored: list[str] = list(obj["status"].get("storedVersions") or ())
        obj["status"]["storedVersions"] = stored + [
            version for version in decoding.stored_version(obj["spec"]) if version not in stored
        ]

    def problems(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> Sequence[Cause]:
        return validation.problems(obj, old)

    def warnings(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> Sequence[str]:
        return formats.warnings(obj, old)

    def delete(self, obj: Object, stamp: Stamp) -> None:
        """The first request to delete only begins: the objects of the definition go before it."""
        finalizers: list[str] = list(obj["metadata"].get("finalizers") or ())
        if FINALIZER not in finalizers:
            obj["metadata"]["finalizers"] = [*finalizers, FINALIZER]
        # This first step is no ordinary deletion upstream either: no grace period, and the spec has not changed.
        obj["metadata"].pop("deletionGracePeriodSeconds", None)
        obj["metadata"]["generation"] -= 1
        conditions.put(obj, conditions.TERMINATING, conditions.PENDING, stamp.now)


class CustomStrategy(Strategy):
    """What a definition can say beside schemas: replicas are a number, and nothing joins objects that are going."""

    def __init__(self, kind: Kind, *, terminating: bool) -> None:
        self._kind = kind
        self._terminating = terminating

    def create(self, obj: Object, facts: Facts, stamp: Stamp) -> None:
        if self._terminating:
            raise errors.Forbidden.of(
                plural=self._kind.plural,
                group=self._kind.group,
                name=obj["metadata"]["name"],
                message="create not allowed while custom resource definition is terminating",
            )

    def problems(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        scale = self._kind.scale
        if scale is None:
            return []
        found = [*_replicas(obj, scale.spec_replicas), *_replicas(obj, scale.status_replicas)]
        selector = paths.nested(obj, scale.label_selector) if scale.label_selector else None
        if selector is not None and not isinstance(selector, str):
            found.append(
                _wrong(scale.label_selector, "", "accessor error: value is of the wrong type, expected string")
            )
        return found


def _wrong(path: str, value: Any, why: str) -> Cause:
    return Cause(CauseType.INVALID, f"Invalid value: {orjson.dumps(value).decode()}: {why}", path)


def _replicas(obj: Mapping[str, Any], path: str) -> list[Cause]:
    value = paths.nested(obj, path)
    if value is None:
        return []
    if not isinstance(value, int) or isinstance(value, bool):
        return [_wrong(path, 0, "accessor error: value is of the wrong type, expected int64")]
    if value < 0:
        return [_wrong(path, value, "should be a non-negative integer")]
    return [_wrong(path, value, f"should be less than or equal to {MAX_REPLICAS}")] if value > MAX_REPLICAS else []
