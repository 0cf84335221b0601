"""Approvals, as a table: whose decision stands, which count, what is missing and who can give it."""

from collections.abc import Sequence

import pytest

from krate import conditions
from krate.conditions import Reason, Type
from krate_controllers.outcomes import Done, Outcome
from krate_controllers.steps import (
    pull_approvals,
)
from krate_git.demands import Demand, Demands
from pull_rooms import GUARD, HEAD, World, pull, review


def approval(
    user: str, *, counts: bool, decision: str = "Approve", stale: bool = False, teams: Sequence[str] = ()
) -> dict:
    return {
        "user": user, "decision": decision, "teams": list(teams), "sha": HEAD, "stale": stale, "counts": counts,
    }  # fmt: skip


def needs(count: int, *, distinct: bool = False, dismiss: bool = True) -> Demands:
    return Demands(
        "main",
        approvals=Demand(count, (GUARD,)),
        distinct_teams=Demand(distinct, (GUARD,) if distinct else ()),
        dismiss_stale_approvals=Demand(dismiss, (GUARD,) if dismiss else ()),
    )


def tallied(found: Sequence[dict], required: int, said: conditions.Condition) -> Done:
    return Done(status={"approvals": list(found), "requiredApprovals": required}, conditions=(said,))


def lacking(have: int, need: int, helpers: str) -> conditions.Condition:
    text = f"{have} of {need} approvals required by {GUARD}. {helpers}"
    return conditions.false(Type.APPROVED, Reason.MISSING_APPROVALS, text)


def enough(who: str) -> conditions.Condition:
    return conditions.true(Type.APPROVED, Reason.ENOUGH_APPROVALS, f"Approved by {who}.")


FREE_APPROVAL = conditions.true(Type.APPROVED, Reason.NOT_REQUIRED, "No approval is required.")
CHANGES = conditions.false(
    Type.APPROVED,
    Reason.CHANGES_REQUESTED,
    "bob asked for changes: make them, and ask bob for another review.",
)
UNKNOWN_RULES = conditions.unknown(
    Type.APPROVED, Reason.PENDING, "The rules of the repository are not compiled yet: wait."
)
ANYBODY = "A Writer of the repository other than alice can approve; spec.access gives the role."


@pytest.mark.parametrize(
    ("world", "want"),
    [
        (World(), tallied([], 0, FREE_APPROVAL)),
        (World(demands=None), tallied([], 0, UNKNOWN_RULES)),
        (World(demands=needs(1)), tallied([], 1, lacking(0, 1, "These can approve: bob, carol, dave."))),
        (World(demands=needs(1), writers=("alice",)), tallied([], 1, lacking(0, 1, ANYBODY))),
        (World(demands=needs(1), reviews=[review("bob")]),
         tallied([approval("bob", counts=True)], 1, enough("bob"))),
        (World(demands=needs(2), reviews=[review("bob")]),
         tallied([approval("bob", counts=True)], 2, lacking(1, 2, "These can approve: carol, dave."))),
        (World(demands=needs(1), reviews=[review("alice")]),
         tallied([approval("alice", counts=False)], 1, lacking(0, 1, "These can approve: bob, carol, dave."))),
        (World(demands=needs(1), reviews=[review("eve")]),
         tallied([approval("eve", counts=False)], 1, lacking(0, 1, "These can approve: bob, carol, dave."))),
        (World(demands=needs(1), reviews=[review("eve")], lookup={"eve": None}),
         tallied([approval("eve", counts=True)], 1, enough("eve"))),
        (World(demands=needs(1), reviews=[review("bob", stale=True)]),
         tallied([approval("bob", counts=False, stale=True)], 1,
                 lacking(0, 1, "These can approve: bob, carol, dave."))),
        (World(demands=needs(1, dismiss=False), reviews=[review("bob", stale=True)]),
         tallied([approval("bob", counts=True, stale=True)], 1, enough("bob"))),
        (World(reviews=[review("bob", "RequestChanges")]),
         tallied([approval("bob", counts=False, decision="RequestChanges")], 0, CHANGES)),
        (World(reviews=[review("eve", "RequestChanges")]),
         tallied([approval("eve", counts=False, decision="RequestChanges")], 0, FREE_APPROVAL)),
        (World(demands=needs(2, distinct=True), reviews=[review("bob", teams=["x"]), review("carol", teams=["x"])]),
         tallied([approval("bob", counts=True, teams=["x"]), approval("carol", counts=True, teams=["x"])], 2,
                 conditions.false(Type.APPROVED, Reason.MISSING_APPROVALS,
                                  f"Approvals of 1 of 2 different teams required by {GUARD}. "
                                  "These can approve: dave."))),
    ],
    ids=["not asked for", "rules unknown", "none yet", "nobody can", "enough", "one more", "the author's own",
         "no Writer", "cannot be told", "stale", "stale allowed", "changes requested", "changes by an outsider",
         "one team only"],
)  # fmt: skip
async def test_approvals(world: World, want: Outcome) -> None:
    """Whose decision stands, which count, what is missing, and who can give it."""
    assert await pull_approvals.tally_approvals(pull(), world.deps()) == want
