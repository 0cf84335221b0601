"""From the readiness of its parts to the conditions of a composite, in the parts' own words."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from krate import conditions
from krate.conditions import Condition, Reason, Type
from krate_functions import composition, readiness
from krate_functions.composition import Composed, Object, Observed, Part, Readiness


@dataclass(frozen=True, slots=True)
class Words:
    """How one condition speaks of a group of parts."""

    type: Type
    ready: Reason
    pending: Reason
    absent: Condition
    """What is said when the group has no part: the platform serves none of them, or nothing asks for any."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The parts of a composite beside what was observed of them."""

    parts: tuple[Part, ...]
    observed: Observed

    def verdicts(self, names: Iterable[str]) -> list[Readiness]:
        """Readiness of the parts of these names, in their order; names that are no part are left out."""
        by_name = {part.name: part for part in self.parts}
        return [
            readiness.judge(name, Composed(by_name[name].object, by_name[name].rule), self.observed)
            for name in names
            if name in by_name
        ]

    def ready(self, name: str) -> bool:
        """Whether the part is there and ready; one that the platform does not serve never is."""
        return any(verdict.ready for verdict in self.verdicts([name]))

    def staged(self, *, held: bool) -> dict[str, Composed]:
        """The parts whose stage has come (`composition.staged`)."""
        return composition.staged(self.parts, observed=self.observed, ready=self.ready, held=held)

    def summary(self, words: Words, names: Iterable[str]) -> Condition:
        """The condition that says whether the parts of these names are ready; names that are no part are left out."""
        verdicts = self.verdicts(names)
        if not verdicts:
            return words.absent
        failed = next((verdict for verdict in verdicts if verdict.failed), None)
        if failed is not None:
            return conditions.false(words.type, Reason.UNAVAILABLE, failed.message)
        waiting = next((verdict for verdict in verdicts if not verdict.ready), None)
        if waiting is not None:
            return conditions.false(words.type, words.pending, waiting.message)
        return conditions.true(words.type, words.ready)


def not_served(kind: Type) -> Condition:
    return conditions.unknown(kind, Reason.NOT_SERVED, "The platform serves no kind that this needs.")


def not_required(kind: Type, message: str) -> Condition:
    return conditions.true(kind, Reason.NOT_REQUIRED, message)


ACCESS_READY: Final = Words(Type.ACCESS_READY, Reason.BOUND, Reason.PENDING, not_served(Type.ACCESS_READY))
HOST_READY: Final = Words(Type.HOST_READY, Reason.HOST_AVAILABLE, Reason.HOST_PENDING, not_served(Type.HOST_READY))


def status_of(observed: Observed, name: str) -> Object:
    """Status of the observed part `name`; empty when there is none."""
    return (observed.get(name) or {}).get("status") or {}
