"""What every write shares: validation in the fixed order, admission, audit and the mapping of store errors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from krate import clock, errors, kinds, names
from krate.errors import Cause
from krate.kinds import Form
from krate_api import activity
from krate_api.admission.chain import Chain
from krate_api.admission.interface import Operation, Request
from krate_api.http import MAX_BODY
from krate_api.registry import metadata, metadata_rules
from krate_api.registry.call import Call, WriteOptions
from krate_api.registry.lanes import Lane
from krate_api.resources import Catalog, Resource
from krate_api.store import encoding
from krate_api.store.interface import Committed, Put, Store, Stored
from krate_api.store.interface import Operation as StoreOperation
from krate_api.strategies.interface import Facts, Stamp

_CORE = frozenset({"", kinds.ROLE.group, kinds.LEASE.group, kinds.NAMED_EVENT.group})
"""Groups of kinds without a generation, whose finalizers need a domain."""


class FactFinder(Protocol):
    """Finds out what a strategy must know: the only I/O before stamping."""

    async def find(
        self,
        resource: Resource,
        operation: Operation,
        obj: Mapping[str, Any],
        old: Mapping[str, Any] | None,
        call: Call,
    ) -> Facts: ...


@dataclass(frozen=True, slots=True)
class Kit:
    """What the write paths need."""

    catalog: Catalog
    store: Store
    chain: Chain
    facts: FactFinder
    clock: clock.Clock

    def within(self, lane: Lane) -> "Kit":
        """This kit for use in a lane."""
        return replace(self, store=lane.port(self.store), chain=lane.port(self.chain), facts=lane.port(self.facts))

    def now(self) -> str:
        return clock.rfc3339(self.clock())


@dataclass(frozen=True, slots=True)
class Write:
    """One write on its way: the kit, the kind, who asks and how."""

    kit: Kit
    resource: Resource
    call: Call
    options: WriteOptions

    def stamp(self) -> Stamp:
        return Stamp(self.call.caller, self.kit.now(), self.call.correlation_id)

    async def facts(self, operation: Operation, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> Facts:
        return await self.kit.facts.find(self.resource, operation, obj, old, self.call)

    async def admit(
        self,
        operation: Operation,
        *,
        obj: Mapping[str, Any] | None,
        old: Mapping[str, Any] | None,
        subresource: str = "",
    ) -> None:
        """Run validating admission.

        Raises:
            StatusError: a validator denies.
        """
        shown = obj if obj is not None else old or {}
        request = Request(
            uid=self.call.correlation_id,
            operation=operation,
            kind=self.resource.kind,
            name=shown.get("metadata", {}).get("name", ""),
            namespace=shown.get("metadata", {}).get("namespace", ""),
            caller=self.call.caller,
            object=obj,
            old=old,
            subresource=subresource,
            dry_run=self.options.dry_run,
            options=self.options.rendered(),
        )
        await self.kit.chain.validate(request, self.call.review)

    def entry(
        self, verb: str, *, obj: Mapping[str, Any], command: str, subresource: str = ""
    ) -> Sequence[StoreOperation]:
        """The audit row of the write, unless it is exempt."""
        kind = self.resource.kind
        if activity.exempt(kind, subresource, controller=self.call.controller):
            return ()
        row = activity.Entry(
            self.call.caller,
            verb,
            kind.api_version,
            kind.name,
            obj["metadata"].get("namespace", "") or names.SYSTEM_NAMESPACE,
            obj["metadata"]["name"],
            self.kit.now(),
            self.call.correlation_id,
            subresource=subresource,
            command=command,
        )
        return (row.operation(),)


def has_generation(resource: Resource) -> bool:
    return resource.kind.form is not Form.BUILTIN or resource.kind.group not in _CORE


def check_shape(resource: Resource, obj: Mapping[str, Any], old: Mapping[str, Any] | None = None) -> None:
    """The schema alone, before a strategy reads the object as if it were well formed.

    Raises:
        Invalid: with all problems found.
    """
    causes = resource.shape.problems(obj, old)
    if causes:
        raise invalid(resource, obj, [*_metadata_problems(resource, obj, old), *causes])


def check(
    resource: Resource,
    obj: Mapping[str, Any],
    old: Mapping[str, Any] | None,
    extra: Sequence[Cause] = (),
    *,
    warn: Callable[[str], None] | None = None,
    part: str = "",
) -> None:
    """Schema and everything the schema cannot say; `warn` is told what was wrong before and may stay so.

    `part` is the member that is written, where the others are not looked at.

    Raises:
        Invalid: with all problems found.
    """
    causes = [*extra, *_metadata_problems(resource, obj, old), *resource.shape.problems(obj, old, warn, part=part)]
    if not causes or resource.kind.form is Form.CUSTOM:
        causes += resource.strategy.problems(obj, old)
    if causes:
        raise invalid(resource, obj, causes)


def _metadata_problems(resource: Resource, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
    """Upstream looks at metadata once for all kinds and again for each (rest.BeforeUpdate), and tells what it finds."""
    found = metadata_rules.problems(obj, resource)
    core = resource.kind.form is Form.BUILTIN and resource.kind.group in _CORE
    unqualified = metadata_rules.unqualified(obj) if core else []
    if old is None:
        return [*found, *unqualified]
    changed = metadata_rules.changed(obj, old)
    return [*found, *changed, *changed, *([*unqualified, *found, *unqualified] if core else ())]


def invalid(resource: Resource, obj: Mapping[str, Any], causes: Sequence[Cause]) -> errors.Invalid:
    name = obj["metadata"].get("name", "")
    return errors.Invalid.of(kind=resource.kind.name, group=resource.told_group, name=name, causes=causes)


def warn(write: Write, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> None:
    """Tell what a kind has to say, and of new finalizers with careless names, as upstream does for custom resources."""
    for warning in write.resource.strategy.warnings(obj, old):
        write.call.warn(warning)
    if write.resource.kind.form is not Form.BUILTIN:
        for warning in metadata.finalizer_warnings(obj, old):
            write.call.warn(warning)


def put(resource: Resource, obj: dict[str, Any], expect: int) -> Put:
    """The store operation that writes `obj`.

    Raises:
        RequestEntityTooLarge: the object is larger than a request may be; patches could make it so.
    """
    key = resource.key(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
    draft = encoding.draft(resource.stored(obj))
    if len(draft.head) + len(draft.tail) > MAX_BODY:
        raise errors.RequestEntityTooLarge(f"Request entity too large: limit is {MAX_BODY}")
    return Put(key, draft, resource.index(obj), expect)


def put_status(resource: Resource, old: Mapping[str, Any], obj: dict[str, Any], now: str) -> Put:
    """The store operation by which the server itself writes the status of an object, over the version of `old`."""
    new = {**obj, "metadata": {**obj["metadata"]}, "status": encoding.plain(obj["status"])}
    resource.owners(kinds.STATUS.name).update(old, new, manager=names.SERVER_MANAGER, now=now)
    return put(resource, new, int(old["metadata"]["resourceVersion"]))


def unsaved(resource: Resource, obj: dict[str, Any], version: int) -> Stored:
    """The answer of a dry run: the object as it would be, with the version it was derived from (none for a create)."""
    key = resource.key(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
    return Stored(key, version, encoding.body(obj, version))


def conflict(resource: Resource, name: str) -> errors.Conflict:
    return errors.Conflict.of(plural=resource.kind.plural, group=resource.kind.group, name=name)


def not_found(resource: Resource, name: str) -> errors.NotFound:
    return errors.NotFound.of(plural=resource.kind.plural, group=resource.kind.group, name=name)


def only(committed: Committed) -> Stored:
    """The first object that a batch wrote: the one the request is about."""
    return committed.objects[0]
