"""Delete, with finalizers, preconditions and propagation policies (AS/pkg/registry/generic/registry/store.go)."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from krate import errors
from krate.names import Finalizer
from krate_api import activity
from krate_api.admission.interface import Operation
from krate_api.registry import writing
from krate_api.registry.deleteoptions import DeleteOptions
from krate_api.registry.writing import Write
from krate_api.resources import Resource
from krate_api.store import encoding
from krate_api.store.interface import Operation as StoreOperation
from krate_api.store.interface import Remove, Stale, Stored
from krate_api.strategies.interface import Facts

_ATTEMPTS: Final = 10


@dataclass(frozen=True, slots=True)
class Deletion:
    """What became of a deletion: the object's last state, and whether it is gone."""

    object: dict[str, Any]
    gone: bool


async def delete(write: Write, *, namespace: str, name: str, options: DeleteOptions) -> Deletion:
    """Delete one object, or begin to.

    Raises:
        StatusError: as kube-apiserver answers.
    """
    resource = write.resource
    for _ in range(_ATTEMPTS):
        stored = await write.kit.store.get(resource.key(namespace, name))
        if stored is None:
            raise writing.not_found(resource, name)
        try:
            return await _attempt(write, stored, options)
        except Stale:
            continue
    raise writing.conflict(resource, name)


async def _attempt(write: Write, stored: Stored, options: DeleteOptions) -> Deletion:
    resource = write.resource
    old = encoding.decode(resource.shown(stored.body))
    _check_preconditions(resource, old, options)
    obj = _marked(write, old, options)
    facts = await write.facts(Operation.DELETE, obj, old)
    await write.admit(Operation.DELETE, obj=None, old=old)
    waits = bool(obj["metadata"].get("finalizers")) or resource.strategy.blocks_deletion(obj)
    if waits and obj == old:
        return Deletion(old, gone=False)
    if options.dry_run:
        return Deletion(obj if waits else old, gone=not waits)
    if waits:
        obj["metadata"].pop("resourceVersion", None)
        operation: StoreOperation = writing.put(resource, obj, stored.version)
    else:
        operation = Remove(stored.key, stored.version)
    batch = _batch(write, operation, old=old, obj=obj if waits else None, facts=facts)
    committed = await write.kit.store.commit(batch)
    return Deletion(encoding.decode(resource.shown(writing.only(committed).body)), gone=not waits)


def _batch(
    write: Write,
    operation: StoreOperation,
    *,
    old: Mapping[str, Any],
    obj: Mapping[str, Any] | None,
    facts: Facts,
) -> list[StoreOperation]:
    kind = write.resource.kind
    meta = old["metadata"]
    command = activity.delete_command(kind, meta.get("namespace", ""), meta["name"])
    return [
        operation,
        *write.resource.strategy.operations(obj, old, facts),
        *write.entry("delete", obj=old, command=command),
    ]


def _check_preconditions(resource: Resource, old: Mapping[str, Any], options: DeleteOptions) -> None:
    meta = old["metadata"]
    why = ""
    if options.uid and options.uid != meta["uid"]:
        why = (
            f"the UID in the precondition ({options.uid}) does not match the UID in record ({meta['uid']}). "
            "The object might have been deleted and then recreated"
        )
    elif options.resource_version and options.resource_version != meta["resourceVersion"]:
        why = (
            f"the ResourceVersion in the precondition ({options.resource_version}) does not match the ResourceVersion "
            f"in record ({meta['resourceVersion']}). The object might have been modified"
        )
    if why:
        kind = resource.kind
        raise errors.Conflict(
            f'Operation cannot be fulfilled on {kind.name}.{kind.group} "{meta["name"]}": {why}'
            if kind.group
            else f'Operation cannot be fulfilled on {kind.name} "{meta["name"]}": {why}',
            details={"name": meta["name"], "group": kind.group, "kind": kind.name},
        )


def _marked(write: Write, old: Mapping[str, Any], options: DeleteOptions) -> dict[str, Any]:
    """The object with the marks of a deletion that has to wait."""
    obj = copy.deepcopy(dict(old))
    meta = obj["metadata"]
    finalizers = _finalizers(meta.get("finalizers") or [], options)
    if finalizers:
        meta["finalizers"] = finalizers
    else:
        meta.pop("finalizers", None)
    if not meta.get("deletionTimestamp"):
        meta["deletionTimestamp"] = write.kit.now()
        meta["deletionGracePeriodSeconds"] = 0
        if writing.has_generation(write.resource):
            meta["generation"] = meta.get("generation", 0) + 1
        write.resource.strategy.delete(obj, write.stamp())
    return obj


def _finalizers(present: list[str], options: DeleteOptions) -> list[str]:
    """The finalizers of an object under deletion: what the options say about its dependents replaces what was said.

    AS/pkg/registry/generic/registry/store.go deletionFinalizersForGarbageCollection.
    """
    said = options.propagation != "" or options.orphan is not None
    chosen = {
        str(Finalizer.ORPHAN): options.orphan is True or options.propagation == "Orphan",
        str(Finalizer.FOREGROUND): options.propagation == "Foreground",
    }
    if not said:
        return present
    kept = [item for item in present if item not in chosen]
    return [*kept, *(item for item, wanted in chosen.items() if wanted)]
