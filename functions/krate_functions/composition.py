"""What a composer returns, as plain values: no protobuf, no I/O, comparable as a whole.

A composer is a pure function of what it was given: `compose(xr, observed, required, options) -> Desired`. Run twice on
the same values it must answer the same bytes; that keeps Crossplane's circuit breaker closed and its cache useful.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from krate import conditions
from krate.conditions import Condition, Reason, Status

Object = Mapping[str, Any]
"""Any Kubernetes object, in its wire form."""

Observed = Mapping[str, Object]
"""Composed objects that exist, by their name in the composition."""

Required = Mapping[str, Sequence[Object]]
"""Answers to requirements. An absent name was not asked for yet; an empty sequence was, and nothing was found."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether an observed object does its work, and what it says about it."""

    ready: bool
    message: str = ""
    failed: bool = False
    """Not merely on its way: something is wrong with it."""


Rule = Callable[[Object], Readiness]
"""Judges an observed object; nothing but what was observed makes anything ready."""


@dataclass(frozen=True, slots=True)
class Selector:
    """Objects that a composer needs to see: one by name, some by labels, or all of a kind."""

    api_version: str
    kind: str
    name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    namespace: str = ""
    """Empty for cluster-scoped kinds, and for all namespaces."""


class Severity(StrEnum):
    """How serious a result is."""

    NORMAL = "Normal"
    WARNING = "Warning"
    FATAL = "Fatal"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, to be recorded once."""

    severity: Severity
    reason: str
    message: str
    step: str = ""
    """Pipeline step that reported it; filled in by the engine."""


@dataclass(frozen=True, slots=True)
class Composed:
    """One object that must exist."""

    object: Object
    rule: Rule | None = None
    """What makes it ready; by default the rule of its kind (`readiness.rule_of`)."""


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything a composer wants."""

    resources: Mapping[str, Composed] = field(default_factory=dict[str, Composed])
    conditions: tuple[Condition, ...] = ()
    status: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Fields of the composite's status, without conditions."""
    requirements: Mapping[str, Selector] = field(default_factory=dict[str, Selector])
    ready: bool | None = None
    """False keeps the composite unready although every composed object is ready; None lets those decide."""


@dataclass(frozen=True, slots=True)
class Part:
    """An object with its place in the order of things: what must be observed and ready before it is first emitted."""

    name: str
    object: Object
    after: tuple[str, ...] = ()
    rule: Rule | None = None


def staged(
    parts: Iterable[Part], *, observed: Observed, ready: Callable[[str], bool], held: bool
) -> dict[str, Composed]:
    """The parts whose stage has come, in the order of their names.

    Crossplane applies composed objects in random order and gives up at the first error, so whatever others depend on
    goes first (real-components.md X6). A part that was ever observed stays: leaving it out would delete it.

    Args:
        parts: everything that is wanted, in any order.
        observed: composed objects that exist.
        ready: whether the part of that name is observed and ready.
        held: nothing new may be emitted, because what it would live in is terminating or is not ours.
    """
    found = {
        part.name: Composed(part.object, part.rule)
        for part in parts
        if part.name in observed or (not held and all(ready(name) for name in part.after))
    }
    return dict(sorted(found.items()))


_PENDING: frozenset[str] = frozenset(
    {
        Reason.PENDING,
        Reason.WAITING,
        Reason.NAMESPACE_PENDING,
        Reason.HOST_PENDING,
        Reason.OWNER_PENDING,
        Reason.NOT_LOADED,
        Reason.CREATING,
        Reason.DELETING,
    }
)
"""Reasons that time will settle; everything else that is False needs somebody."""


def is_error(condition: Condition) -> bool:
    """Whether somebody must do something about a condition."""
    return condition.status == Status.FALSE and condition.reason not in _PENDING


def transitions(current: Iterable[Object], wanted: Iterable[Condition]) -> tuple[Event, ...]:
    """One event for each condition that turns True or into an error; none while nothing changes.

    Args:
        current: the conditions of the composite as observed.
        wanted: the conditions that the composer sets.
    """
    current = list(current)
    found: list[Event] = []
    for condition in wanted:
        before = conditions.find(current, condition.type) or {}
        if before.get("status") == condition.status and before.get("reason") == condition.reason:
            continue
        if is_error(condition):
            found.append(Event(Severity.WARNING, str(condition.reason), condition.message))
        elif condition.status == Status.TRUE and before.get("status") != Status.TRUE:
            text = condition.message or f"{condition.type} is True."
            found.append(Event(Severity.NORMAL, str(condition.reason), text))
    return tuple(found)
