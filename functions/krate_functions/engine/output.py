"""What a render prints: the composite with its conditions, and events as Result objects."""

import copy
from collections.abc import Iterable, Mapping
from typing import Any, Final

from krate.conditions import Reason, Status, Type
from krate_functions.composition import Event, Object, Severity
from krate_functions.engine import composing
from krate_functions.engine.composing import Plan
from krate_functions.engine.pipeline import COMPOSE_REASON, PipelineError

EPOCH: Final = "2024-01-01T00:00:00Z"
"""Time of every condition, so that output is stable."""

API_VERSION: Final = "render.crossplane.io/v1beta1"
SELECT_REASON: Final = "SelectComposition"

Condition = dict[str, Any]


def composite(xr: Object, plan: Plan, said: Iterable[Condition]) -> dict[str, Any]:
    """The composite after the reconcile: references to what it composes, desired status, conditions.

    Conditions that were there keep their place, as upstream has it; new ones follow.
    """
    metadata = {key: xr["metadata"][key] for key in ("name", "namespace") if xr["metadata"].get(key)}
    by_type = {entry["type"]: entry for entry in (xr.get("status") or {}).get("conditions") or []}
    for condition in said:
        by_type[condition["type"]] = condition
    stamped = [{**entry, "lastTransitionTime": EPOCH} for entry in by_type.values()]
    return {
        "apiVersion": xr["apiVersion"],
        "kind": xr["kind"],
        "metadata": metadata,
        "spec": {"crossplane": {"resourceRefs": references(plan, namespaced=bool(metadata.get("namespace")))}},
        "status": {**plan.status, "conditions": stamped},
    }


def references(plan: Plan, *, namespaced: bool) -> list[dict[str, str]]:
    """References to the composed objects, sorted as upstream sorts them."""
    found: list[dict[str, str]] = []
    for item in plan.items:
        metadata = item.object["metadata"]
        reference = {"apiVersion": item.object["apiVersion"], "kind": item.object["kind"], "name": metadata["name"]}
        if metadata.get("namespace") and not namespaced:
            reference["namespace"] = metadata["namespace"]
        found.append(reference)
    return sorted(found, key=lambda ref: ref["apiVersion"] + ref["kind"] + ref["name"] + ref.get("namespace", ""))


def after(xr: Object, plan: Plan) -> list[Condition]:
    """The conditions that a reconcile sets, in upstream's order."""
    reported = (_condition(entry.type, entry.status, entry.reason, entry.message) for entry in plan.conditions)
    own = (composing.synced(()), composing.ready(plan))
    return [_responsive(xr), *reported, *(_condition(c.type, c.status, c.reason, c.message) for c in own)]


def after_failure(xr: Object, failure: PipelineError) -> list[Condition]:
    """The conditions that a fatal result leaves: what the function would have set is Unknown."""
    own = composing.failed(str(failure))
    said = [own, *composing.unknown(xr, failure.partial)]
    return [_responsive(xr), *(_condition(c.type, c.status, c.reason, c.message) for c in said)]


def _responsive(xr: Object) -> Condition:
    found = _condition(Type.RESPONSIVE, Status.TRUE, Reason.WATCH_CIRCUIT_CLOSED, "")
    generation = xr["metadata"].get("generation")
    return {**found, "observedGeneration": generation} if generation else found


def _condition(kind: str, status: str, reason: str, message: str) -> Condition:
    found = {"type": str(kind), "status": str(status), "reason": str(reason)}
    return {**found, "message": message} if message else found


def events(composition: str, plan: Plan) -> list[Event]:
    """Everything that a reconcile would record."""
    found = [Event(Severity.NORMAL, SELECT_REASON, f"Successfully selected composition: {composition}"), *plan.events]
    for item in plan.items:
        if not item.ready:
            text = f'Composed resource "{item.name}" is not yet ready'
            found.append(Event(Severity.NORMAL, COMPOSE_REASON, text))
    return found


def result(event: Event) -> dict[str, Any]:
    """An event as the CLI prints it."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Result",
        "message": f'Pipeline step "{event.step}": {event.message}' if event.step else event.message,
        "reason": event.reason,
        "severity": str(event.severity),
    }


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid on `base`, maps merged, everything else replaced."""
    found = copy.deepcopy(dict(base))
    for key, value in over.items():
        below = found.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            found[key] = merged(below, value)
        else:
            found[key] = copy.deepcopy(value)
    return found
