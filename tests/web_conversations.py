"""What people and machines say about web-42 in `web_story`: comments, a review, checks."""

from collections.abc import Iterator
from typing import Any

import factories
import web_rules
from krate import kinds
from web_world import World

SUBJECT = {"kind": "PullRequest", "name": "web-42"}
CHECKS = (
    ("ci/unit", "Failure", "1 of 214 failed: tests/test_router.py::test_rotate_is_private"),
    ("ci/lint", "Success", "no findings"),
    ("ci/image", "Pending", "building"),
    ("scan/licences", "Success", "all known"),
)


def _comment(name: str, author: str, body: str, age: float, **spec: Any) -> dict[str, Any]:
    return factories.make(
        kinds.COMMENT,
        name,
        metadata={"creationTimestamp": web_rules.ago(minutes=age)},
        spec={"subject": SUBJECT, "body": body, **spec},
        status={"author": author},
    )


def _comments(head: str) -> Iterator[dict[str, Any]]:
    anchor = {"path": "auth/keys.py", "side": "New", "line": 18, "sha": head}
    yield _comment("web-42-c1", "bob", "What if the clock skews? `datetime.now` is not monotonic.", 110, anchor=anchor)
    yield _comment(
        "web-42-c2",
        "alice",
        "Then it rotates early, which is harmless. I can use `time.monotonic()`.",
        95,
        anchor=anchor,
        inReplyTo="web-42-c1",
    )
    yield _comment("web-42-c3", "carol", "Nice, I had this in my queue too. Does #41 still apply?", 80)
    yield _comment(
        "web-42-c4",
        "carol",
        "Typo in the docstring.",
        70,
        resolved=True,
        anchor={"path": "auth/keys.py", "side": "New", "line": 1, "sha": head},
    )


def _review(head: str) -> dict[str, Any]:
    return factories.make_review(
        "web-42-r1",
        metadata={"creationTimestamp": web_rules.ago(minutes=60)},
        spec={
            "pullRequest": "web-42",
            "decision": "Approve",
            "body": "Reads well. The ring is *exactly* right.",
            "sha": head,
        },
        status={"author": "carol", "teams": ["net"]},
    )


def _check(head: str, context: str, state: str, description: str) -> dict[str, Any]:
    return factories.make(
        kinds.CHECK,
        f"web-{context.replace('/', '-')}",
        metadata={"creationTimestamp": web_rules.ago(minutes=40)},
        spec={
            "repository": "web",
            "sha": head,
            "context": context,
            "state": state,
            "description": description,
            "targetURL": "https://ci.acme.example/4127",
        },
        status={"reporter": "system:serviceaccount:ci:runner"},
    )


def seed_conversation(world: World, head: str) -> None:
    """All of it, about the commit `head`."""
    world.store.seed(*_comments(head), _review(head))
    for row in CHECKS:
        world.store.seed(_check(head, *row))
