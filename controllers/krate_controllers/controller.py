"""The step loop: ordered steps say what holds, and one place writes status, conditions, events and the next attempt.

A controller is a row: a kind, the steps that make it true, the steps that let it go, and what else it listens to. A
reconcile reads the object fresh, runs the steps until one does not hold, and writes what they said in one patch of
`/status` that names the version it was decided on: whoever wrote in between wins, and the object is looked at again.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar, cast

from krate import conditions
from krate.conditions import Condition, Reason, Status, Type
from krate.kinds import Kind
from krate.models.meta import Resource
from krate.names import Annotation, ServiceAccount
from krate_controllers.outcomes import Done, Outcome, Stall, Wait
from krate_controllers.workqueue import Key
from krate_git.interface import GitError, HostUnavailable
from krate_kube import patches
from krate_kube.interface import Object

V = TypeVar("V", bound=Resource)
D = TypeVar("D")

Step = Callable[[V, D], Awaitable[Outcome]]
Summarize = Callable[[V, Outcome], tuple[Condition, ...]]
Known = Mapping[Key, Any]
"""Keys that the controller has seen and concerns itself with, each with what its `index` remembers."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """Another kind whose changes call for a look at objects of the controller's own kind."""

    kind: Kind
    keys: Callable[[Object, Known], Iterable[Key]]
    """Which of the known objects a changed object concerns."""


def no_summary(_view: Any, _outcome: Outcome) -> tuple[Condition, ...]:
    """For controllers whose steps set every condition themselves."""
    return ()


def everything(_found: Object) -> bool:
    return True


def nothing(_found: Object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Controller(Generic[V, D]):
    """One row: how objects of one kind are made true."""

    name: str
    kind: Kind
    identity: ServiceAccount
    steps: tuple[Step[V, D], ...]
    finish: tuple[Step[V, D], ...] = ()
    """Run instead of `steps` while the object is being deleted; then the finalizer goes."""
    finalizer: str = ""
    summarize: Summarize[V] = no_summary
    """Conditions that follow from the outcome as a whole."""
    pausable: bool = False
    """Whether `crossplane.io/paused` stops it."""
    concerns: Callable[[Object], bool] = everything
    """Objects that are looked at at all."""
    index: Callable[[Object], Any] = nothing
    """What to remember of each object for triggers."""
    triggers: tuple[Trigger, ...] = ()
    resync: float = 600.0
    """Seconds between two looks at everything, which repair drift."""
    resync_fields: tuple[str, ...] = ("",)
    """Field selectors of what `everything` is."""
    writes_status: bool = True
    announces: frozenset[Type] = frozenset()
    """Conditions whose every turn becomes an event; those that alarm do so in any case."""
    workers: int = 4


@dataclass(slots=True)
class Run:
    """What the steps said, put together."""

    outcome: Outcome = field(default_factory=Done)
    status: dict[str, Any] = field(default_factory=dict[str, Any])
    conditions: list[Condition] = field(default_factory=list[Condition])
    annotations: dict[str, str] = field(default_factory=dict[str, str])

    def take(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.status = patches.merge(self.status, outcome.status)
        self.conditions.extend(outcome.conditions)
        if isinstance(outcome, Done):
            self.annotations.update(outcome.annotations)

    def over(self, status: Mapping[str, Any], *, now: str = "", generation: int | None = None) -> dict[str, Any]:
        """`status` with everything said so far."""
        after: dict[str, Any] = patches.merge(status, self.status)
        if self.conditions:
            said = {condition.type: condition for condition in self.conditions}
            before = status.get("conditions") or []
            after["conditions"] = conditions.merge(before, said.values(), now=now, generation=generation)
        return after


def paused(found: Object) -> bool:
    return (found["metadata"].get("annotations") or {}).get(Annotation.PAUSED) == "true"


ALARMING: Final = frozenset(
    {
        Reason.RECONCILE_ERROR,
        Reason.COMPILE_FAILED,
        Reason.HOST_UNREACHABLE,
        Reason.UNAVAILABLE,
        Reason.DELETION_REFUSED,
        Reason.DENIED,
        Reason.NOT_ALLOWED,
        Reason.CONFLICTS,
    }
)
"""Reasons that somebody should look at."""

PAUSED: Final = conditions.false(
    Type.SYNCED, Reason.RECONCILE_PAUSED, "Reconciling is paused: remove the annotation crossplane.io/paused to go on."
)


async def run_steps(controller: Controller[V, D], deps: D, found: Object) -> Run:
    """Run the steps on `found` until one does not hold; each sees the status that those before it reported."""
    run = Run()
    if controller.pausable and paused(found):
        run.take(Stall(Reason.RECONCILE_PAUSED, PAUSED.message, conditions=(PAUSED,)))
        return run
    deleting = bool(found["metadata"].get("deletionTimestamp"))
    for step in controller.finish if deleting else controller.steps:
        status = run.over(found.get("status") or {})
        view = cast("V", controller.kind.model.model_validate({**found, "status": status}))
        run.take(await attempt(step, view, deps))
        if not isinstance(run.outcome, Done):
            break
    view = cast("V", controller.kind.model.model_validate(found))
    run.conditions.extend(controller.summarize(view, run.outcome))
    return run


async def attempt(step: Step[Any, D], view: Resource, deps: D) -> Outcome:
    """The step's outcome; trouble with the Git host, which every step can have, is one too."""
    try:
        return await step(view, deps)
    except HostUnavailable as trouble:
        return Wait(None, Reason.HOST_UNREACHABLE, f"The Git host does not answer: {trouble}")
    except GitError as trouble:
        return Wait(None, Reason.RECONCILE_ERROR, str(trouble))


def status_patch(found: Object, run: Run, *, now: str) -> dict[str, Any]:
    """The merge patch of `status` that records `run`; {} when nothing differs."""
    before: Mapping[str, Any] = found.get("status") or {}
    generation = found["metadata"].get("generation")
    after = run.over(before, now=now, generation=generation)
    if generation is not None:
        after["observedGeneration"] = generation
    return patches.difference(before, after)


def turned(found: Object, run: Run, *, announces: frozenset[Type]) -> tuple[tuple[Condition, bool], ...]:
    """Conditions that say something else than before and are worth an event, each with whether it alarms."""
    before = (found.get("status") or {}).get("conditions") or []
    said = {condition.type: condition for condition in run.conditions}
    differing = [one for one in said.values() if _differs(conditions.find(before, one.type), one)]
    alarms = [one.status is not Status.TRUE and one.reason in ALARMING for one in differing]
    pairs = zip(differing, alarms, strict=True)
    return tuple((one, alarm) for one, alarm in pairs if alarm or one.type in announces)


def _differs(before: Mapping[str, Any] | None, now: Condition) -> bool:
    return before is None or (before.get("status"), before.get("reason")) != (now.status, now.reason)
