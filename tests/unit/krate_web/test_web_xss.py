"""Hostile text in every field that people or machines can fill: it is shown, and it does nothing."""

import html
import re
from html.parser import HTMLParser

import pytest

import factories
from krate import kinds
from krate_web import markdown
from krate_web.markdown import Place
from web_world import NOW

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


class Judge(HTMLParser):
    """Collects what a browser would act upon."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "script":
            self._in_script = not values.get("src")
            if not (values.get("src") or "").startswith("/-/static/"):
                self.faults.append(f"script {values}")
        if tag in {"iframe", "object", "embed", "base", "style", "math"} or (tag == "meta" and "http-equiv" in values):
            self.faults.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in {"style", "srcdoc"}:
                self.faults.append(f"{tag} {name}={value}")
            if name in {"href", "src", "action", "formaction", "xlink:href"} and re.match(
                r"\s*(javascript|data|vbscript):", value or "", re.IGNORECASE
            ):
                self.faults.append(f"{tag} {name}={value}")
            if name in {"src", "action"} and (value or "").startswith(("http", "//")):
                self.faults.append(f"{tag} {name}={value}")
            if name.startswith(("hx-", "data-hx-")) and (value or "").startswith(("/signout", "/x")):
                self.faults.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag):
        if tag == "script":
            self._in_script = False

    def handle_data(self, data):
        if self._in_script and data.strip():
            self.faults.append(f"script text {data[:40]}")


def faults(page: str) -> list[str]:
    judge = Judge()
    judge.feed(page)
    return judge.faults


def poison(world) -> None:
    """Put the corpus into every text field that reaches a page."""
    git = world.repositories[("acme", "web")]
    names = {"README.md": ATTACK, "src/<script>.py": ATTACK, "notes.txt": ATTACK, "doc.md": ATTACK}
    git.commit("evil", LINE, names, author="<script>alert(1)</script>", at=NOW)
    head = git.branches["evil"]
    git.branches["<script>alert(1)</script>"] = head
    git.tags['"><img src=x onerror=alert(1)>'] = head
    subject = {"kind": "PullRequest", "name": "web-50"}
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
    world.store.seed(
        factories.make_pull_request(
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
        ),
        factories.make(kinds.COMMENT, "c50", spec={"subject": subject, "body": ATTACK}, status={"author": LINE}),
        factories.make(
            kinds.COMMENT,
            "c51",
            status={"author": LINE},
            spec={
                "subject": subject,
                "body": ATTACK,
                "anchor": {"path": "README.md", "side": "New", "line": 1, "sha": head},
            },
        ),
        factories.make(
            kinds.COMMENT,
            "c52",
            status={"author": LINE},
            spec={"subject": subject, "body": ATTACK, "anchor": {"path": LINE, "side": "New", "line": 1, "sha": head}},
        ),
        factories.make_review(
            "r50",
            status={"author": LINE, "dismissed": {"by": LINE}},
            spec={"pullRequest": "web-50", "decision": "RequestChanges", "body": ATTACK, "sha": head},
        ),
        factories.make(
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
        ),
        factories.make_branch_protection(
            "evil",
            spec={
                "branches": [LINE],
                "pushers": [LINE],
                "bypass": [LINE],
                "requiredChecks": [{"context": LINE, "reporter": LINE}],
            },
            status={"conditions": [{"type": "Compiled", "status": "False", "message": LINE}]},
        ),
        factories.make_ref_policy(
            "evil", spec={"rules": [{"name": "x", "refs": [LINE], "message": LINE, "deny": True}]}
        ),
        factories.make(
            kinds.VALIDATING_POLICY,
            "evil",
            spec={
                "validationActions": [LINE],
                "matchConstraints": {},
                "validations": [{"expression": LINE, "message": LINE}],
            },
            status={"conditionStatus": {"ready": False, "message": LINE}},
        ),
        factories.make(
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
        ),
        factories.make_repository(
            "evil",
            spec={"description": LINE[:500]},
            status={
                "phase": "Failed",
                "cloneURLs": {"http": LINE},
                "conditions": [{"type": "Hosted", "status": "False", "message": LINE}],
            },
        ),
    )


PAGES = [
    "/",
    "/acme",
    "/acme/evil",
    "/acme/web/tree/?ref=evil",
    "/acme/web/tree/src?ref=evil",
    "/acme/web/blob/README.md?ref=evil",
    "/acme/web/blob/notes.txt?ref=evil",
    "/acme/web/blob/src/%3Cscript%3E.py?ref=evil",
    "/acme/web/commits?ref=evil",
    "/acme/web/branches",
    "/acme/web/pulls",
    "/acme/web/pulls/new?source=evil",
    "/acme/web/pulls/50",
    "/acme/web/pulls/50/files",
    "/acme/web/pulls/50/files?view=split",
    "/acme/web/pulls/50/commits",
    "/acme/web/pulls/50/checks",
    "/acme/web/pulls/50/yaml",
    "/acme/web/hooks",
    "/acme/-/activity",
    "/-/manifest/pullrequests.forge.krate.a5c.ai/acme/web-50",
    "/-/panel/comments.forge.krate.a5c.ai/acme/c50",
]


@pytest.mark.parametrize("path", PAGES)
async def test_hostile_content_does_nothing(alice, world, path):
    """No page that shows hostile text holds a script, handler, style, frame, foreign image or active link of it."""
    poison(world)
    answer = await alice.get(path)
    assert answer.status_code == 200
    assert faults(answer.text) == []
    assert "49" not in re.findall(r"\{\{|7 \* 7|>49<", answer.text)


@pytest.mark.parametrize("text", CORPUS, ids=range(len(CORPUS)))
async def test_hostile_queries_and_forms_do_nothing(alice, text):
    """What comes in by query string or by a refused form goes out as text only."""
    for path in ("/acme/web/pulls", "/acme/web/commits", "/acme/-/activity", "/acme/web/pulls/new", "/acme/web"):
        for name in ("q", "ref", "path", "kind", "name", "source", "target", "sort", "after", "live-", "next"):
            answer = await alice.http.get(path, params={name: text})
            assert faults(answer.text) == [], (path, name)
    refused = await alice.post("/acme/web/pulls/new", title=text, body=text, reviewers=text, source="", target="main")
    assert faults(refused.text) == []
    if text.isprintable():
        assert html.escape(text, quote=False)[:20] in html.escape(html.unescape(refused.text), quote=False)


@pytest.mark.parametrize("text", CORPUS, ids=range(len(CORPUS)))
def test_markdown_sanitiser(text):
    """Each attack alone, as Markdown: nothing active is left, and no attribute that a script of ours would obey."""
    done = markdown.render(text, Place("acme", "web", "main", ""))
    assert faults(done) == []
    assert re.findall(r"<[^>]*\s(?:hx-|data-|id=|name=|style=|on\w+=)", done) == []


async def test_a_hostile_message_of_the_api_is_text(alice, world):
    """What a policy says is shown as it is, at the form, without being obeyed."""

    def refuse(kind, body):
        from krate import errors  # noqa: PLC0415

        raise errors.BadRequest(f"Policy evil failed: {LINE}")

    world.refuse = refuse
    for htmx in (True, False):
        answer = await alice.post("/acme/web/pulls/new", htmx=htmx, title="t", body="b", source="keys", target="main")
        assert answer.status_code == 400
        assert faults(answer.text) == []
