"""From a request body to an object ready for defaults: right kind, unknown fields gone, problems told as asked.

Field validation (Kubernetes API concepts): Strict refuses unknown and duplicate fields, Warn says so in a header.
"""

from typing import Any

from krate import errors
from krate.kinds import Kind
from krate_api import bodies
from krate_api.registry import metadata
from krate_api.registry.call import Call, FieldValidation, WriteOptions
from krate_api.resources import Resource
from krate_api.schemas import embedded


def decode(data: bytes, media: str, resource: Resource, call: Call, options: WriteOptions) -> dict[str, Any]:
    """Decode the body of a create or update.

    Raises:
        BadRequest: malformed, another apiVersion, or unknown fields under Strict.
        Invalid: another kind.
    """
    obj = bodies.parse_object(data, media, kind=resource.kind.name)
    if resource.kind.native:
        _assume_type(obj, resource.kind)
    check_type(obj, resource)
    duplicates = bodies.duplicate_fields(data, media) if options.field_validation != FieldValidation.IGNORE else []
    finish(obj, resource, call, options, duplicates)
    return obj


def _assume_type(obj: dict[str, Any], kind: Kind) -> None:
    """What a body of a compiled type does not say, the URL says: typed clients send neither kind nor apiVersion."""
    for key, value in (("kind", kind.name), ("apiVersion", kind.api_version)):
        if obj.get(key) in ("", None):
            obj[key] = value


def check_type(obj: dict[str, Any], resource: Resource) -> None:
    """Whether the body is of the kind the URL names."""
    kind = resource.kind
    version = obj.get("apiVersion", "")
    if version != kind.api_version:
        raise errors.BadRequest(
            f"the API version in the data ({version}) does not match the expected API version ({kind.api_version})"
        )
    if obj.get("kind") != kind.name:
        name = obj["metadata"].get("name", "") if isinstance(obj.get("metadata"), dict) else ""
        text = f'Invalid value: "{obj.get("kind", "")}": must be {kind.name}'
        raise errors.Invalid.of(
            kind=kind.name, group=kind.group, name=name, causes=[errors.Cause(errors.CauseType.INVALID, text, "kind")]
        )


def finish(
    obj: dict[str, Any],
    resource: Resource,
    call: Call,
    options: WriteOptions,
    duplicates: list[str] | None = None,
    *,
    patched: bool = False,
) -> None:
    """Prune, and report what went as the request wants it reported.

    Raises:
        BadRequest: something went, and the request said Strict; or metadata inside the object is malformed.
        Invalid: the same, where the object is the result of a patch.
    """
    kind = resource.kind
    unknown = metadata.normalise(obj, kind)
    cannot = f'{kind.name} in version "{kind.version}" cannot be handled as a {kind.name}'
    try:
        unknown = resource.shape.prune(obj) + unknown
    except embedded.Malformed as problem:
        raise errors.BadRequest(f"{cannot}: {problem}") from None
    if options.field_validation == FieldValidation.IGNORE:
        return
    texts = [f'unknown field "{path}"' for path in unknown[: bodies.MAX_REPORTED]]
    texts += [f'duplicate field "{path}"' for path in duplicates or []]
    if not texts:
        return
    if options.field_validation == FieldValidation.STRICT:
        why = f"strict decoding error: {', '.join(texts)}"
        if patched:
            cause = errors.Cause(errors.CauseType.INVALID, f"Invalid value: the patch: {why}", "patch")
            name = obj["metadata"].get("name", "")
            raise errors.Invalid.of(kind=kind.name, group=kind.group, name=name, causes=[cause])
        raise errors.BadRequest(f"{cannot}: {why}")
    for text in texts:
        call.warn(text)
