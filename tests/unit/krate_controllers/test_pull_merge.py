"""The merge, as a table: when it is posted, and why it has not happened when it has not."""

from dataclasses import dataclass
from typing import Any

import pytest

from krate import conditions, errors
from krate.conditions import Reason, Type
from krate.models import PullRequest
from krate_controllers.outcomes import Done, Outcome, Wait
from krate_controllers.steps import (
    pull_merge,
)
from pull_rooms import BASE, HEAD, World, asked, pull

ALL = (
    conditions.true(Type.MERGEABLE, Reason.CLEAN, "Clean."),
    conditions.true(Type.APPROVED, Reason.ENOUGH_APPROVALS, "Approved."),
    conditions.true(Type.CHECKS_PASSED, Reason.NOT_REQUIRED, "Nothing."),
)
UNAPPROVED = conditions.false(Type.APPROVED, Reason.MISSING_APPROVALS, "0 of 1 approvals.")
POST = ("acme", "web-1", HEAD, "Merge")


def merged(reason: Reason, message: str) -> conditions.Condition:
    return conditions.false(Type.MERGED, reason, message)


def told(reason: Reason, message: str, **spec: Any) -> PullRequest:
    """Nobody asks any more, and the server has said why."""
    stored = conditions.merge([], [merged(reason, message)], now="2026-03-01T12:00:00Z")
    return pull(spec={"merged": True, "mergeSHA": HEAD, **spec}, status={"conditions": stored})


NOBODY = merged(Reason.NOT_REQUESTED, "Nobody asks for the merge: set spec.merged to true.")
MOVED = merged(Reason.HEAD_MOVED, "The head moved after the merge was asked for: look at it and ask again.")
DENIED = 'pullrequests.forge.krate.a5c.ai "web-1" is forbidden: no merges on Fridays'


@dataclass(frozen=True)
class Case:
    name: str
    view: PullRequest
    want: Outcome
    answer: Exception | None = None
    posts: tuple[tuple[str, ...], ...] = ()


CASES = [
    Case("nobody asks", pull(), Done(conditions=(NOBODY,))),
    Case("withdrawn", told(Reason.HEAD_MOVED, "Moved.", merged=False), Done(conditions=(NOBODY,))),
    Case("dropped, and told why", told(Reason.EXPIRED, "Too old."), Done()),
    Case("dropped by a push", told(Reason.REQUESTED, "Old words.", mergeSHA=BASE), Done(conditions=(MOVED,))),
    Case("a draft", asked(*ALL, spec={"draft": True}),
         Done(conditions=(merged(Reason.DRAFT, "The pull request is a draft: set spec.draft to false."),))),
    Case("requirements missing", asked(ALL[0], UNAPPROVED),
         Done(conditions=(merged(Reason.REQUIREMENTS_PENDING,
                                 "dave asked for the merge; it waits: 0 of 1 approvals. "
                                 "ChecksPassed is not known yet."),))),
    Case("everything holds", asked(*ALL), Done(), posts=(POST,)),
    Case("something moved", asked(*ALL),
         Wait(2.0, Reason.REQUESTED, "dave asked for the merge; it is tried again: main moved",
              conditions=(merged(Reason.REQUESTED, "dave asked for the merge; it is tried again: main moved"),)),
         errors.Conflict("main moved"), (POST,)),
    Case("forbidden", asked(*ALL),
         Wait(60.0, Reason.NOT_ALLOWED, DENIED, conditions=(merged(Reason.NOT_ALLOWED, DENIED),)),
         errors.Forbidden(DENIED), (POST,)),
    Case("denied by a policy", asked(*ALL),
         Wait(60.0, Reason.DENIED, "title too short", conditions=(merged(Reason.DENIED, "title too short"),)),
         errors.Invalid("title too short"), (POST,)),
    Case("denied, and told by the server", asked(*ALL, merged(Reason.REQUIREMENTS_PENDING, "no merges on Fridays")),
         Wait(60.0, Reason.NOT_ALLOWED, DENIED), errors.Forbidden(DENIED), (POST,)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_merge(case: Case) -> None:
    """A merge is posted exactly when it is asked for and everything holds; otherwise Merged says why not."""
    world = World(answer=case.answer)
    said = await pull_merge.merge_when_ready(case.view, world.deps())
    assert (said, tuple(world.merges)) == (case.want, case.posts)


async def test_an_unreachable_server_is_no_refusal() -> None:
    """When the server is down nothing is said of the merge; the loop tries again."""
    with pytest.raises(errors.ServiceUnavailable):
        await pull_merge.merge_when_ready(asked(*ALL), World(answer=errors.ServiceUnavailable()).deps())
