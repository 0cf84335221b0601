"""Server-side apply: from a request body to the object that its manager wants, created where there is none.

The algorithm is in `krate_api.apply`; here are the body, the refusals and the place in the write paths
(AS/pkg/endpoints/handlers/patch.go applyPatcher).
"""

from collections.abc import Awaitable, Callable
from typing import Any

from krate import errors
from krate_api import bodies, yaml_bodies
from krate_api.registry import creating, decoding, updating, writing
from krate_api.registry.call import Call, FieldValidation, WriteOptions
from krate_api.registry.writing import Write
from krate_api.resources import Resource
from krate_api.schemas.godecoding import Malformed
from krate_api.store.interface import Stored

Permit = Callable[[], Awaitable[None]]
"""Raises Forbidden unless the caller may create the object."""


def parse(data: bytes, call: Call, options: WriteOptions) -> dict[str, Any]:
    """Decode an applied configuration. It is YAML, and so is JSON.

    Raises:
        BadRequest: it is malformed, or a key stands twice and the request said Strict.
    """
    strict = options.field_validation == FieldValidation.STRICT
    try:
        value = bodies.value_of(data, "application/yaml")
    except bodies.Malformed as malformed:
        words = "error strict decoding YAML" if strict else "error decoding YAML"
        raise errors.BadRequest(f"{words}: error converting YAML to JSON: {malformed}") from None
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise errors.BadRequest(
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: "
            f"{bodies.cannot_unmarshal(value)} Go value of type map[string]interface {{}}"
        )
    repeated = [] if options.field_validation == FieldValidation.IGNORE else yaml_bodies.repeated_keys(data)
    if strict and repeated:
        why = yaml_bodies.unmarshal(repeated)
        raise errors.BadRequest(f"error strict decoding YAML: error converting YAML to JSON: {why}")
    for line in repeated:
        call.warn(line)
    return value


async def apply(
    write: Write, patch: dict[str, Any], *, namespace: str, name: str, subresource: str, permit: Permit
) -> tuple[Stored, bool]:
    """Carry out an apply; answers the object and whether it was created.

    Args:
        write: the kit, the kind, who asks and how.
        patch: the applied configuration, decoded.
        namespace: of the object; "" for cluster scope.
        name: of the object.
        subresource: "" or "status".
        permit: asked before something is created.

    Raises:
        StatusError: as kube-apiserver answers.
    """
    resource = write.resource
    key = resource.key(namespace, name)
    if not subresource and await write.kit.store.get(key) is None:
        try:
            return await _create(write, patch, namespace=namespace, name=name, permit=permit), True
        except errors.AlreadyExists:
            if await write.kit.store.get(key) is None:
                raise  # Somebody else was faster and is gone again.

    def change(old: dict[str, Any]) -> dict[str, Any]:
        return _applied(write, old, patch, subresource)

    done = await updating.update(write, change, namespace=namespace, name=name, subresource=subresource, tracked=True)
    return done, False


def _applied(write: Write, old: dict[str, Any] | None, patch: dict[str, Any], subresource: str) -> dict[str, Any]:
    """What the apply makes of the stored object.

    Raises:
        Conflict: fields are owned by others.
        BadRequest: the patch is none of this kind.
    """
    resource, options = write.resource, write.options
    new = resource.owners(subresource).apply(
        old, patch, manager=options.field_manager, force=options.force is True, now=write.kit.now()
    )
    _tidy(new, resource)
    nulls = [one for one in resource.shape.problems(new, old) if one.message.endswith('"null"')] if _null(patch) else []
    if nulls:
        raise writing.invalid(resource, new, nulls)
    return new


def _null(value: Any) -> bool:
    """Whether there is a null inside; elsewhere it would count as absent, but a manager who says null wants one."""
    if isinstance(value, dict):
        return any(map(_null, value.values()))
    return any(map(_null, value)) if isinstance(value, list) else value is None


def _tidy(obj: dict[str, Any], resource: Resource) -> None:
    """Unknown fields were refused, so that nothing is to be told.

    Raises:
        Invalid: a value has the wrong type.
    """
    try:
        decoding.tidy(obj, resource)
    except Malformed as malformed:
        raise decoding.unpatchable(obj, str(malformed), resource) from None


async def _create(write: Write, patch: dict[str, Any], *, namespace: str, name: str, permit: Permit) -> Stored:
    """Create what was applied.

    Raises:
        Conflict: it was meant for an object of some uid, and there is none.
        Forbidden: the caller may not create.
        AlreadyExists: there is one meanwhile.
    """
    kind = write.resource.kind
    obj = _applied(write, None, patch, "")
    if uid := obj["metadata"].get("uid"):
        why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
        raise errors.Conflict.of(plural=kind.plural, group=kind.group, name=name, message=why)
    updating.check_address(obj, namespace=namespace, name=name)
    obj["metadata"].pop("resourceVersion", None)
    await permit()
    return await creating.create(write, obj, namespace=namespace, tracked=True)
