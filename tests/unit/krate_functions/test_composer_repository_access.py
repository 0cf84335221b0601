"""Who holds which role in a repository: visibility, grants and teams."""

from dataclasses import dataclass
from typing import Any

import pytest

import composites
import factories
from composed_repositories import compose, people, repository, settled
from krate.conditions import Condition, Reason, Status, Type

CHILD = factories.make_team("docs", spec={"members": ["dana"], "parent": "platform"})
EVERYBODY = ["system:authenticated", "system:unauthenticated"]


@dataclass(frozen=True)
class Case:
    name: str
    spec: dict[str, Any]
    readers: list[str]
    writers: list[str]
    admins: list[str]


def grant(kind: str, name: str, step: str) -> dict[str, str]:
    return {"kind": kind, "name": name, "role": step}


PLATFORM = grant("Team", "platform", "Writer")
CASES = (
    Case("children count in the team that was granted", {"access": [PLATFORM]}, [], ["alice", "bob", "dana"], []),
    Case("a child alone", {"access": [grant("Team", "docs", "Reader")]}, ["dana"], [], []),
    Case(
        "users and groups",
        {"access": [grant("User", "eve", "Admin"), grant("Group", "auditors", "Reader")]},
        ["auditors"],
        [],
        ["eve"],
    ),
    Case(
        "public",
        {"visibility": "Public", "access": [grant("User", "eve", "Reader")]},
        [*EVERYBODY, "eve"],
        [],
        [],
    ),
    Case(
        "internal: members of every team and the owners",
        {"visibility": "Internal", "access": []},
        ["alice", "bob", "dana", "robin"],
        [],
        [],
    ),
    Case("private: nobody but whom access names", {"visibility": "Private", "access": []}, [], [], []),
    Case(
        "the same person by two ways counts once",
        {"access": [PLATFORM, grant("User", "alice", "Writer")]},
        [],
        ["alice", "bob", "dana"],
        [],
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_who_holds_what(case: Case) -> None:
    """Each role is bound to exactly those whom visibility and grants name, teams expanded."""
    answer = settled(repository(spec=case.spec), teams=[factories.make_team(), CHILD])
    assert (people(answer, "reader"), people(answer, "writer"), people(answer, "admin")) == (
        case.readers,
        case.writers,
        case.admins,
    )


def test_a_removed_member_loses_the_binding_at_once() -> None:
    """The next pass after a team changed binds the remaining people."""
    xr = repository()
    observed = composites.observed(settled(xr), xr)
    answer = compose(xr, observed, teams=[factories.make_team(spec={"members": ["alice"]})])
    assert people(answer, "writer") == ["alice"]


@pytest.mark.parametrize(
    ("spec", "teams", "want"),
    [
        (
            {"access": [grant("Team", "nobody", "Writer")]},
            [],
            (Reason.TEAM_MISSING, "Team nobody does not exist: create it or remove it from spec.access"),
        ),
        (
            {"access": [PLATFORM]},
            [
                factories.make_team(spec={"parent": "docs"}),
                factories.make_team("docs", spec={"members": ["dana"], "parent": "platform"}),
            ],
            (
                Reason.TEAM_CYCLE,
                "Teams are their own ancestors: docs -> platform -> docs. Change spec.parent of one of them",
            ),
        ),
        (
            {"visibility": "Internal", "access": []},
            [factories.make_team(spec={"parent": "platform"})],
            (
                Reason.TEAM_CYCLE,
                "Teams are their own ancestors: platform -> platform. Change spec.parent of one of them",
            ),
        ),
    ],
    ids=["missing team", "cycle of a granted team", "cycle, internal"],
)
def test_wrong_teams(spec: dict[str, Any], teams: list[dict[str, Any]], want: tuple[Reason, str]) -> None:
    """A grant that cannot be expanded is an error of the repository, and grants nothing beyond what is certain."""
    answer = settled(repository(spec=spec), teams=teams)
    reason, message = want
    assert answer.desired.conditions[1] == Condition(Type.ACCESS_READY, Status.FALSE, reason, message)
    assert answer.desired.status["phase"] == "Failed"
    assert answer.composite_ready is False
    assert "dana" not in people(answer, "writer")
