"""Update and patch: one path over a function from the stored object to the wanted one.

A change without a resourceVersion is applied again on the fresh object after a conflict, invisibly to the client; a
change that names one is an optimistic lock. What changes nothing writes nothing.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any, Final

from krate import errors, kinds
from krate.errors import Cause, CauseType
from krate_api import activity, paths
from krate_api.admission.interface import Operation
from krate_api.apply import values
from krate_api.apply.fieldmanager import unmoved
from krate_api.registry import metadata, writing
from krate_api.registry.writing import Write
from krate_api.resources import Resource
from krate_api.store import encoding
from krate_api.store.interface import Operation as StoreOperation
from krate_api.store.interface import Remove, Stale, Stored
from krate_api.strategies.interface import Facts

_ATTEMPTS: Final = 100
"""Of several writers somebody always wins, so losing so often in a row means more than rivals."""

Change = Callable[[dict[str, Any]], dict[str, Any]]
"""From a private copy of the stored object to the wanted one (decoded and pruned)."""


async def update(
    write: Write,
    change: Change,
    *,
    namespace: str,
    name: str,
    subresource: str = "",
    tracked: bool = False,
) -> Stored:
    """Apply `change` to the object.

    Args:
        write: the kit, the kind, who asks and how.
        change: the wanted object from the stored one.
        namespace: of the object; "" for cluster scope.
        name: of the object.
        subresource: "" or "status".
        tracked: whether the change has settled already who owns which field.

    Raises:
        StatusError: as kube-apiserver answers.
    """
    resource = write.resource
    for _ in range(_ATTEMPTS):
        stored = await write.kit.store.get(resource.key(namespace, name))
        if stored is None:
            raise writing.not_found(resource, name)
        old = encoding.decode(resource.shown(stored.body))
        wanted = change(copy.deepcopy(old))
        check_address(wanted, namespace=namespace, name=name)
        _check_uid(write, wanted, old)
        _check_version(resource, wanted, old)
        try:
            outdated = resource.outdated(stored.body)
            return await _attempt(write, wanted, old, subresource, tracked=tracked, outdated=outdated)
        except Stale:
            continue  # A wanted object that names a version is a conflict by its next look at the stored one.
    raise writing.conflict(resource, name)


def check_address(obj: dict[str, Any], *, namespace: str, name: str) -> None:
    """Whether the wanted object is the one that the URL names; its namespace becomes that of the URL.

    Raises:
        BadRequest: another name or namespace.
    """
    meta = obj["metadata"]
    found = meta.get("name", "")
    if not found:
        raise errors.BadRequest(
            f"the name of the object ({name} based on URL) was undeterminable: name must be provided"
        )
    if found != name:
        raise errors.BadRequest(f"the name of the object ({found}) does not match the name on the URL ({name})")
    check_namespace(meta, namespace)


def check_namespace(meta: dict[str, Any], namespace: str) -> None:
    """Whether an object belongs into the namespace of the URL (AS/pkg/registry/rest/meta.go).

    Raises:
        BadRequest: it names another one.
    """
    if namespace and meta.get("namespace", namespace) != namespace:
        raise misplaced()
    if namespace:
        meta["namespace"] = namespace
    else:
        meta.pop("namespace", None)


def misplaced() -> errors.BadRequest:
    """The refusal of an object of another namespace than that of the URL."""
    return errors.BadRequest("the namespace of the provided object does not match the namespace sent on the request")


def _check_uid(write: Write, obj: Mapping[str, Any], old: Mapping[str, Any]) -> None:
    """The uid of a PUT is a precondition; that of a patch is an attempt to change it, which validation refuses.

    Raises:
        Conflict: a PUT speaks of another object of this name.
    """
    sent, uid = obj["metadata"].get("uid"), old["metadata"]["uid"]
    if not sent or sent == uid or write.options.patches:
        return
    kind, meta = write.resource.kind, old["metadata"]
    place = "/".join(part for part in (kind.group, kind.plural, meta.get("namespace"), meta["name"]) if part)
    why = (
        f"StorageError: invalid object, Code: 4, Key: /registry/{place}, ResourceVersion: 0, AdditionalErrorMsg: "
        f"Precondition failed: UID in precondition: {sent}, UID in object meta: {uid}"
    )
    raise errors.Conflict.of(plural=kind.plural, group=kind.group, name=meta["name"], message=why)


def _check_version(resource: Resource, obj: Mapping[str, Any], old: Mapping[str, Any]) -> None:
    """A version that is named is a lock.

    Raises:
        BadRequest: no number.
        Conflict: another version.
        Invalid: none where one is required.
    """
    version, name = obj["metadata"].get("resourceVersion", ""), old["metadata"]["name"]
    if version and not (version.isascii() and version.isdigit()):
        raise errors.BadRequest(f"strconv.ParseUint: parsing {errors.quoted(version)}: invalid syntax")
    if version.strip("0"):
        if version != old["metadata"]["resourceVersion"]:
            raise writing.conflict(resource, name)
    elif not resource.kind.unconditional_update:
        text = "Invalid value: 0: must be specified for an update"
        cause = Cause(CauseType.INVALID, text, "metadata.resourceVersion")
        raise errors.Invalid.of(kind=resource.kind.plural, group=resource.kind.group, name=name, causes=[cause])


async def _attempt(
    write: Write, wanted: dict[str, Any], old: dict[str, Any], subresource: str, *, tracked: bool, outdated: bool
) -> Stored:
    """One try over the version that was read.

    Raises:
        Stale: somebody else wrote meanwhile.
    """
    resource = write.resource
    key, version = resource.key(namespace_of(old), old["metadata"]["name"]), int(old["metadata"]["resourceVersion"])
    obj, facts = await _settle(write, wanted, old, subresource, tracked=tracked)
    extra = _immutable(resource, obj, old)
    unmoved(obj, old)
    same = values.same(obj, old) and not outdated
    obj["metadata"].pop("resourceVersion", None)
    if writing.has_generation(resource) and not values.same(_spec(obj, resource), _spec(old, resource)):
        obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
    part = subresource if subresource == kinds.STATUS.name else ""
    writing.check(resource, obj, old, [*extra, *facts.problems], warn=write.call.warn, part=part)
    writing.warn(write, obj, old)
    await write.admit(Operation.UPDATE, obj=obj, old=old, subresource=subresource)
    # What changes nothing is judged like everything else, and then not written.
    if same or write.options.dry_run:
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
    write: Write, wanted: dict[str, Any], old: dict[str, Any], subresource: str, *, tracked: bool
) -> tuple[dict[str, Any], Facts]:
    """The wanted object with everything put back that this endpoint or this caller cannot change."""
    resource, stamp = write.resource, write.stamp()
    resource.shape.default(wanted)
    if subresource == kinds.STATUS.name:
        obj = copy.deepcopy(old)
        obj["status"] = wanted.get("status") or {}
        if not resource.strategy.status_keeps_metadata:
            metadata.restore(wanted, old)
            obj["metadata"] = copy.deepcopy(wanted["metadata"])
        _track(write, obj, old, wanted if tracked else None, subresource)
        if not resource.plain:
            writing.check_shape(resource, obj, old)
        resource.strategy.update_status(obj, old, stamp)
        if not obj["status"] and not isinstance(wanted.get("status"), dict):
            del obj["status"]
        return obj, Facts()
    metadata.restore(wanted, old)
    if resource.kind.has_status:
        wanted.pop("status", None)
        if "status" in old:
            wanted["status"] = copy.deepcopy(old["status"])
    resource.strategy.prepare(wanted, stamp)
    if not resource.converts:
        resource.shape.default(wanted)
    _track(write, wanted, old, wanted if tracked else None, subresource)
    if not resource.plain:
        writing.check_shape(resource, wanted, old)
    if warning := metadata.deduplicate_owners(wanted, patched=write.options.patches):
        write.call.warn(warning)
    facts = await write.facts(Operation.UPDATE, wanted, old)
    resource.strategy.update(wanted, old, facts, stamp)
    return wanted, facts


def _track(
    write: Write, obj: dict[str, Any], old: Mapping[str, Any], settled: Mapping[str, Any] | None, subresource: str
) -> None:
    """Record who owns what the request changed, before strategies and admission change anything.

    Args:
        write: who asks and how.
        obj: the wanted object.
        old: the stored one.
        settled: the object whose owners are to be kept, where they are settled already.
        subresource: that was written.
    """
    if settled is None:
        owners = write.resource.owners(subresource)
        owners.update(old, obj, manager=write.options.field_manager, now=write.kit.now())
    elif "managedFields" in settled["metadata"]:
        obj["metadata"]["managedFields"] = settled["metadata"]["managedFields"]
    else:
        obj["metadata"].pop("managedFields", None)


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
