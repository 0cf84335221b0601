"""Who is in a team: its own people and those of its children, whatever the depth."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from krate import kinds
from krate.models import Team
from krate_functions import objects
from krate_functions.composition import Required, Selector

NAME: Final = "teams"
"""Name of the requirement that asks for all teams of an organisation."""


def requirement(namespace: str) -> Selector:
    """All teams of a namespace: one selector that depends on nothing else, so that Crossplane asks once."""
    return Selector(kinds.TEAM.api_version, kinds.TEAM.name, namespace=namespace)


@dataclass(frozen=True, slots=True)
class Roster:
    """The teams of one organisation, expanded."""

    people: Mapping[str, tuple[str, ...]]
    """Everybody in a team, by team name: sorted, each once."""
    cycles: tuple[tuple[str, ...], ...]
    """Teams that are their own ancestors, each cycle from its first name on."""

    @property
    def everybody(self) -> tuple[str, ...]:
        return tuple(sorted({person for people in self.people.values() for person in people}))

    def cycle_of(self, name: str) -> tuple[str, ...]:
        """The cycle that a team is in; empty when it is in none."""
        return next((cycle for cycle in self.cycles if name in cycle), ())


def complaint(cycle: Sequence[str]) -> str:
    """What is wrong with a cycle, and what to do."""
    path = " -> ".join([*cycle, cycle[0]])
    return f"Teams are their own ancestors: {path}. Change spec.parent of one of them"


def roster(teams: Iterable[Team]) -> Roster:
    """Expand teams: children count in their parent.

    Along a cycle nobody counts in a parent, so that a mistake in `spec.parent` never grants what nobody meant to.
    A parent that does not exist has no effect.
    """
    by_name = {team.metadata.name: team for team in teams}
    parents = {name: team.spec.parent for name, team in by_name.items() if team.spec.parent in by_name}
    cycles = _cycles(parents)
    caught = {name for cycle in cycles for name in cycle}
    people: dict[str, set[str]] = {name: set(team.people) for name, team in by_name.items()}
    for name, team in by_name.items():
        for ancestor in _ancestors(name, parents, caught):
            people[ancestor].update(team.people)
    return Roster({name: tuple(sorted(people[name])) for name in sorted(people)}, cycles)


def found(required: Required) -> Roster:
    """The roster of the teams that a requirement answered; a team that is being deleted counts no more."""
    return roster(Team.model_validate(team) for team in required[NAME] if not objects.deleting(team))


def _ancestors(name: str, parents: Mapping[str, str | None], caught: set[str]) -> Iterable[str]:
    """Parents of parents, up to and including the first that stands in a cycle."""
    while name not in caught:
        above = parents.get(name)
        if above is None:
            return
        yield above
        name = above


def _cycles(parents: Mapping[str, str | None]) -> tuple[tuple[str, ...], ...]:
    """Every cycle of a graph in which each node has at most one parent; linear in the number of teams."""
    found: list[tuple[str, ...]] = []
    settled: set[str] = set()
    for start in sorted(parents):
        walk: list[str] = []
        node: str | None = start
        while node is not None and node not in settled:
            settled.add(node)
            walk.append(node)
            node = parents.get(node)
        if node in walk:
            cycle = walk[walk.index(node) :]
            first = cycle.index(min(cycle))
            found.append(tuple(cycle[first:] + cycle[:first]))
    return tuple(sorted(found))
