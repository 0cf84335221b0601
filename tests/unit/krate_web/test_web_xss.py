"""Hostile text in every field that people or machines can fill: it is shown, and it does nothing."""

import html
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import pytest

from krate import errors
from krate.kinds import Kind
from krate_web import markdown
from krate_web.markdown import Place
from web_attacks import CORPUS, LINE, poison
from web_world import World


class Judge(HTMLParser):
    """Collects what a browser would act upon."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
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

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.faults.append(f"script text {data[:40]}")


def faults(page: str) -> list[str]:
    judge = Judge()
    judge.feed(page)
    return judge.faults


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
async def test_hostile_content_does_nothing(alice: Any, world: World, path: str):
    """No page that shows hostile text holds a script, handler, style, frame, foreign image or active link of it."""
    poison(world)
    answer = await alice.get(path)
    assert answer.status_code == 200
    assert faults(answer.text) == []
    assert "49" not in re.findall(r"\{\{|7 \* 7|>49<", answer.text)


@pytest.mark.parametrize("text", CORPUS, ids=range(len(CORPUS)))
async def test_hostile_queries_and_forms_do_nothing(alice: Any, text: str):
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
def test_markdown_sanitiser(text: str):
    """Each attack alone, as Markdown: nothing active is left, and no attribute that a script of ours would obey."""
    done = markdown.render(text, Place("acme", "web", "main", ""))
    assert faults(done) == []
    assert re.findall(r"<[^>]*\s(?:hx-|data-|id=|name=|style=|on\w+=)", done) == []


async def test_a_hostile_message_of_the_api_is_text(alice: Any, world: World):
    """What a policy says is shown as it is, at the form, without being obeyed."""

    def refuse(_kind: Kind, _body: Mapping[str, Any]) -> None:
        raise errors.BadRequest(f"Policy evil failed: {LINE}")

    world.refuse = refuse
    for htmx in (True, False):
        answer = await alice.post("/acme/web/pulls/new", htmx=htmx, title="t", body="b", source="keys", target="main")
        assert answer.status_code == 400
        assert faults(answer.text) == []
