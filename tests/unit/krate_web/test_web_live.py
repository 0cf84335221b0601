"""Live pages: what changes arrives once, nothing is missed over a loss, and an end says why."""

import asyncio
import re

import pytest

import web_story
from krate import errors, kinds
from krate_kube.interface import Unreachable
from krate_web import rendering
from krate_web.settings import Settings
from web_http import running, streaming

SETTINGS = Settings(public_url="http://krate.test", api_url="https://a", heartbeat_seconds=0.05)
ALICE = {"krate-80": "token-alice"}


@pytest.fixture
async def app(world):
    async with running(SETTINGS, world) as found:
        yield found


async def live_address(alice, path):
    """Where the page at `path` connects to."""
    found = re.search(r'hx-sse:connect="([^"]+)"', (await alice.get(path)).text)
    assert found is not None
    return found[1].replace("&amp;", "&")


async def patch_pull(world, **status):
    await world.store.patch(kinds.PULL_REQUEST, "web-42", {"status": status}, namespace="acme", subresource="status")


async def watched(world, kind):
    """Wait until somebody watches `kind`."""
    async with asyncio.timeout(5):
        while not any(found.verb == "watch" and found.kind is kind for found in world.store.actions):  # noqa: ASYNC110 - the twin has no event for it
            await asyncio.sleep(0)


async def push_docs(world):
    git = web_story.Repository()
    git.commit("main", "First", {"README.md": "# docs"}, author="alice", at=world.now())
    world.repositories[("acme", "docs")] = git
    push = {"ref": "refs/heads/main", "sha": "b" * 40, "by": "alice", "at": "2026-11-25T09:59:00Z"}
    world.store.seed(web_story.factories.make(kinds.REPOSITORY_CONTENT, "docs", status={"lastPush": push}))


CHANGES = {
    "pull list": (
        "/acme/web/pulls",
        kinds.PULL_REQUEST,
        lambda w: patch_pull(w, phase="Merged"),
        ["pulls", "pulls-states"],
    ),
    "merge box": (
        "/acme/web/pulls/42",
        kinds.PULL_REQUEST,
        lambda w: patch_pull(w, phase="Merged", mergedBy="bob"),
        ["pull-head", "merge-box", "pull-rail", "pull-close"],
    ),
    "conversation": (
        "/acme/web/pulls/42",
        kinds.COMMENT,
        lambda w: w.client("token-bob").create(
            kinds.COMMENT,
            {
                "apiVersion": "forge.krate.a5c.ai/v1alpha1",
                "kind": "Comment",
                "metadata": {"name": "new", "namespace": "acme"},
                "spec": {"subject": {"kind": "PullRequest", "name": "web-42"}, "body": "Live!"},
            },
            namespace="acme",
        ),
        ["timeline", "pull-head"],
    ),
    "deleted policy": (
        "/acme/web/hooks",
        kinds.VALIDATING_POLICY,
        lambda w: w.store.delete(kinds.VALIDATING_POLICY, "require-description"),
        ["layer-admission"],
    ),
    "repository list": (
        "/acme",
        kinds.REPOSITORY,
        lambda w: w.store.patch(
            kinds.REPOSITORY, "mobile", {"status": {"phase": "Ready"}}, namespace="acme", subresource="status"
        ),
        ["repositories"],
    ),
    "first push": ("/acme/docs", kinds.REPOSITORY_CONTENT, push_docs, ["code"]),
    "home": ("/", kinds.PULL_REQUEST, lambda w: patch_pull(w, checks={"failed": 0}), ["needs-you"]),
}


@pytest.mark.parametrize(("path", "kind", "change", "parts"), CHANGES.values(), ids=list(CHANGES))
async def test_a_change_arrives_as_the_parts_it_touches(app, alice, world, *, path, kind, change, parts):
    """A change in the store reaches the open page as exactly the fragments that look different now."""
    async with streaming(app, await live_address(alice, path), cookies=ALICE) as stream:
        await watched(world, kind)
        await change(world)
        event = await stream.event()
    assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert "content-encoding" not in stream.headers
    changed = re.findall(r"""<hx-partial hx-target="\[id='([^']+)'\]""" "", event.data)
    assert set(parts) <= set(changed)


async def test_what_arrives_is_what_a_reload_shows(app, alice, world):
    """The streamed fragment and the fragment of a fresh page are the same bytes, times of day aside."""
    address = await live_address(alice, "/acme/web/pulls/42")
    async with streaming(app, address, cookies=ALICE) as stream:
        await watched(world, kinds.PULL_REQUEST)
        await patch_pull(world, phase="Closed")
        event = await stream.event()
    page = (await alice.get("/acme/web/pulls/42")).text
    sent = re.search(r"""<hx-partial hx-target="\[id='merge-box'\]"[^>]*>(.*?)</hx-partial>""", event.data, re.DOTALL)
    assert sent is not None
    assert sent[1] in page


