"""From a request body to an object ready for defaults: right kind, unknown fields gone, problems told as asked.

Field validation (Kubernetes API concepts): Strict refuses unknown and duplicate fields, Warn says so in a header.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from krate import errors
from krate.errors import Cause, CauseType
from krate.kinds import Kind
from krate_api import bodies, duplicates, yaml_bodies
from krate_api.protobuf import messages
from krate_api.registry import metadata
from krate_api.registry.call import Call, FieldValidation, WriteOptions
from krate_api.resources import Resource
from krate_api.schemas import embedded

_MAX_SHOWN: Final = 64 * 1024
"""Characters of a patched object that a refusal shows."""


def decode(data: bytes, media: str, resource: Resource, call: Call, options: WriteOptions) -> dict[str, Any]:
    """Decode the body of a create or update.

    Raises:
        BadRequest: malformed, another apiVersion, or unknown fields under Strict.
        Invalid: another kind.
    """
    try:
        obj = bodies.parse_object(data, media, kind=resource.kind.name, assumed=_assumed(resource.kind))
    except bodies.Malformed as malformed:
        raise _unhandled(resource, str(malformed)) from None
    check_version(obj, resource)
    repeated = repeated_fields(data, media) if options.field_validation != FieldValidation.IGNORE else []
    try:
        unknown = tidy(obj, resource)
    except metadata.WrongType as wrong:
        raise _unhandled(resource, str(wrong)) from None
    if why := told([*map(duplicate, repeated), *map(unknown_field, unknown)], call, options):
        raise _unhandled(resource, why)
    check_kind(obj, resource)
    return obj


def _assumed(kind: Kind) -> Mapping[str, str]:
    """What a body of a compiled type does not say, the URL says: typed clients send neither kind nor apiVersion."""
    return {"kind": kind.name, "apiVersion": kind.api_version} if kind.native else {}


def _unhandled(resource: Resource, why: str) -> errors.BadRequest:
    kind = resource.kind
    return errors.BadRequest(f'{kind.name} in version "{kind.version}" cannot be handled as a {kind.name}: {why}')


def repeated_fields(data: bytes, media: str) -> list[str]:
    """Paths of fields that stand twice in a body."""
    if media == messages.MEDIA:
        return []
    return yaml_bodies.duplicates(data) if media.endswith("yaml") else duplicates.duplicate_fields(data)


def duplicate(path: str) -> str:
    return f'duplicate field "{path}"'


def unknown_field(path: str) -> str:
    return f'unknown field "{path}"'


def check_version(obj: dict[str, Any], resource: Resource) -> None:
    """Whether the body is of the version that the URL names.

    Raises:
        BadRequest: it is of another.
    """
    version, expected = obj.get("apiVersion") or "", resource.kind.api_version
    if version != expected:
        raise errors.BadRequest(
            f"the API version in the data ({version}) does not match the expected API version ({expected})"
        )


def check_kind(obj: dict[str, Any], resource: Resource) -> None:
    """Whether the body is of the kind that the URL names.

    Raises:
        Invalid: it is of another.
    """
    kind, found = resource.kind, obj["kind"] if isinstance(obj.get("kind"), str) else ""
    if found != kind.name:
        cause = Cause(CauseType.INVALID, f"Invalid value: {errors.quoted(found)}: must be {kind.name}", "kind")
        raise errors.Invalid.of(kind=found, group=kind.group, name=obj["metadata"].get("name", ""), causes=[cause])


def tidy(obj: dict[str, Any], resource: Resource) -> list[str]:
    """Check the types of metadata and prune the whole; answers the paths of what was unknown.

    Raises:
        WrongType: a member of metadata, of the object or of one inside it, has the wrong type.
    """
    unknown = metadata.normalise(obj)
    try:
        return [*unknown, *sorted(resource.shape.prune(obj))]
    except embedded.Malformed as malformed:
        raise metadata.WrongType(str(malformed)) from None


def told(texts: Iterable[str], call: Call, options: WriteOptions) -> str:
    """Report what was wrong with the fields as the request wants it reported; answers why Strict refuses."""
    if options.field_validation == FieldValidation.IGNORE:
        return ""
    chosen = list(texts)[: 2 * duplicates.MAX_REPORTED]
    if options.field_validation == FieldValidation.STRICT:
        return f"strict decoding error: {', '.join(chosen)}" if chosen else ""
    for text in chosen:
        call.warn(text)
    return ""


def unpatchable(obj: Any, why: str) -> errors.Invalid:
    """The refusal of what a patch would make (AS/pkg/endpoints/handlers/patch.go): about no kind and no name."""
    shown = errors.quoted(orjson.dumps(obj, option=orjson.OPT_SORT_KEYS).decode()[:_MAX_SHOWN])
    return errors.Invalid.of(
        kind="", group="", name="", causes=[Cause(CauseType.INVALID, f"Invalid value: {shown}: {why}", "patch")]
    )
