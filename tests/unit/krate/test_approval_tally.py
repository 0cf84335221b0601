"""Which reviews count: one tally for what controllers show and what merging enforces."""

import itertools
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import factories
from krate import approvals
from krate.models.pullrequest import Approval

PULL = factories.make_pull_request(status={"author": "alice"})
SHA = "a" * 40


def review(
    author: str, decision: str = "Approve", *, at: int = 0, name: str = "", sha: str = SHA, **status: Any
) -> dict[str, Any]:
    """A review that was written in minute `at`."""
    return factories.make_review(
        name or f"web-1-{author}-{at}",
        metadata={"creationTimestamp": f"2026-11-25T10:{at:02}:00Z"},
        spec={"decision": decision, "sha": sha},
        status={"author": author, **status},
    )


def approval(user: str, *, counts: bool = True, **more: Any) -> Approval:
    return Approval(user=user, **{"sha": SHA, "counts": counts, **more})


@dataclass(frozen=True)
class Case:
    """Reviews, and what they add up to."""

    name: str
    reviews: tuple[dict[str, Any], ...]
    want: tuple[Approval, ...]
    objections: tuple[str, ...] = ()
    writers: tuple[str, ...] = ("bob", "carol", "dave")
    dismiss_stale: bool = False
    count: int = field(default=0)


CASES = (
    Case("nobody", (), ()),
    Case("a writer approves", (review("bob"),), (approval("bob"),), count=1),
    Case("the author's own approval", (review("alice"),), (approval("alice", counts=False),), writers=("alice", "bob")),
    Case("a reader approves", (review("rita"),), (approval("rita", counts=False),)),
    Case("two writers, by name", (review("carol"), review("bob")), (approval("bob"), approval("carol")), count=2),
    Case("one writer twice", (review("bob", at=1), review("bob", at=2)), (approval("bob"),), count=1),
    Case("a comment decides nothing", (review("bob", "Comment"),), ()),
    Case(
        "a comment after an approval leaves it", (review("bob", at=1), review("bob", "Comment", at=2)),
        (approval("bob"),), count=1,
    ),
    Case(
        "a request for changes after an approval",
        (review("bob", at=1), review("bob", "RequestChanges", at=2)),
        (approval("bob", decision="RequestChanges", counts=False),),
        objections=("bob",),
    ),
    Case(
        "an approval after a request for changes",
        (review("bob", "RequestChanges", at=1), review("bob", at=2)),
        (approval("bob"),),
        count=1,
    ),
    Case(
        "the order of the list does not matter",
        (review("bob", at=2), review("bob", "RequestChanges", at=1)),
        (approval("bob"),),
        count=1,
    ),
    Case("a stale approval still counts", (review("bob", stale=True),), (approval("bob", stale=True),), count=1),
    Case(
        "a stale approval where stale ones are dismissed", (review("bob", stale=True),),
        (approval("bob", stale=True, counts=False),), dismiss_stale=True,
    ),
    Case(
        "a stale request for changes objects no more",
        (review("bob", "RequestChanges", stale=True),),
        (approval("bob", decision="RequestChanges", stale=True, counts=False),),
    ),
    Case("a dismissed approval is gone", (review("bob", dismissed={"by": "carol", "reason": "old"}),), ()),
    Case(
        "a dismissal takes earlier decisions along",
        (review("bob", at=1), review("bob", at=2, dismissed={"by": "carol", "reason": "old"})),
        (),
    ),
    Case(
        "an approval after a dismissed one",
        (review("bob", at=1, dismissed={"by": "carol", "reason": "old"}), review("bob", at=2)),
        (approval("bob"),),
        count=1,
    ),
    Case("a review without an author", (review(""),), ()),
    Case("teams are kept", (review("bob", teams=["a", "b"]),), (approval("bob", teams=("a", "b")),), count=1),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_tally(case: Case) -> None:
    """Each reviewer's latest decision stands, and counts when a rule lets it."""
    found = approvals.tally(PULL, case.reviews, writers=case.writers, dismiss_stale=case.dismiss_stale)
    assert found.approvals == case.want
    assert (found.count, found.objections) == (case.count, case.objections)


TEAMS: dict[str, tuple[dict[str, tuple[str, ...]], int]] = {
    "nobody": ({}, 0),
    "no team": ({"bob": ()}, 0),
    "one each": ({"bob": ("a",), "carol": ("b",)}, 2),
    "both in one": ({"bob": ("a",), "carol": ("a",)}, 1),
    "one must give way": ({"bob": ("a", "b"), "carol": ("a",)}, 2),
    "three share two": ({"bob": ("a", "b"), "carol": ("a", "b"), "dave": ("a", "b")}, 2),
    "a chain": ({"a": ("1",), "b": ("1", "2"), "c": ("2", "3")}, 3),
    "twice the same": ({"bob": ("a", "a")}, 1),
}


def counted(teams: dict[str, tuple[str, ...]]) -> approvals.Tally:
    return approvals.Tally(tuple(approval(user, teams=found) for user, found in teams.items()))


@pytest.mark.parametrize("name", TEAMS)
def test_distinct_teams(name: str) -> None:
    """Approvals count for as many teams as can be given one approver each."""
    teams, want = TEAMS[name]
    assert counted(teams).teams == want


@given(st.dictionaries(st.sampled_from("vwxyz"), st.lists(st.sampled_from("abcd"), max_size=3).map(tuple), max_size=5))
def test_distinct_teams_is_the_best_assignment(teams: dict[str, tuple[str, ...]]) -> None:
    """No other way to give reviewers teams serves more teams."""
    choices = [(None, *found) for found in teams.values()]
    best = 0
    for chosen in itertools.product(*choices):
        taken = [team for team in chosen if team is not None]
        if len(set(taken)) == len(taken):
            best = max(best, len(taken))
    assert counted(teams).teams == best


def test_only_counting_approvals_serve_teams() -> None:
    """An approval that does not count gives its team nothing."""
    tally = approvals.Tally((approval("bob", teams=("a",), counts=False), approval("carol", teams=("b",))))
    assert tally.teams == 1
