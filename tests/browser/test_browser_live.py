"""Open pages follow the store: what changes moves, what is lost is said, what is typed stays."""

import pytest
from playwright.sync_api import expect

from krate import kinds
from krate_kube.interface import Unreachable


@pytest.fixture
def store(server):
    """Changes of the store, made where it lives."""

    class Store:
        def status(self, name, **status):
            return server.do(
                server.world.store.patch(
                    kinds.PULL_REQUEST, name, {"status": status}, namespace="acme", subresource="status"
                )
            )

        def delete(self, kind, name, **options):
            return server.do(server.world.store.delete(kind, name, **options))

        def comment(self, body, **spec):
            subject = {"kind": "PullRequest", "name": "web-42"}
            body = {"apiVersion": kinds.COMMENT.api_version, "kind": "Comment", "metadata": {"generateName": "web-42-"},
                    "spec": {"subject": subject, "body": body, **spec}}  # fmt: skip
            return server.do(server.world.client("token-carol").create(kinds.COMMENT, body, namespace="acme"))

    return Store()


def connected(person):
    """Wait until the page's stream is open."""
    person.page.wait_for_function("() => document.getElementById('live')?._htmx?.sse?.status === 200")


def test_a_row_changes_and_fades(alice, store):
    """A pull request that somebody merges elsewhere leaves the open list, and the counts follow."""
    page = alice.go("/acme/web/pulls")
    connected(alice)
    store.status("web-42", checks={"passed": 14, "failed": 0, "pending": 0})
    expect(page.locator("#row-acme-web-42 .checks")).to_have_text("14")
    expect(page.locator("#row-acme-web-42.changed")).to_have_count(1)
    expect(page.locator("#row-acme-web-41.changed")).to_have_count(0)
    store.status("web-42", phase="Merged")
    expect(page.locator("#row-acme-web-42")).to_have_count(0)
    expect(page.locator("#pulls-states")).to_contain_text("Open 3")


def test_the_merge_box_follows(alice, store):
    """An approval given elsewhere shows in the merge box, without a reload."""
    alice.go("/acme/web/pulls/42")
    connected(alice)
    store.status("web-42", phase="Merged", mergedBy="carol", mergeCommit="c" * 40, mergedAt="2026-11-25T09:59:59Z")
    expect(alice.merge_box).to_contain_text("carol merged it into main")
    expect(alice.page.locator("#pull-head")).to_contain_text("Merged")


def test_a_deleted_policy_leaves_the_page(alice, store):
    """The last line of the demo: `kubectl delete validatingpolicy` empties the row in front of one's eyes."""
    page = alice.go("/acme/web/hooks")
    connected(alice)
    expect(page.locator("main")).to_contain_text("require-description")
    store.delete(kinds.VALIDATING_POLICY, "require-description")
    alice.does_not_see("require-description")
    alice.sees("two-teams")


def test_a_new_thread_finds_its_line(alice, store, server):
    """A comment made elsewhere appears below the line it is about, while somebody else is writing."""
    page = alice.go("/acme/web/pulls/42/files")
    connected(alice)
    page.locator("#f0-R12 .ln").last.click()
    page.locator("tr.composer textarea").fill("I am writing")
    head = server.world.repositories[("acme", "web")].branches["keys"]
    store.comment("From elsewhere", anchor={"path": "auth/keys.py", "side": "New", "line": 14, "sha": head})
    thread = page.locator(".thread-row", has_text="From elsewhere")
    expect(thread).to_be_visible()
    assert thread.evaluate("(row) => row.previousElementSibling.id") == "f0-R14"
    expect(page.locator("tr.composer textarea")).to_have_value("I am writing")


def test_what_is_typed_survives_an_update(alice, store):
    """A reply that is being written keeps its words, its place and the focus while its thread grows."""
    page = alice.go("/acme/web/pulls/42")
    connected(alice)
    thread = page.locator("#thread-web-42-c1")
    thread.locator("summary", has_text="Reply").click()
    field = thread.get_by_role("textbox")
    field.fill("Half a thou")
    store.comment("Meanwhile", inReplyTo="web-42-c1")
    expect(thread).to_contain_text("Meanwhile")
    expect(field).to_have_value("Half a thou")
    expect(field).to_be_focused()


def test_a_lost_server_is_said_and_healed(alice, server, store):
    """While the API is away the page says that it may be out of date; afterwards it is not."""
    page = alice.go("/acme/web/pulls")
    connected(alice)
    server.world.down = Unreachable("gone")
    server.call(server.world.store.end_watches)
    expect(page.locator("#connection")).to_contain_text("Live updates are lost.", timeout=15_000)
    store.status("web-42", phase="Merged")
    server.world.down = None
    expect(page.locator("#row-acme-web-42")).to_have_count(0, timeout=20_000)
    expect(page.locator("#connection")).to_be_hidden()


def test_an_ended_session_is_said(alice, server, store):
    """When the session ends, the open page says so and stops asking."""
    page = alice.go("/acme/web/pulls")
    connected(alice)
    server.world.denied.add(("alice", "get", "repositories"))
    store.status("web-42", phase="Merged")
    expect(page.locator("#connection")).to_contain_text("This page is gone, or you may not see it any more.")
    expect(page.locator("#live")).to_have_count(0)


def test_motion_can_be_turned_off(chromium, site, server, store):
    """Whoever prefers reduced motion sees the change and no fade."""
    context = chromium.new_context(reduced_motion="reduce")
    context.add_cookies([{"name": site.cookie, "value": site.token("alice"), "url": site.url}])
    page = context.new_page()
    page.goto(f"{site.url}/acme/web/pulls")
    page.wait_for_function("() => document.getElementById('live')?._htmx?.sse?.status === 200")
    store.status("web-42", checks={"passed": 14, "failed": 0, "pending": 0})
    row = page.locator("#row-acme-web-42.changed")
    expect(row).to_have_count(1)
    assert row.evaluate("(row) => getComputedStyle(row).animationName") == "none"
    context.close()
