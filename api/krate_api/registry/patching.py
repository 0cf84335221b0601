"""JSON patch, merge patch and strategic merge patch: from a request body to a change of the stored object."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from krate import errors
from krate_api import bodies, duplicates, patches, strategic
from krate_api.patches import PatchType
from krate_api.registry import decoding
from krate_api.registry.call import Call, FieldValidation, WriteOptions
from krate_api.resources import Resource
from krate_api.schemas.godecoding import Malformed

_MEMBERS: Final = frozenset({"op", "path", "from", "value"})


@dataclass(frozen=True, slots=True)
class Patch:
    """A decoded patch."""

    media: str
    value: Any
    told: tuple[str, ...] = ()
    """What field validation has to say about the text of the patch itself."""


def parse(data: bytes, media: str, options: WriteOptions) -> Patch:
    """Decode a patch.

    Raises:
        BadRequest: it is none.
        RequestEntityTooLarge: it has too many operations.
    """
    try:
        value = bodies.value_of(data, "application/json")
    except bodies.Malformed as malformed:
        raise patches.malformed(str(malformed)) from None
    ignored = options.field_validation == FieldValidation.IGNORE
    repeated = [] if ignored else duplicates.duplicate_fields(data)
    if media == PatchType.JSON:
        value = patches.operations(value)
        unknown = (f"[{at}].{key}" for at, one in enumerate(value) for key in one or () if key not in _MEMBERS)
        texts = [*map(decoding.unknown_field, unknown), *map(decoding.duplicate, repeated)]
        return Patch(media, value, tuple(f"json patch {text}" for text in texts[: duplicates.MAX_REPORTED]))
    if value is None:
        raise errors.BadRequest("Invalid JSON Patch")
    if not isinstance(value, dict):
        raise patches.malformed(f"{bodies.cannot_unmarshal(value)} Go value of type map[string]interface {{}}")
    return Patch(media, value, tuple(map(decoding.duplicate, repeated)))


def patched(
    old: Mapping[str, Any], patch: Patch, resource: Resource, call: Call, options: WriteOptions
) -> dict[str, Any]:
    """The object that the patch makes of `old`, pruned.

    Raises:
        BadRequest: a directive of the patch is malformed.
        Invalid: the patch cannot be applied, or makes no object of this kind.
    """
    new = applied(old, patch, resource)
    if not (isinstance(new.get("apiVersion"), str) and new["apiVersion"]):
        raise errors.BadRequest("Object 'apiVersion' is missing in 'object has no apiVersion field'")
    whole = orjson.dumps(new)  # A refusal shows what the patch made, before anything went.
    try:
        unknown = decoding.tidy(new, resource)
    except Malformed as malformed:
        raise decoding.unpatchable(orjson.loads(whole), str(malformed), resource) from None
    if why := decoding.told([*patch.told, *map(decoding.unknown_field, unknown)], call, options):
        raise decoding.unpatchable(orjson.loads(whole), why, resource)
    _check_type(new, resource)
    return new


def applied(old: Mapping[str, Any], patch: Patch, resource: Resource) -> dict[str, Any]:
    """The bare result of a patch.

    Raises:
        BadRequest: a directive of the patch is malformed.
        Invalid: the patch cannot be applied, or its result is no object.
    """
    if patch.media == PatchType.JSON:
        new = patches.json_patch(old, patch.value)
    elif patch.media == PatchType.STRATEGIC:
        new = strategic.apply(old, patch.value, resource.schema)
    else:
        new = patches.merge(old, patch.value)
    if not isinstance(new, dict):
        raise errors.Invalid(details={})
    return new


def _check_type(obj: dict[str, Any], resource: Resource) -> None:
    """Raise Invalid, about what the object says it is, unless it is one of the kind."""
    decoding.check_kind(obj, resource)
    kind, version = resource.kind, obj["apiVersion"]
    if version != kind.api_version:
        text = f"Invalid value: {errors.quoted(version)}: must be {kind.api_version}"
        cause = errors.Cause(errors.CauseType.INVALID, text, "apiVersion")
        group, name = version.rpartition("/")[0], obj["metadata"].get("name", "")
        raise errors.Invalid.of(kind=kind.name, group=group, name=name, causes=[cause])
