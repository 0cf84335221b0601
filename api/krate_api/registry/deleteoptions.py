"""DeleteOptions of a request: from its body, or from its query where there is no body."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from krate import errors
from krate.errors import Cause, CauseType
from krate_api import bodies
from krate_api.http import Request
from krate_api.protobuf import messages
from krate_api.registry.call import WriteOptions, dry_run_problems, flag

KIND: Final = "DeleteOptions"
_POLICIES: Final = ("Foreground", "Background", "Orphan")
_MEDIA: Final = (*bodies.ACCEPTED, messages.MEDIA)
_MEMBERS: Final[Mapping[str, tuple[type, str]]] = {
    "dryRun": (list, "[]string"),
    "gracePeriodSeconds": (int, "int64"),
    "orphanDependents": (bool, "bool"),
    "preconditions": (dict, "v1.Preconditions"),
    "propagationPolicy": (str, "v1.DeletionPropagation"),
}
"""Types of meta/v1 DeleteOptions; members that are newer than this are passed over."""
_PRECONDITIONS: Final[Mapping[str, tuple[type, str]]] = {"uid": (str, "types.UID"), "resourceVersion": (str, "string")}
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,18}")


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


async def parse(request: Request) -> DeleteOptions:
    """Parse and check the options of a deletion.

    Raises:
        BadRequest: the body is no DeleteOptions.
        Invalid: a value is not supported.
        UnsupportedMediaType: the body is in another form.
    """
    data = await request.body()
    found = _from_body(request, data) if data else _from_query(request)
    dry_run, policy = found.get("dryRun") or [], found.get("propagationPolicy") or ""
    orphan, preconditions = found.get("orphanDependents"), found.get("preconditions") or {}
    causes = [*_propagation(policy, given=orphan is not None), *dry_run_problems(dry_run)]
    if causes:
        raise errors.Invalid.of(kind=KIND, group="meta.k8s.io", name="", causes=causes)
    return DeleteOptions(
        bool(dry_run), policy, orphan, preconditions.get("uid") or "", preconditions.get("resourceVersion") or ""
    )


def _from_query(request: Request) -> dict[str, Any]:
    seconds = request.param("gracePeriodSeconds", "0")
    if not _INTEGER.fullmatch(seconds):
        raise errors.BadRequest(f"strconv.ParseInt: parsing {errors.quoted(seconds)}: invalid syntax")
    return {
        "dryRun": request.query.get("dryRun", []),
        "propagationPolicy": request.param("propagationPolicy"),
        "orphanDependents": flag(request, "orphanDependents"),
    }


def _from_body(request: Request, data: bytes) -> Mapping[str, Any]:
    media = bodies.check_media_type(request, _MEDIA)
    if media == messages.MEDIA:
        return bodies.parse_object(data, media, kind=KIND)
    try:
        value = bodies.value_of(data, media)
    except bodies.Malformed as malformed:
        yaml = media.endswith("yaml")
        raise errors.BadRequest(
            str(malformed) if yaml else f"couldn't get version/kind; json parse error: {malformed}"
        ) from None
    # What says nothing about itself is taken for what it should be.
    named: Any = {"kind": KIND, **value} if isinstance(value, dict) else value
    why = bodies.type_problem(named, data)
    if not why and named["kind"] != KIND:
        why = bodies.unregistered(named["kind"], named.get("apiVersion") or "v1")
    why = (
        why or _wrong(named, _MEMBERS, "") or _wrong(named.get("preconditions") or {}, _PRECONDITIONS, "preconditions.")
    )
    if not why and not all(isinstance(one, str) for one in named.get("dryRun") or []):
        why = "json: cannot unmarshal into Go struct field DeleteOptions.dryRun of type string"
    if why:
        raise errors.BadRequest(why)
    return named


def _wrong(value: Mapping[str, Any], members: Mapping[str, tuple[type, str]], within: str) -> str:
    """Which member is of another type than it should be, in the words of Go's decoder."""
    for member, (wanted, name) in members.items():
        found = value.get(member)
        if found is not None and type(found) is not wanted:
            return f"{bodies.cannot_unmarshal(found)} Go struct field {KIND}.{within}{member} of type {name}"
    return ""


def _propagation(policy: str, *, given: bool) -> list[Cause]:
    """`given`: whether orphanDependents says something too."""
    if policy and given:
        text = f"Invalid value: {errors.quoted(policy)}: orphanDependents and deletionPropagation cannot be both set"
        return [Cause(CauseType.INVALID, text, "propagationPolicy")]
    if policy and policy not in _POLICIES:
        return [errors.unsupported("propagationPolicy", errors.quoted(policy), (*_POLICIES, "nil"))]
    return []
