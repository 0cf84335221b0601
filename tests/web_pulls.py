"""The pull requests of `web_story`: one in every phase and state of review."""

from typing import Any

import factories
import web_rules
from web_git import Repository
from web_world import World


def _pull(git: Repository, number: int, title: str, source: str, author: str, **parts: Any) -> dict[str, Any]:
    head = git.branches.get(source, git.branches["main"])
    status = {
        "number": number,
        "author": author,
        "phase": "Open",
        "trustTier": "Trusted",
        "headSHA": head,
        "headPushedBy": author,
        "requiredApprovals": 2,
        "checks": {"passed": 0, "failed": 0, "pending": 0},
        "conditions": [
            web_rules.condition("Approved", "False", "MissingApprovals", "0 of 2 approvals"),
            web_rules.condition("ChecksPassed", "True", "ChecksSucceeded", "No check is required."),
            web_rules.condition("Mergeable", "True", "Clean", "Merges into main without conflicts."),
            web_rules.condition("PolicyCompliant", "True", "PoliciesAllow", "3 policies allow it."),
        ],
    }
    base = {
        "metadata": {"creationTimestamp": web_rules.ago(hours=3), "labels": {}},
        "spec": {"title": title, "source": {"branch": source}},
        "status": status,
    }
    return factories.make_pull_request(f"web-{number}", **factories.merge(base, parts))


def _reviewed(git: Repository) -> dict[str, Any]:
    """Half approved, with a check that failed and a conversation."""
    head, diff = git.branches["keys"], git.compare("main", "keys")
    return _pull(
        git,
        42,
        "Rotate signing keys without downtime",
        "keys",
        "alice",
        metadata={"labels": {"area": "auth", "p0": ""}, "uid": "5f3c9c0e-6a50-4b7e-9d43-0c8d2f1e7a42"},
        spec={
            "reviewers": ["bob", "carol"],
            "body": (
                "Sessions died whenever a key was rotated. Now the ring keeps the **last three keys**: the newest "
                "signs, older ones verify.\n\n- [x] rotation keeps sessions\n- [ ] metrics\n\nReplaces #41."
            ),
        },
        status={
            "checks": {"passed": 12, "failed": 1, "pending": 1},
            "commits": 3,
            "changedFiles": len(diff["files"]),
            "additions": diff["additions"],
            "deletions": diff["deletions"],
            "unresolvedThreads": 1,
            "approvals": [
                {"user": "carol", "decision": "Approve", "teams": ["net"], "sha": head, "counts": True},
                {"user": "alice", "decision": "Approve", "sha": head, "counts": False},
            ],
            "conditions": [
                web_rules.condition("Approved", "False", "MissingApprovals", "1 of 2 approvals"),
                web_rules.condition("ChecksPassed", "False", "ChecksFailed", "ci/unit failed on the head commit."),
                web_rules.condition("Mergeable", "True", "Clean", "Merges into main without conflicts."),
                web_rules.condition("PolicyCompliant", "True", "PoliciesAllow", "3 policies allow it."),
            ],
        },
    )


def _draft(git: Repository) -> dict[str, Any]:
    return _pull(
        git,
        41,
        "Split the router by host",
        "split-router",
        "bob",
        spec={"draft": True},
        metadata={"creationTimestamp": web_rules.ago(days=1), "labels": {"area": "net"}},
        status={"phase": "Draft", "checks": {"passed": 9, "failed": 0, "pending": 0}, "requiredApprovals": 1},
    )


def _disputed(git: Repository) -> dict[str, Any]:
    """Somebody wants changes."""
    return _pull(
        git,
        40,
        "Log the correlation id of every request, including those that the router refuses early",
        "log-ids",
        "carol",
        metadata={"creationTimestamp": web_rules.ago(days=2)},
        status={
            "checks": {"passed": 13, "failed": 0, "pending": 0},
            "approvals": [{"user": "bob", "decision": "RequestChanges", "sha": git.branches["keys"]}],
        },
    )


def _mergeable(git: Repository) -> dict[str, Any]:
    return _pull(
        git,
        39,
        "Raise the header limit",
        "headers",
        "bob",
        metadata={"creationTimestamp": web_rules.ago(days=3)},
        status={
            "checks": {"passed": 13, "failed": 0, "pending": 0},
            "requiredApprovals": 1,
            "approvals": [{"user": "alice", "decision": "Approve", "sha": git.branches["keys"], "counts": True}],
            "conditions": [
                web_rules.condition("Approved", "True", "EnoughApprovals", "1 of 1 approvals"),
                web_rules.condition("ChecksPassed", "True", "ChecksSucceeded"),
                web_rules.condition("Mergeable", "True", "Clean"),
                web_rules.condition("PolicyCompliant", "True", "PoliciesAllow"),
            ],
        },
    )


def _merged(git: Repository) -> dict[str, Any]:
    return _pull(
        git,
        38,
        "Front door",
        "front",
        "alice",
        metadata={"creationTimestamp": web_rules.ago(days=9)},
        spec={"merged": True},
        status={
            "phase": "Merged",
            "mergedBy": "bob",
            "mergedAt": web_rules.ago(days=8),
            "mergeCommit": git.branches["keys"],
        },
    )


def _closed(git: Repository) -> dict[str, Any]:
    return _pull(
        git,
        37,
        "Try a faster hash",
        "hash",
        "mallory",
        metadata={"creationTimestamp": web_rules.ago(days=9)},
        spec={"closed": True},
        status={"phase": "Closed", "trustTier": "Untrusted"},
    )


def seed_pulls(world: World, git: Repository) -> None:
    for make in (_reviewed, _draft, _disputed, _mergeable, _merged, _closed):
        world.store.seed(make(git))