async def test_nothing_is_sent_while_nothing_changed(app, alice, world):
    """A page that is current gets signs of life only, on connecting and on connecting again."""
    address = await live_address(alice, "/acme/web/pulls")
    for last in ("", address.rpartition("=")[2]):
        async with streaming(app, address, cookies=ALICE, last_event_id=last) as stream:
            assert (await stream.event(skip="")).name == "alive"
            assert (await stream.event(skip="")).name == "alive"


async def test_what_changed_while_away_is_caught_up(app, alice, world):
    """A change between the page and its stream, or between two connections, is sent at once (UI-07)."""
    address = await live_address(alice, "/acme/web/pulls")
    await patch_pull(world, phase="Merged")
    async with streaming(app, address, cookies=ALICE) as stream:
        first = await stream.event()
    assert "pulls-states" in first.data
    await patch_pull(world, phase="Open")
    async with streaming(app, address, cookies=ALICE, last_event_id=first.id) as stream:
        second = await stream.event()
    assert second.id != first.id
    async with streaming(app, address, cookies=ALICE, last_event_id=second.id) as stream:
        assert (await stream.event(skip="")).name == "alive"


async def test_a_forgotten_history_is_no_loss(app, alice, world):
    """When the server no longer knows the version to resume from, the page is compared again instead."""
    async with streaming(app, await live_address(alice, "/acme/web/pulls"), cookies=ALICE) as stream:
        await watched(world, kinds.PULL_REQUEST)
        await patch_pull(world, phase="Merged")
        await stream.event()
        world.store.compact()
        world.store.end_watches()
        await patch_pull(world, phase="Closed")
        assert "pulls" in (await stream.event()).data


async def test_a_removed_thread_leaves_the_diff(app, alice, world):
    """A fragment that the page no longer has is taken away."""
    address = await live_address(alice, "/acme/web/pulls/42/files")
    async with streaming(app, address, cookies=ALICE) as stream:
        await watched(world, kinds.COMMENT)
        await patch_pull(world, unresolvedThreads=2)
        await stream.event()
        await world.store.delete(kinds.COMMENT, "web-42-c4", namespace="acme")
        event = await stream.event()
    assert rendering.removal("thread-web-42-c4") in event.data


async def test_a_lost_api_server_is_said_and_healed(app, alice, world):
    """While the API is away the stream says `lost`; afterwards it says what changed meanwhile."""
    address = await live_address(alice, "/acme/web/pulls")
    async with streaming(app, address, cookies=ALICE) as stream:
        await watched(world, kinds.PULL_REQUEST)
        world.down = Unreachable("gone")
        world.store.end_watches()
        await patch_pull(world, phase="Merged")
        assert (await stream.event()).name == "lost"
        world.down = None
        event = await stream.event(skip="lost")
        assert event.name in {"", "alive"}


ENDS = {
    "signed out": (lambda world: setattr(world, "down", errors.Unauthorized()), "ended"),
    "no longer allowed": (lambda world: world.denied.add(("alice", "get", "repositories")), "gone"),
}


@pytest.mark.parametrize(("change", "name"), ENDS.values(), ids=list(ENDS))
async def test_an_end_says_why_and_closes(app, alice, world, change, name):
    """A stream whose page is gone, or whose session ended, says so once and closes."""
    async with streaming(app, await live_address(alice, "/acme/web/pulls"), cookies=ALICE) as stream:
        await watched(world, kinds.PULL_REQUEST)
        change(world)
        await patch_pull(world, phase="Merged")
        assert (await stream.event()).name == name
        assert await stream.ended()


async def test_a_stream_without_a_session_ends(app):
    """Nobody streams signed out."""
    async with streaming(app, "/acme/web/pulls?live=x", cookies={}) as stream:
        assert (await stream.event()).name == "ended"


async def test_a_closed_browser_leaves_no_watch(app, alice, world):
    """When the browser goes, its watches go with it."""
    async with streaming(app, await live_address(alice, "/acme/web/pulls/42"), cookies=ALICE) as stream:
        await watched(world, kinds.CHECK)
        await stream.event(skip="")
    async with asyncio.timeout(5):
        while world.store.ledger._watchers:  # noqa: ASYNC110 - the twin has no event for it
            await asyncio.sleep(0)


def test_passing_time_is_no_change():
    """Two renderings that differ in relative times only have one digest."""
    assert rendering.digest_of({"a": '<time datetime="x">3h</time>'}) == rendering.digest_of(
        {"a": '<time datetime="x">4h</time>'}
    )
    assert rendering.digest_of({"a": "3h"}) != rendering.digest_of({"a": "4h"})
    assert list(rendering.changed({"a": "<time>1</time>"}, {"a": "<time>2</time>", "b": ""})) == ["b"]
