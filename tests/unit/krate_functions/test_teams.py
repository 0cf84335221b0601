"""Who counts in a team."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

import factories
from krate.models import Team
from krate_functions import teams
from krate_functions.teams import Roster


def team(name: str, *people: str, parent: str | None = None) -> Team:
    spec = {"members": list(people), "parent": parent}
    return Team.model_validate(factories.make_team(name, spec=spec))


@dataclass(frozen=True)
class Case:
    name: str
    teams: tuple[Team, ...]
    want: Roster


CASES = (
    Case("no team", (), Roster({}, ())),
    Case(
        "children count in every ancestor",
        (team("a", "ann"), team("b", "bob", parent="a"), team("c", "cy", parent="b")),
        Roster({"a": ("ann", "bob", "cy"), "b": ("bob", "cy"), "c": ("cy",)}, ()),
    ),
    Case(
        "a person in several teams counts once",
        (team("a", "ann"), team("b", "ann", parent="a")),
        Roster({"a": ("ann",), "b": ("ann",)}, ()),
    ),
    Case("a parent that does not exist has no effect", (team("a", "ann", parent="x"),), Roster({"a": ("ann",)}, ())),
    Case("a team of its own is a cycle", (team("a", "ann", parent="a"),), Roster({"a": ("ann",)}, (("a",),))),
    Case(
        "along a cycle nobody counts in a parent; below it the first ancestor still counts",
        (team("a", "ann", parent="b"), team("b", "bob", parent="a"), team("c", "cy", parent="a")),
        Roster({"a": ("ann", "cy"), "b": ("bob",), "c": ("cy",)}, (("a", "b"),)),
    ),
    Case(
        "two cycles are two",
        (team("a", parent="b"), team("b", parent="a"), team("c", parent="d"), team("d", parent="c")),
        Roster({"a": (), "b": (), "c": (), "d": ()}, (("a", "b"), ("c", "d"))),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_roster(case: Case) -> None:
    """Children count in their parents, and a mistake in the tree grants nothing."""
    assert teams.roster(case.teams) == case.want


def test_maintainers_are_members() -> None:
    """Maintainers count as members."""
    found = Team.model_validate(factories.make_team("a", spec={"members": ["bob"], "maintainers": ["ann"]}))
    assert teams.roster([found]).people == {"a": ("ann", "bob")}


def test_a_team_that_is_being_deleted_counts_no_more() -> None:
    """Deleting a team takes its people's access away, whatever finalizers hold the object."""
    gone = factories.make_team("a", metadata={"deletionTimestamp": "2026-11-25T10:00:00Z"})
    assert teams.found({"teams": [gone, factories.make_team("b")]}).people == {"b": ("alice", "bob")}


NAMES = ("a", "b", "c", "d", "e")
FORESTS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from((None, *NAMES)), max_size=5)


@given(FORESTS)
def test_nobody_is_lost_and_nobody_appears(parents: dict[str, str | None]) -> None:
    """Whatever the parents say, a team holds its own people, and nobody but its descendants' people."""
    found = teams.roster([team(name, f"{name}-person", parent=parent) for name, parent in parents.items()])
    for name in parents:
        below = {name}
        for _ in parents:
            below |= {child for child, parent in parents.items() if parent in below}
        assert f"{name}-person" in found.people[name]
        assert set(found.people[name]) <= {f"{other}-person" for other in below}


@given(FORESTS, st.randoms())
def test_order_of_teams_does_not_matter(parents: dict[str, str | None], random: object) -> None:
    """The roster is a function of the set of teams."""
    listed = [team(name, f"{name}-person", parent=parent) for name, parent in parents.items()]
    shuffled = list(listed)
    random.shuffle(shuffled)
    assert teams.roster(shuffled) == teams.roster(listed)
