"""Where a pull request stands, what its merge needs, and whom it waits for."""

import pytest

import factories
from krate import models
from krate_web import standing
from krate_web.people import Helpers
from krate_web.standing import Tone
from web_rules import condition

HEAD = "a" * 40


def pull(**parts):
    base = {
        "metadata": {"creationTimestamp": "2026-11-24T00:00:00Z"},
        "status": {"number": 1, "author": "alice", "headSHA": HEAD},
    }
    return models.PullRequest.model_validate(factories.make_pull_request(**factories.merge(base, parts)))


def approval(user, decision="Approve", **parts):
    return {"user": user, "decision": decision, "sha": HEAD, **parts}


STATES = {
    "phase wins": ({"status": {"phase": "Merged"}}, "Merged"),
    "no phase yet": ({}, "Open"),
    "no phase, draft": ({"spec": {"draft": True}}, "Draft"),
    "no phase, closed": ({"spec": {"closed": True, "draft": True}}, "Closed"),
    "closed": ({"status": {"phase": "Closed"}}, "Closed"),
}


@pytest.mark.parametrize(("parts", "word"), STATES.values(), ids=list(STATES))
def test_state(parts, word):
    """A pull request has one state, also before a controller has seen it."""
    assert standing.state(pull(**parts)).word == word


REQUIREMENTS = {
    "nothing known yet": (
        {},
        [
            (Tone.WARN, "Approvals."),
            (Tone.QUIET, "Policies judge it when it merges."),
            (Tone.WARN, "Required checks are pending."),
            (Tone.WARN, "Whether it merges cleanly is being computed."),
        ],
    ),
    "everything holds": (
        {
            "status": {
                "requiredApprovals": 1,
                "approvals": [approval("bob", counts=True)],
                "conditions": [
                    condition("Approved", "True", "EnoughApprovals"),
                    condition("PolicyCompliant", "True", "PoliciesAllow"),
                    condition("ChecksPassed", "True", "ChecksSucceeded"),
                    condition("Mergeable", "True", "Clean"),
                ],
            }
        },
        [
            (Tone.OK, "1 of 1 approval."),
            (Tone.OK, "Policies allow it."),
            (Tone.OK, "Required checks passed."),
            (Tone.OK, "Merges into main without conflicts."),
        ],
    ),
    "draft with a missing approval": (
        {
            "spec": {"draft": True},
            "status": {
                "requiredApprovals": 2,
                "conditions": [condition("Approved", "False", "MissingApprovals", "needs a Writer")],
            },
        },
        [
            (Tone.BAD, "This is a draft."),
            (Tone.BAD, "0 of 2 approvals. needs a Writer"),
            (Tone.QUIET, "Policies judge it when it merges."),
            (Tone.WARN, "Required checks are pending."),
            (Tone.WARN, "Whether it merges cleanly is being computed."),
        ],
    ),
    "pending checks are not failed ones": (
        {
            "status": {
                "conditions": [
                    condition("Approved", "True", "NotRequired"),
                    condition("ChecksPassed", "False", "ChecksPending", "waits for ci/unit"),
                    condition("Mergeable", "Unknown", "Waiting"),
                    condition("PolicyCompliant", "False", "PoliciesDeny", "say why"),
                ]
            }
        },
        [
            (Tone.OK, "No approvals are required."),
            (Tone.BAD, "say why"),
            (Tone.WARN, "waits for ci/unit"),
            (Tone.WARN, "Whether it merges cleanly is being computed."),
        ],
    ),
}


@pytest.mark.parametrize(("parts", "want"), REQUIREMENTS.values(), ids=list(REQUIREMENTS))
def test_requirements(parts, want):
    """The merge box says line by line what holds and what does not, in the conditions' own words where there are."""
    assert [(line.tone, line.text) for line in standing.requirements(pull(**parts), Helpers(("bob",)))] == want


HELPS = {
    "somebody can": (Helpers(("alice", "bob", "carol")), "bob or carol can approve."),
    "nobody else": (Helpers(("alice",)), "Nobody else holds Writer here; an owner can grant it."),
    "a group": (Helpers((), ("net",)), "group net can approve."),
}


@pytest.mark.parametrize(("writers", "want"), HELPS.values(), ids=list(HELPS))
def test_who_can_approve(writers, want):
    """A missing approval names those whose approval would count, never the author."""
    lines = standing.requirements(
        pull(status={"requiredApprovals": 1, "conditions": [condition("Approved", "False", "MissingApprovals")]}),
        writers,
    )
    assert lines[0].help == want


TURNS = {
    "review asked": ({"spec": {"reviewers": ["bob"]}}, "bob", False, "your review was asked for"),
    "review given": ({"spec": {"reviewers": ["bob"]}, "status": {"approvals": [approval("bob")]}}, "bob", False, ""),
    "review stale": (
        {"status": {"approvals": [approval("bob", stale=True)]}},
        "bob",
        False,
        "your review again: the branch moved",
    ),
    "approval missing": ({"status": {"requiredApprovals": 1}}, "bob", True, "an approval is missing, yours counts"),
    "approval missing, no writer": ({"status": {"requiredApprovals": 1}}, "bob", False, ""),
    "approval missing, others asked": (
        {"spec": {"reviewers": ["carol"]}, "status": {"requiredApprovals": 1}},
        "bob",
        True,
        "",
    ),
    "draft": ({"spec": {"reviewers": ["bob"], "draft": True}}, "bob", True, ""),
    "merged": ({"spec": {"reviewers": ["bob"]}, "status": {"phase": "Merged"}}, "bob", True, ""),
    "being merged": (
        {
            "spec": {"reviewers": ["bob"]},
            "status": {"mergeRequest": {"user": "x", "headSHA": HEAD, "at": "2026-01-01T00:00:00Z"}},
        },
        "bob",
        True,
        "",
    ),
    "own, objected": (
        {"status": {"approvals": [approval("bob", "RequestChanges")]}},
        "alice",
        True,
        "bob asked for changes",
    ),
    "own, objection stale": (
        {"status": {"approvals": [approval("bob", "RequestChanges", stale=True)]}},
        "alice",
        True,
        "",
    ),
    "own, conflicts": (
        {"status": {"conditions": [condition("Mergeable", "False", "Conflicts")]}},
        "alice",
        True,
        "it conflicts with its target",
    ),
    "own, failed": ({"status": {"checks": {"failed": 1}}}, "alice", True, "a check failed"),
    "own, waiting": ({}, "alice", True, ""),
    "own, ready": (
        {
            "status": {
                "conditions": [condition(kind, "True", "Clean") for kind in ("Mergeable", "Approved", "ChecksPassed")]
            }
        },
        "alice",
        True,
        "ready to merge",
    ),
    "not involved": ({}, "mallory", False, ""),
}


@pytest.mark.parametrize(("parts", "me", "may_approve", "why"), TURNS.values(), ids=list(TURNS))
def test_turn(parts, me, may_approve, why):
    """A pull request waits for somebody for a reason that can be said, or it does not wait for them."""
    found = standing.turn(pull(**parts), me, may_approve=may_approve)
    assert (found.why if found else "") == why
