"""Facts of a pull request, as tables: phase, branches, checks, threads."""

from dataclasses import replace
from typing import Any

import pytest

from krate import conditions
from krate.conditions import Reason, Type
from krate_controllers.outcomes import Done, Outcome, Stall, Wait
from krate_controllers.steps import (
    pull_approvals,
    pull_branches,
    pull_checks,
    pull_phase,
    pull_threads,
)
from krate_git.demands import Demand, Demands
from krate_git.document import CheckRule
from krate_git.interface import (
    Mergeability,
    RepositoryMissing,
    RevisionMissing,
)
from pull_rooms import BASE, CLEAN, FORK, GUARD, HEAD, World, asked, check, comment, pull


@pytest.mark.parametrize(
    ("spec", "want"),
    [
        ({}, Done(status={"phase": "Open"})),
        ({"draft": True}, Done(status={"phase": "Draft"})),
    ],
    ids=["open", "draft"],
)
async def test_phase(spec: dict[str, Any], want: Outcome) -> None:
    """The phase follows from spec."""
    assert await pull_phase.set_phase(pull(spec=spec), World().deps()) == want


async def test_closed() -> None:
    """A closed pull request is Closed, its merge is off, and nothing more is looked at."""
    text = "The pull request is closed: set spec.closed to false to open it again."
    assert await pull_phase.set_phase(pull(spec={"closed": True, "draft": True}), World().deps()) == Stall(
        Reason.CLOSED,
        text,
        status={"phase": "Closed"},
        conditions=(conditions.false(Type.MERGED, Reason.CLOSED, text),),
    )


# --------------------------------------------------------------------------------------------- branches

COUNTS = {"baseSHA": BASE, "mergeBase": FORK, "commits": 2, "changedFiles": 1, "additions": 3, "deletions": 1}


def mergeable(reason: Reason, message: str) -> Done:
    status = conditions.Status.TRUE if reason is Reason.CLEAN else conditions.Status.FALSE
    return Done(status=COUNTS, conditions=(conditions.Condition(Type.MERGEABLE, status, reason, message),))


def missing(side: str, branch: str) -> Done:
    text = f"The {side} branch {branch} does not exist in web: push it, or close the pull request."
    return Done(conditions=(conditions.false(Type.MERGEABLE, Reason.BRANCH_MISSING, text),))


UP_TO_DATE = Demands("main", up_to_date=Demand(value=True, sources=(GUARD,)))


@pytest.mark.parametrize(
    ("world", "want"),
    [
        (World(), mergeable(Reason.CLEAN, "keys merges into main without conflicts.")),
        (World(demands=None), mergeable(Reason.CLEAN, "keys merges into main without conflicts.")),
        (World(comparison=replace(CLEAN, mergeability=Mergeability.CONFLICTS, conflicts=("z", "a"))),
         mergeable(Reason.CONFLICTS, "Conflicts in a, z: merge main into keys, resolve them and push.")),
        (World(comparison=replace(CLEAN, mergeability=Mergeability.UNRELATED)),
         mergeable(Reason.NO_COMMON_ANCESTOR, "keys and main have no common history: base the commits on main.")),
        (World(comparison=replace(CLEAN, mergeability=Mergeability.MERGED)),
         mergeable(Reason.NOTHING_TO_MERGE,
                   "main holds every commit of keys already: push more, or close the pull request.")),
        (World(demands=UP_TO_DATE),
         mergeable(Reason.BEHIND, f"{GUARD} asks that keys holds main: merge main into keys and push.")),
        (World(demands=UP_TO_DATE, comparison=replace(CLEAN, behind=0)),
         mergeable(Reason.CLEAN, "keys merges into main without conflicts.")),
        (World(branches={"refs/heads/main": BASE}), missing("source", "keys")),
        (World(branches={"refs/heads/keys": HEAD}), missing("target", "main")),
        (World(comparison=RevisionMissing()),
         Wait(2, Reason.BRANCH_MISSING, "The Git host does not hold aaaaaaaaaa yet.")),
        (World(comparison=RepositoryMissing()),
         Wait(60, Reason.HOST_PENDING, "Waiting for repository acme/web on the Git host.")),
    ],
    ids=["clean", "rules unknown", "conflicts", "unrelated", "nothing to merge", "behind", "up to date", "no source",
         "no target", "head not there", "repository not there"],
)  # fmt: skip
async def test_branches(world: World, want: Outcome) -> None:
    """Counts and Mergeable follow from the comparison of head and base, and from who asks to be up to date."""
    assert await pull_branches.compare_branches(pull(), world.deps()) == want


