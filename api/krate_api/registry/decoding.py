"""From a request body to an object ready for defaults: right kind, unknown fields gone, problems told as asked.

Field validation (Kubernetes API concepts): Strict refuses unknown and duplicate fields, Warn says so in a header.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from krate import errors, kinds
from krate.errors import Cause, CauseType
from krate.kinds import SECRET, Kind
from krate_api import bodies, duplicates, yaml_bodies
from krate_api.protobuf import messages
from krate_api.registry.call import Call, FieldValidation, WriteOptions
from krate_api.resources import Resource
from krate_api.schemas import nativetypes, objectmeta
from krate_api.schemas.godecoding import Malformed

_MAX_SHOWN: Final = 64 * 1024
"""Characters of a patched object that a refusal shows."""
_HIDDEN: Final = "<secret contents redacted>"


def decode(data: bytes, media: str, resource: Resource, call: Call, options: WriteOptions) -> dict[str, Any]:
    """Decode the body of a create or update.

    Raises:
        BadRequest: malformed, another apiVersion, or unknown fields under Strict.
        Invalid: another kind.
    """
    kind = resource.kind
    try:
        message = nativetypes.name_of(kind)
        obj = bodies.parse_object(data, media, kind=kind.name, assumed=assumed(kind), message=message)
    except bodies.Malformed as malformed:
        raise unhandled({"kind": kind.name, "apiVersion": kind.api_version}, kind.name, str(malformed)) from None
    if kind.native and (why := _foreign(obj, kind)):
        raise unhandled(obj, kind.name, why)
    repeated = repetitions(data, media, options.field_validation)
    try:
        unknown = tidy(obj, resource)
    except Malformed as malformed:
        raise unhandled(obj, kind.name, str(malformed)) from None
    if why := told([*repeated, *map(unknown_field, unknown)], call, options):
        raise unhandled(obj, kind.name, why)
    check_version(obj, resource)
    check_kind(obj, resource)
    return obj


def assumed(kind: Kind) -> Mapping[str, str]:
    """What a body of a compiled type does not say, the URL says: typed clients send neither kind nor apiVersion."""
    return {"kind": kind.name, "apiVersion": kind.api_version} if kind.native else {}


def unhandled(obj: Mapping[str, Any], kind: str, why: str) -> errors.BadRequest:
    """The refusal of a body of one kind where one of another is wanted, or which is none of its kind."""
    version: str = obj.get("apiVersion") or ""
    said = f'{obj["kind"]} in version "{version.rpartition("/")[2]}"'
    return errors.BadRequest(f"{said} cannot be handled as a {kind}: {why}")


def _foreign(obj: Mapping[str, Any], kind: Kind) -> str:
    """Why an object is none of a compiled type; "" when it is one."""
    found, version = obj["kind"], obj["apiVersion"]
    if (found, version) == (kind.name, kind.api_version):
        return ""
    if kinds.of(version, found) is None:
        return bodies.unregistered(found, version)
    package = kind.group.partition(".")[0] or "core"
    return f"converting ({version.rpartition('/')[2]}.{found}) to ({package}.{kind.name}): unknown conversion"


def repetitions(data: bytes, media: str, validation: str) -> list[str]:
    """What there is to tell of fields that stand twice in a body: of JSON the paths, of YAML what Go's reader says."""
    if media == messages.MEDIA or validation == FieldValidation.IGNORE:
        return []
    if not media.endswith("yaml"):
        return [duplicate(path) for path in duplicates.duplicate_fields(data)]
    lines = yaml_bodies.repeated_keys(data)
    return [yaml_bodies.unmarshal(lines)] if lines and validation == FieldValidation.STRICT else lines


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
    """Check the types of metadata, or of all where they are Go's, and prune the whole; answers what was unknown.

    Raises:
        Malformed: a value has the wrong type.
    """
    shape, unknown = resource.shape_of(obj.get("apiVersion") or ""), list[str]()
    sent = obj.get("metadata")
    disowned = shape is not None and shape.typed and isinstance(sent, dict) and sent.get("managedFields") == []
    if shape is None or not shape.typed:
        obj["metadata"], unknown = objectmeta.coerce(sent, "metadata")
    if shape is not None:
        unknown += shape.prune(obj)
    if disowned:  # To Go's types a list without entries is not the absence of one: it takes everybody's fields away.
        obj["metadata"]["managedFields"] = []
    obj["metadata"].pop("selfLink", None)
    return unknown


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


def unpatchable(obj: Any, why: str, resource: Resource) -> errors.Invalid:
    """The refusal of what a patch would make (AS/pkg/endpoints/handlers/patch.go): about no kind and no name.

    It shows the object, as upstream's, but never a Secret: who may patch one may not therefore read it.
    """
    order = None if resource.ordered else orjson.OPT_SORT_KEYS
    text = _HIDDEN if resource.kind is SECRET else orjson.dumps(obj, option=order).decode()[:_MAX_SHOWN]
    shown = errors.quoted(text)
    return errors.Invalid.of(
        kind="", group="", name="", causes=[Cause(CauseType.INVALID, f"Invalid value: {shown}: {why}", "patch")]
    )
