"""One reconcile of a composite up to the point where something would be written: values in, a plan out.

`krate render` prints the plan, the embedded loop carries it out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from krate import conditions
from krate.conditions import Condition, Reason, Status, Type
from krate_functions.composition import Event, Object
from krate_functions.engine import naming, pipeline
from krate_functions.engine.compositions import Composition
from krate_functions.engine.naming import Scopes
from krate_functions.engine.pipeline import Fetch, PipelineError, Requirements
from krate_functions.protocol import Functions, Reported, Request

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Item:
    """One composed object that must exist."""

    name: str
    """Name in the composition."""
    object: Object
    ready: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What a reconcile would do."""

    items: tuple[Item, ...] = ()
    """Sorted by name."""
    surplus: tuple[str, ...] = ()
    """Observed objects that nobody desires any more, by name in the composition."""
    status: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Desired status of the composite, without conditions."""
    ready: bool | None = None
    conditions: tuple[Reported, ...] = ()
    events: tuple[Event, ...] = ()
    requirements: Requirements = field(default_factory=dict[str, Any])
    ttl_seconds: float = 0.0
    context: Mapping[str, Any] = field(default_factory=dict[str, Any])


async def plan(
    composition: Composition,
    xr: Object,
    observed: Mapping[str, Object],
    *,
    functions: Functions,
    fetch: Fetch,
    scopes: Scopes = naming.scope_of,
    seeds: Requirements | None = None,
    context: Mapping[str, Any] | None = None,
    secrets: Mapping[tuple[str, str], Mapping[str, bytes]] | None = None,
) -> Plan:
    """Run the pipeline and complete what it desires.

    Args:
        composition: the steps.
        xr: the composite; it has a UID.
        observed: composed objects that exist, by their name in the composition.
        functions: runs them.
        fetch: answers requirements.
        scopes: tells namespaced kinds from cluster-scoped ones.
        seeds: what steps asked for last time, fetched before the first call.
        context: what the first step finds in its context.
        secrets: data of Secrets by namespace and name, for steps that ask for credentials.

    Raises:
        PipelineError: a step failed, or an object cannot be composed.
    """
    request = Request(xr, observed, context=context or {})
    found = await pipeline.run(composition, request, functions=functions, fetch=fetch, secrets=secrets, seeds=seeds)
    items, events = _items(found, xr, observed, scopes)
    return Plan(
        items,
        tuple(sorted(set(observed) - set(found.desired.resources))),
        {key: value for key, value in (found.desired.composite.get("status") or {}).items() if key != "conditions"},
        found.desired.ready,
        tuple(reported for reported in found.conditions if reported.type not in conditions.SYSTEM_TYPES),
        (*found.events, *events),
        found.requirements,
        found.ttl_seconds,
        found.context,
    )


def _items(
    found: pipeline.Outcome, xr: Object, observed: Mapping[str, Object], scopes: Scopes
) -> tuple[tuple[Item, ...], list[Event]]:
    """The desired objects, complete with the metadata of composed ones, and what had to be said about that."""
    events: list[Event] = []
    items: list[Item] = []
    for name in sorted(found.desired.resources):
        wanted = found.desired.resources[name]
        try:
            done = naming.complete(wanted.object, xr=xr, name=name, observed=observed.get(name), scopes=scopes)
        except naming.Uncomposable as failure:
            raise PipelineError(str(failure), found) from failure
        events.extend(done.events)
        items.append(Item(name, done.object, wanted.ready is True))
    return tuple(items), events


def synced(unsynced: Iterable[str]) -> Condition:
    """The condition Synced, from the names of objects that could not be written."""
    unsynced = sorted(unsynced)
    if unsynced:
        return conditions.false(Type.SYNCED, Reason.RECONCILE_ERROR, f"Unsynced resources: {some(unsynced)}")
    return conditions.true(Type.SYNCED, Reason.RECONCILE_SUCCESS)


def failed(message: str) -> Condition:
    """The condition Synced of a reconcile that was given up."""
    return conditions.false(Type.SYNCED, Reason.RECONCILE_ERROR, f"cannot compose resources: {message}")


def unknown(xr: Object, partial: pipeline.Outcome) -> list[Reported]:
    """What a fatal result leaves of a composite's own conditions: those that no function came to set are Unknown."""
    seen = {reported.type for reported in partial.conditions}
    text = "A fatal error occurred before the status of this condition could be determined."
    lost = [
        Reported(entry["type"], str(Status.UNKNOWN), str(Reason.FATAL_ERROR), text)
        for entry in (xr.get("status") or {}).get("conditions") or []
        if entry["type"] not in conditions.SYSTEM_TYPES and entry["type"] not in seen
    ]
    return [*(entry for entry in partial.conditions if entry.type not in conditions.SYSTEM_TYPES), *lost]


def ready(found: Plan) -> Condition:
    """The condition Ready; a function that speaks for the whole composite overrides its objects."""
    unready = [item.name for item in found.items if not item.ready]
    if found.ready is not None:
        unready = []
    message = f"Unready resources: {some(unready)}" if unready else ""
    if unready or found.ready is False:
        return conditions.false(Type.READY, Reason.CREATING, message)
    return conditions.true(Type.READY, Reason.AVAILABLE)


def some(names: Iterable[str]) -> str:
    """`a, b`; `a, b, and c`; `a, b, c, and 4 more`: upstream's StableNAndSomeMore."""
    names = sorted(names)
    if len(names) > _SHOWN:
        return f"{', '.join(names[:_SHOWN])}, and {len(names) - _SHOWN} more"
    if len(names) == _SHOWN:
        return f"{', '.join(names[:-1])}, and {names[-1]}"
    return ", ".join(names)
