"""Create: decode, prune, default, strategy stamps, schema, validating admission, store.

Names from a sequence (pull requests) are predicted when a policy might look at them: admission sees the name, number
and uid that will be stored, and a lost race predicts and judges again; after three losses the number is reserved, so
that a later denial leaves a gap instead of a livelock.
"""

from typing import Any, Final

from krate import errors
from krate_api import activity
from krate_api.admission.interface import Operation
from krate_api.registry import metadata, updating, writing
from krate_api.registry.writing import Kit, Write
from krate_api.store.interface import ABSENT, Bump, Exists, Stale, Stored
from krate_api.store.interface import Operation as StoreOperation
from krate_api.strategies.interface import Facts

_LOSSES: Final = 3
_NAME_ATTEMPTS: Final = 8


async def create(write: Write, obj: dict[str, Any], *, namespace: str, tracked: bool = False) -> Stored:
    """Create `obj` (decoded and pruned) in `namespace`; `tracked`: whether it says who owns which field.

    Raises:
        StatusError: as kube-apiserver answers.
    """
    resource = write.resource
    meta = obj["metadata"]
    updating.check_namespace(meta, namespace)
    if not tracked:
        meta.pop("managedFields", None)
        metadata.wipe(meta)
    if resource.kind.has_status:
        obj.pop("status", None)
    if warning := metadata.deduplicate_owners(obj, patched=write.options.patches):
        write.call.warn(warning)
    stamp = write.stamp()
    resource.strategy.prepare(obj, stamp)
    resource.shape.default(obj)
    if not tracked:
        resource.owners("").update(None, obj, manager=write.options.field_manager, now=stamp.now)
    if not resource.plain:
        writing.check_shape(resource, obj)
    if not meta.get("name") and not meta.get("generateName"):
        writing.check(resource, obj, None)
    metadata.begin(obj, namespace=namespace, now=stamp.now, generation=writing.has_generation(resource))
    for attempt in range(_NAME_ATTEMPTS):
        try:
            return await _attempt(write, obj, attempt)
        except Stale as stale:
            if isinstance(stale, Exists) and meta.get("name"):
                raise await _exists(write, namespace, meta["name"]) from None
    raise errors.AlreadyExists(
        "the server was not able to generate a unique name for the object",
        details={"name": meta.get("generateName", ""), "group": resource.kind.group, "kind": resource.kind.plural},
        retry_after=1,
    )


async def _attempt(write: Write, template: dict[str, Any], attempt: int) -> Stored:
    """One try: gather facts, stamp, judge, write.

    Raises:
        Stale: a name or number was taken meanwhile.
    """
    kit, resource, options = write.kit, write.resource, write.options
    obj = {**template, "metadata": dict(template["metadata"])}
    facts = await write.facts(Operation.CREATE, obj, None)
    if resource.strategy.predicts_name and attempt >= _LOSSES and not options.dry_run:
        facts = await _reserve(kit, facts)
    if not obj["metadata"].get("name") and not resource.strategy.predicts_name:
        obj["metadata"]["name"] = metadata.generated_name(obj["metadata"]["generateName"])
    resource.strategy.create(obj, facts, write.stamp())
    if not resource.converts:
        resource.shape.default(obj)
    writing.check(resource, obj, None, facts.problems)
    writing.warn(write, obj, None)
    if _is_version(obj["metadata"].pop("resourceVersion", "")):
        raise errors.StatusError("resourceVersion should not be set on objects to be created")
    await write.admit(Operation.CREATE, obj=obj, old=None)
    operations: list[StoreOperation] = [
        writing.put(resource, obj, ABSENT),
        *resource.strategy.operations(obj, None, facts),
        *write.entry("create", obj=obj, command=activity.create_command(resource.kind, obj)),
    ]
    if options.dry_run:
        if await kit.store.get(resource.key(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])):
            raise Exists(operations[0])
        return writing.unsaved(resource, obj, 0)
    return writing.only(await kit.store.commit(operations))


def _is_version(text: str) -> bool:
    """Whether a resourceVersion that a create carries names one: upstream does not look at anything else."""
    return text.isascii() and text.isdigit() and int(text) > 0


async def _reserve(kit: Kit, facts: Facts) -> Facts:
    """Take the next number now, whatever happens to the request later."""
    sequence = str(facts.get("sequence"))
    while True:
        expect = kit.store.sequence(sequence)
        try:
            await kit.store.commit([Bump(sequence, expect)])
        except Stale:
            continue
        return Facts({**facts.values, "number": expect + 1, "reserved": True}, facts.problems)


async def _exists(write: Write, namespace: str, name: str) -> errors.AlreadyExists:
    kind = write.resource.kind
    stored = await write.kit.store.get(write.resource.key(namespace, name))
    terminating = stored is not None and b'"deletionTimestamp":' in stored.body
    return errors.AlreadyExists.of(plural=kind.plural, group=kind.group, name=name, terminating=terminating)
