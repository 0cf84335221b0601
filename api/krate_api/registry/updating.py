"""Update and patch: one path over a function from the stored object to the wanted one.

A change without a resourceVersion is applied again on the fresh object after a conflict, invisibly to the client; a
change that names one is an optimistic lock. What changes nothing writes nothing.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any, Final

from krate import errors, kinds
from krate.errors import Cause, CauseType
from krate_api import activity, paths, structural
from krate_api.admission.interface import Operation
from krate_api.registry import metadata, writing
from krate_api.registry.writing import Write
from krate_api.resources import Resource
from krate_api.store import encoding
from krate_api.store.interface import Operation as StoreOperation
from krate_api.store.interface import Remove, Stale, Stored
from krate_api.strategies.interface import Facts

_ATTEMPTS: Final = 10

Change = Callable[[dict[str, Any]], dict[str, Any]]
"""From a private copy of the stored object to the wanted one (decoded and pruned)."""


async def update(
    write: Write,
    change: Change,
    *,
    namespace: str,
    name: str,
    subresource: str = "",
    require_version: bool = False,
    locked: bool | None = None,
) -> Stored:
    """Apply `change` to the object.

    Args:
        write: the kit, the kind, who asks and how.
        change: the wanted object from the stored one.
        namespace: of the object; "" for cluster scope.
        name: of the object.
        subresource: "" or "status".
        require_version: whether the wanted object must carry a resourceVersion (PUT on our kinds).
        locked: whether a conflict is the client's to solve; None means when the wanted object names a version, which
            a patched object always does.

    Raises:
        StatusError: as kube-apiserver answers.
    """
    resource = write.resource
    for _ in range(_ATTEMPTS):
        stored = await write.kit.store.get(resource.key(namespace, name))
        if stored is None:
            raise writing.not_found(resource, name)
        old = encoding.decode(stored.body)
        wanted = change(copy.deepcopy(old))
        named = _check_identity(resource, wanted, old, require_version=require_version)
        try:
            return await _attempt(write, wanted, old, subresource)
        except Stale:
            if named if locked is None else locked:
                raise writing.conflict(resource, name) from None
    raise writing.conflict(resource, name)


def _check_identity(
    resource: Resource, obj: Mapping[str, Any], old: Mapping[str, Any], *, require_version: bool
) -> bool:
    """Whether the wanted object is the stored one; answers whether it names a version.

    Raises:
        BadRequest: another name or namespace.
        Conflict: another version or uid.
        Invalid: no version where one is required.
    """
    meta, before = obj["metadata"], old["metadata"]
    name = before["name"]
    if meta.get("name", "") != name:
        raise errors.BadRequest(
            f"the name of the object ({meta.get('name', '')}) does not match the name on the URL ({name})"
        )
    if meta.get("namespace") and meta["namespace"] != before.get("namespace", ""):
        raise errors.BadRequest(
            f"the namespace of the object ({meta['namespace']}) does not match the namespace on the URL "
            f"({before.get('namespace', '')})"
        )
    if meta.get("uid") and meta["uid"] != before["uid"]:
        why = f"Precondition failed: UID in precondition: {meta['uid']}, UID in object meta: {before['uid']}"
        raise errors.Conflict.of(plural=resource.kind.plural, group=resource.kind.group, name=name, message=why)
    version = meta.get("resourceVersion", "")
    if not version or version == "0":
        if require_version and not resource.kind.unconditional_update:
            text = f"Invalid value: {version or '0x0'}: must be specified for an update"
            cause = Cause(CauseType.INVALID, text, "metadata.resourceVersion")
            raise errors.Invalid.of(kind=resource.kind.plural, group=resource.kind.group, name=name, causes=[cause])
        return False
    if version != before["resourceVersion"]:
        raise writing.conflict(resource, name)
    return True


async def _attempt(write: Write, wanted: dict[str, Any], old: dict[str, Any], subresource: str) -> Stored:
    """One try over the version that was read.

    Raises:
        Stale: somebody else wrote meanwhile.
    """
    resource = write.resource
    key, version = resource.key(namespace_of(old), old["metadata"]["name"]), int(old["metadata"]["resourceVersion"])
    obj, facts = await _settle(write, wanted, old, subresource)
    extra = _immutable(resource, obj, old)
    if obj == old and not extra:
        return writing.unsaved(resource, obj, version)
    obj["metadata"].pop("resourceVersion", None)
    if writing.has_generation(resource) and _spec(obj, resource) != _spec(old, resource):
        obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
    writing.check(resource, obj, old, [*extra, *facts.problems])
    await write.admit(Operation.UPDATE, obj=obj, old=old, subresource=subresource)
    if write.options.dry_run:
        return writing.unsaved(resource, obj, version)
    gone = _complete(resource, obj)
    operations: list[StoreOperation] = [
        Remove(key, version) if gone else writing.put(resource, obj, version),
        *resource.strategy.operations(None if gone else obj, old, facts),
        *write.entry(
            "update",
            obj=obj,
            subresource=subresource,
            command=activity.update_command(resource.kind, old, obj, subresource),
        ),
    ]
    committed = await write.kit.store.commit(operations)
    # The answer to a write that removed the last finalizer is the object as it was written, at its old version.
    return writing.unsaved(resource, obj, version) if gone else writing.only(committed)


async def _settle(
    write: Write, wanted: dict[str, Any], old: dict[str, Any], subresource: str
) -> tuple[dict[str, Any], Facts]:
    """The wanted object with everything put back that this endpoint or this caller cannot change."""
    resource, stamp = write.resource, write.stamp()
    if subresource == kinds.STATUS.name:
        obj = copy.deepcopy(old)
        obj["status"] = wanted.get("status") or {}
        structural.default(obj, resource.schema)
        writing.check_shape(resource, obj)
        resource.strategy.update_status(obj, old, stamp)
        if not obj["status"] and "status" not in old:
            del obj["status"]
        return obj, Facts()
    metadata.restore(wanted, old)
    if resource.kind.has_status:
        wanted.pop("status", None)
        if "status" in old:
            wanted["status"] = copy.deepcopy(old["status"])
    resource.strategy.prepare(wanted, stamp)
    structural.default(wanted, resource.schema)
    writing.check_shape(resource, wanted)
    for warning in metadata.deduplicate_owners(wanted):
        write.call.warn(warning)
    facts = await write.facts(Operation.UPDATE, wanted, old)
    resource.strategy.update(wanted, old, facts, stamp)
    return wanted, facts


def namespace_of(obj: Mapping[str, Any]) -> str:
    return obj["metadata"].get("namespace", "")


def _spec(obj: Mapping[str, Any], resource: Resource) -> dict[str, Any]:
    """What generation counts: everything besides metadata, and besides status where it has its own endpoint."""
    hidden = {"metadata", "status"} if resource.kind.has_status else {"metadata"}
    return {key: value for key, value in obj.items() if key not in hidden}


def _immutable(resource: Resource, obj: Mapping[str, Any], old: Mapping[str, Any]) -> list[Cause]:
    found: list[Cause] = []
    for path in resource.kind.immutable:
        before, after = paths.look(old, path), paths.look(obj, path)
        if before is not None and before != after:
            found.append(Cause(CauseType.INVALID, f"Invalid value: {activity.shown(after)}: field is immutable", path))
    return found


def _complete(resource: Resource, obj: Mapping[str, Any]) -> bool:
    """Whether nothing keeps a deleted object any more."""
    meta = obj["metadata"]
    return (
        bool(meta.get("deletionTimestamp"))
        and not meta.get("finalizers")
        and not resource.strategy.blocks_deletion(obj)
    )
