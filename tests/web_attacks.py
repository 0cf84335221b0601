"""Hostile text, and a world that holds it in every field that people or machines can fill."""

from collections.abc import Iterator
from typing import Any

import factories
from krate import kinds
from web_world import NOW, World

CORPUS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "<hx-partial hx-target=body>x</hx-partial>",
    '<div hx-get="/signout" hx-trigger="load" data-hx-post="/x">',
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    '<a href="javascript:alert(1)">x</a>',
    "<style>body{display:none}</style>",
    "<form action=https://evil.example><input name=csrf>",
    '<base href="https://evil.example">',
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<a id=main name=csrf>clobber</a>",
    "\x00\x0b\u2028\u202e\ufeff",
    "`</code><script>alert(1)</script>`",
    "```python\n</pre><script>alert(1)</script>\n```",
    "<math><mtext></mtext><mglyph><style><!--</style><img title='--><img src=x onerror=alert(1)>'>",
]
ATTACK = "\n\n".join(CORPUS)
LINE = " ".join(CORPUS).replace("\n", " ")
SUBJECT = {"kind": "PullRequest", "name": "web-50"}


def _history(world: World) -> str:
    """A branch of hostile files; answers its head."""
    git = world.repositories[("acme", "web")]
    names = {"README.md": ATTACK, "src/<script>.py": ATTACK, "notes.txt": ATTACK, "doc.md": ATTACK}
    git.commit("evil", LINE, names, author="<script>alert(1)</script>", at=NOW)
    head = git.branches["evil"]
    git.branches["<script>alert(1)</script>"] = head
    git.tags['"><img src=x onerror=alert(1)>'] = head
    return head


def _pull(head: str) -> dict[str, Any]:
    status = {
        "number": 50,
        "author": LINE,
        "phase": "Open",
        "headSHA": head,
        "requiredApprovals": 2,
        "approvals": [{"user": LINE, "decision": "Approve", "counts": True, "teams": [LINE]}],
        "conditions": [
            {"type": kind, "status": "False", "reason": LINE, "message": LINE}
            for kind in ("Approved", "Mergeable", "ChecksPassed", "PolicyCompliant", "Merged")
        ],
        "mergeRequest": {"user": LINE, "headSHA": head, "at": "2026-11-25T00:00:00Z"},
    }
    return factories.make_pull_request(
        "web-50",
        metadata={"labels": {"evil": "x"}},
        status=status,
        spec={
            "title": LINE[:256],
            "body": ATTACK,
            "source": {"branch": "evil"},
            "reviewers": [LINE],
            "assignees": [LINE],
        },
    )


def _comments(head: str) -> Iterator[dict[str, Any]]:
    yield factories.make(kinds.COMMENT, "c50", spec={"subject": SUBJECT, "body": ATTACK}, status={"author": LINE})
    yield factories.make(
        kinds.COMMENT,
        "c51",
        status={"author": LINE},
        spec={
            "subject": SUBJECT,
            "body": ATTACK,
            "anchor": {"path": "README.md", "side": "New", "line": 1, "sha": head},
        },
    )
    yield factories.make(
        kinds.COMMENT,
        "c52",
        status={"author": LINE},
        spec={"subject": SUBJECT, "body": ATTACK, "anchor": {"path": LINE, "side": "New", "line": 1, "sha": head}},
    )


def _verdicts(head: str) -> Iterator[dict[str, Any]]:
    yield factories.make_review(
        "r50",
        status={"author": LINE, "dismissed": {"by": LINE}},
        spec={"pullRequest": "web-50", "decision": "RequestChanges", "body": ATTACK, "sha": head},
    )
    yield factories.make(
        kinds.CHECK,
        "k50",
        status={"reporter": LINE},
        spec={
            "repository": "web",
            "sha": head,
            "context": LINE[:200],
            "state": "Failure",
            "description": LINE[:500],
            "targetURL": "javascript:alert(1)",
        },
    )


def _rules() -> Iterator[dict[str, Any]]:
    yield factories.make_branch_protection(
        "evil",
        spec={
            "branches": [LINE],
            "pushers": [LINE],
            "bypass": [LINE],
            "requiredChecks": [{"context": LINE, "reporter": LINE}],
        },
        status={"conditions": [{"type": "Compiled", "status": "False", "message": LINE}]},
    )
    yield factories.make_ref_policy(
        "evil", spec={"rules": [{"name": "x", "refs": [LINE], "message": LINE, "deny": True}]}
    )
    yield factories.make(
        kinds.VALIDATING_POLICY,
        "evil",
        spec={
            "validationActions": [LINE],
            "matchConstraints": {},
            "validations": [{"expression": LINE, "message": LINE}],
        },
        status={"conditionStatus": {"ready": False, "message": LINE}},
    )


def _activity() -> dict[str, Any]:
    return factories.make(
        kinds.ACTIVITY,
        "evil",
        status={
            "actor": LINE,
            "verb": LINE,
            "decision": "Denied",
            "reason": LINE,
            "command": LINE,
            "correlationID": LINE,
            "object": {"kind": LINE, "name": LINE},
        },
    )


def _repository() -> dict[str, Any]:
    return factories.make_repository(
        "evil",
        spec={"description": LINE[:500]},
        status={
            "phase": "Failed",
            "cloneURLs": {"http": LINE},
            "conditions": [{"type": "Hosted", "status": "False", "message": LINE}],
        },
    )


def poison(world: World) -> None:
    """Put the corpus into every text field that reaches a page."""
    head = _history(world)
    world.store.seed(_pull(head), *_comments(head), *_verdicts(head), *_rules(), _activity(), _repository())
