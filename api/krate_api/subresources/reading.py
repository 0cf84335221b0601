"""Bodies of actions: typed, validated like any object, unknown fields refused because nobody would miss them."""

from functools import cache
from typing import Any, TypeVar

from krate import errors, schema
from krate.kinds import Kind, Subresource
from krate.models.meta import Resource
from krate_api import bodies
from krate_api.http import Request
from krate_api.schemas.structural import StructuralSchema

R = TypeVar("R", bound=Resource)


@cache
def _shape(model: type[Resource]) -> StructuralSchema:
    return StructuralSchema(schema.structural(model))


async def body(request: Request, kind: Kind, sub: Subresource, model: type[R]) -> R:
    """The body of an action; an empty one means all defaults.

    Raises:
        BadRequest: malformed, another kind, or unknown fields.
        Invalid: a value is out of bounds.
    """
    data = await request.body()
    obj: dict[str, Any] = {}
    if data.strip():
        obj = bodies.parse_object(data, bodies.check_media_type(request), kind=sub.kind)
        if obj.get("kind") != sub.kind or obj.get("apiVersion") != kind.api_version:
            raise errors.BadRequest(
                f"the object provided is unrecognized (must be of type {sub.kind} in {kind.api_version})"
            )
    obj.pop("metadata", None)
    obj.pop("status", None)
    unknown = _shape(model).prune(obj)
    if unknown:
        texts = ", ".join(f'unknown field "{path}"' for path in unknown)
        raise errors.BadRequest(f"strict decoding error: {texts}")
    _shape(model).default(obj)
    causes = _shape(model).problems(obj)
    if causes:
        raise errors.Invalid.of(kind=sub.kind, group=kind.group, name="", causes=causes)
    return model.model_validate({"apiVersion": kind.api_version, "kind": sub.kind, **obj})
