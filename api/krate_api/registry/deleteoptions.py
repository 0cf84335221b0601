"""DeleteOptions of a request: from its body, or from its query where the body says nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from krate import errors
from krate.errors import Cause, CauseType
from krate.schema import Schema
from krate_api import bodies, protobuf
from krate_api.http import Request
from krate_api.registry.call import WriteOptions, dry_run_problems
from krate_api.resources import Resource
from krate_api.schemas.structural import StructuralSchema

KIND: Final = "DeleteOptions"
_POLICIES: Final = ("Foreground", "Background", "Orphan")
_API_VERSIONS: Final = frozenset({"v1", "meta.k8s.io/v1"})
_MEDIA: Final = (*bodies.ACCEPTED, protobuf.MEDIA)
_TEXT: Final[Schema] = {"type": "string"}
_SHAPE: Final[Schema] = {
    "type": "object",
    "properties": {
        "apiVersion": _TEXT,
        "kind": {**_TEXT, "enum": [KIND]},
        "dryRun": {"type": "array", "items": _TEXT},
        "gracePeriodSeconds": {"type": "integer"},
        "orphanDependents": {"type": "boolean"},
        "preconditions": {"type": "object", "properties": {"uid": _TEXT, "resourceVersion": _TEXT}},
        "propagationPolicy": _TEXT,
    },
}
"""Types of meta/v1 DeleteOptions; members that are newer than this are passed over."""


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """How to delete."""

    dry_run: bool = False
    propagation: str = ""
    orphan: bool | None = None
    uid: str = ""
    resource_version: str = ""

    @property
    def write(self) -> WriteOptions:
        return WriteOptions(self.dry_run, kind=KIND)


@cache
def _shape() -> StructuralSchema:
    return StructuralSchema(_SHAPE)


async def parse(request: Request, resource: Resource) -> DeleteOptions:
    """Parse and check the options of a deletion.

    Raises:
        BadRequest: the body is no DeleteOptions.
        Invalid: a value is not supported.
        UnsupportedMediaType: the body is in another form.
    """
    found = await _body(request, resource)
    dry_run = found.get("dryRun") or request.query.get("dryRun") or []
    propagation = found.get("propagationPolicy") or request.param("propagationPolicy")
    orphan = found.get("orphanDependents")
    if orphan is None and "orphanDependents" in request.query:
        orphan = request.param("orphanDependents").lower() not in {"false", "0"}
    preconditions = found.get("preconditions") or {}
    causes = [*dry_run_problems(dry_run), *_propagation(propagation, given=orphan is not None)]
    if causes:
        raise errors.Invalid.of(kind=KIND, group="", name="", causes=causes)
    return DeleteOptions(
        bool(dry_run), propagation, orphan, preconditions.get("uid") or "", preconditions.get("resourceVersion") or ""
    )


async def _body(request: Request, resource: Resource) -> Mapping[str, Any]:
    data = await request.body()
    if not data.strip():
        return {}
    media = bodies.check_media_type(request, _MEDIA)
    parsed = bodies.parse_object(data, media, kind=KIND)
    found = {key: value for key, value in parsed.items() if value is not None}
    causes = _shape().problems(found)
    if not causes and found.get("apiVersion", "v1") in {*_API_VERSIONS, resource.kind.api_version}:
        return found
    why = "; ".join(f"{cause.field}: {cause.message}" for cause in causes)
    raise errors.BadRequest(f"the object provided is unrecognized (must be of type {KIND}){f': {why}' if why else ''}")


def _propagation(policy: str, *, given: bool) -> list[Cause]:
    """`given`: whether orphanDependents says something too."""
    if policy and given:
        text = f"Invalid value: {errors.quoted(policy)}: orphanDependents and deletionPropagation cannot be both set"
        return [Cause(CauseType.INVALID, text, "propagationPolicy")]
    if policy and policy not in _POLICIES:
        return [errors.unsupported("propagationPolicy", errors.quoted(policy), (*_POLICIES, "nil"))]
    return []
