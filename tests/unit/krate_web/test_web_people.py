"""Who can help, by the objects of the organisation."""

import pytest

import factories
from krate import models
from krate_web import people
from krate_web.people import Helpers


def team(name, members, parent=None, maintainers=()):
    return models.Team.model_validate(
        factories.make_team(name, spec={"members": members, "parent": parent, "maintainers": list(maintainers)})
    )


def test_writers_are_those_whom_grants_name():
    """Users, groups and members of teams with Writer or Admin, child teams in their parents, cycles survived."""
    grants = [
        {"kind": "Team", "name": "net", "role": "Writer"},
        {"kind": "User", "name": "zoe", "role": "Admin"},
        {"kind": "User", "name": "rex", "role": "Reader"},
        {"kind": "Group", "name": "ops", "role": "Writer"},
        {"kind": "Team", "name": "gone", "role": "Writer"},
    ]
    repository = models.Repository.model_validate(factories.make_repository(spec={"access": grants}))
    teams = {
        "net": team("net", ["bob"], parent="edge"),
        "edge": team("edge", ["carol"], parent="net", maintainers=["dan"]),
        "far": team("far", ["eve"]),
    }
    assert people.writers(repository, teams) == Helpers(("bob", "carol", "dan", "zoe"), ("ops",))


SENTENCES = [
    ((), ""),
    (("a",), "a"),
    (("a", "b"), "a or b"),
    (("a", "b", "c"), "a, b or c"),
    (tuple("abcdefg"), "a, b, c, d or 3 others"),
]


@pytest.mark.parametrize(("users", "want"), SENTENCES)
def test_names_in_a_sentence(users, want):
    """A few names, then how many more."""
    assert Helpers(users).sentence() == want