async def test_bypasses_are_those_of_the_asker() -> None:
    """Rules are asked for with nobody's bypass, or with that of whoever asks for the merge."""
    world = World()
    await pull_branches.compare_branches(pull(), world.deps())
    await pull_checks.count_checks(asked(), world.deps())
    await pull_approvals.tally_approvals(asked(), world.deps())
    assert world.asked_demands == [("acme", "web", "main", ""), *[("acme", "web", "main", "dave")] * 2]


def counted(passed: int, failed: int, pending: int, *said: Any) -> Done:
    return Done(status={"checks": {"passed": passed, "failed": failed, "pending": pending}}, conditions=said)


UNIT = Demands("main", checks=(Demand(CheckRule("ci/unit"), (GUARD,)),))
BY_BOT = Demands("main", checks=(Demand(CheckRule("ci/unit", "bot"), (GUARD,)),))
NOT_REQUIRED = conditions.true(Type.CHECKS_PASSED, Reason.NOT_REQUIRED, "No check is required.")
UNKNOWN = conditions.unknown(
    Type.CHECKS_PASSED, Reason.PENDING, "The rules of the repository are not compiled yet: wait."
)


def pending(context: str = "ci/unit") -> conditions.Condition:
    text = f"{context} has not succeeded on aaaaaaaaaa yet, and {GUARD} requires it: wait for it."
    return conditions.false(Type.CHECKS_PASSED, Reason.CHECKS_PENDING, text)


FAILED = conditions.false(
    Type.CHECKS_PASSED,
    Reason.CHECKS_FAILED,
    f"ci/unit failed on aaaaaaaaaa, and {GUARD} requires it: fix it and push.",
)
SUCCEEDED = conditions.true(Type.CHECKS_PASSED, Reason.CHECKS_SUCCEEDED, "ci/unit succeeded.")


@pytest.mark.parametrize(
    ("world", "want"),
    [
        (World(), counted(0, 0, 0, NOT_REQUIRED)),
        (World(checks=[check("lint", "Failure")]), counted(0, 1, 0, NOT_REQUIRED)),
        (World(demands=None), counted(0, 0, 0, UNKNOWN)),
        (World(demands=UNIT), counted(0, 0, 0, pending())),
        (World(demands=UNIT, checks=[check("ci/unit", "Pending")]), counted(0, 0, 1, pending())),
        (World(demands=UNIT, checks=[check("ci/unit", "Success"), check("lint", "Error")]),
         counted(1, 1, 0, SUCCEEDED)),
        (World(demands=UNIT, checks=[check("ci/unit", "Skipped")]), counted(1, 0, 0, SUCCEEDED)),
        (World(demands=UNIT, checks=[check("ci/unit", "Failure")]), counted(0, 1, 0, FAILED)),
        (World(demands=UNIT, checks=[check("ci/unit", "Failure", age=0), check("ci/unit", "Success", age=1)]),
         counted(1, 0, 0, SUCCEEDED)),
        (World(demands=UNIT, checks=[check("ci/unit", "Success", age=0), check("ci/unit", "Error", age=1)]),
         counted(0, 1, 0, FAILED)),
        (World(demands=UNIT, checks=[check("ci/unit", "Failure"), check("ci/unit", "Success", reporter="other")]),
         counted(1, 1, 0, SUCCEEDED)),
        (World(demands=BY_BOT, checks=[check("ci/unit", "Success", reporter="mallory")]),
         counted(1, 0, 0, pending("ci/unit (by bot)"))),
    ],
    ids=["none", "not required", "rules unknown", "missing", "pending", "succeeded", "skipped", "failed", "repaired",
         "broken again", "one of two reporters", "somebody else's word"],
)  # fmt: skip
async def test_checks(world: World, want: Outcome) -> None:
    """The latest check of each context and reporter counts, and the required ones decide."""
    assert await pull_checks.count_checks(pull(), world.deps()) == want


ANCHOR = {"path": "a.txt", "line": 3, "sha": HEAD}


async def test_threads() -> None:
    """Open threads are comments on a line that start one and are not resolved."""
    comments = [
        comment(),
        comment(anchor=ANCHOR),
        comment(anchor=ANCHOR, resolved=True),
        comment(anchor=ANCHOR, inReplyTo="c"),
        comment(anchor={**ANCHOR, "line": 9}),
    ]
    said = await pull_threads.count_threads(pull(), World(comments=comments).deps())
    assert said == Done(status={"unresolvedThreads": 2})
