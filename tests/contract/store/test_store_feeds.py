"""Feeds: one tailer per resource, any number of watchers, and none that can hold up another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from krate_api.store import changelog
from krate_api.store.changelog import Feed, Feeds
from krate_api.store.interface import Change, Compacted, Store
from store_rooms import OTHER, RESOURCE, put, remove

FOREVER = 10.0**12


async def take(feed: Feed, after: int, count: int) -> list[int]:
    """Versions of the next changes."""
    found: list[int] = []
    async with aclosing(feed.follow(after)) as changes:
        async for change in changes:
            found.append(change.version)
            if len(found) == count:
                break
    return found


async def test_watchers_start_anywhere(store: Store) -> None:
    """A watcher gets every change after its version, from the log, from memory, and as they come."""
    await store.commit([put(f"old-{number}") for number in range(5)])
    feed = Feeds(store).of(RESOURCE)
    assert feed.position == 6
    await store.commit([put(f"new-{number}") for number in range(5)])
    starts = (1, 3, 6, 8, 11)
    waiting = [asyncio.create_task(take(feed, after, 14 - after)) for after in starts]
    await asyncio.sleep(0)
    await store.commit([put("last-0"), put("last-1"), put("last-2"), put("other", resource=OTHER)])
    async with asyncio.timeout(5):
        assert await asyncio.gather(*waiting) == [list(range(after + 1, 15)) for after in starts]


async def test_position_is_there_with_the_answer(store: Store) -> None:
    """Whoever has the answer to a commit finds the feed at its version: indexes built on it lag behind nobody."""
    feed = Feeds(store).of(RESOURCE)
    for number in range(100):
        (stored,) = (await store.commit([put(f"n{number}")])).objects
        assert feed.position == stored.version
        assert feed.since(stored.version - 1)[-1].version == stored.version


async def test_one_feed_per_resource(store: Store) -> None:
    """Everybody who asks for a resource gets the same feed."""
    feeds = Feeds(store)
    assert feeds.of(RESOURCE) is feeds.of(RESOURCE)
    assert feeds.of(RESOURCE) is not feeds.of(OTHER)


async def test_waiting_ends_with_time_or_news(store: Store) -> None:
    """Waiting answers whether there were news; a wait that runs out leaves the feed as it was."""
    feed = Feeds(store).of(RESOURCE)
    assert await feed.wait(0.001) is False
    waiting = asyncio.create_task(feed.wait(None))
    await asyncio.sleep(0)
    await store.commit([put()])
    assert await asyncio.wait_for(waiting, 5) is True
    assert await feed.wait(0.001) is False


async def test_slow_watcher_reads_the_log(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watcher that memory has moved past is served from the log, completely, a fast one from memory."""
    monkeypatch.setattr(changelog, "RING", 8)
    feed = Feed(store, RESOURCE)
    fast: list[int] = []

    async def follow() -> None:
        async with aclosing(feed.follow(1)) as changes:
            async for change in changes:
                fast.append(change.version)
                if change.version == 61:
                    return

    follower = asyncio.create_task(follow())
    await asyncio.sleep(0)
    for number in range(60):
        await store.commit([put(f"n{number}")])
    await asyncio.wait_for(follower, 5)
    assert fast == list(range(2, 62))
    assert [change.version for change in feed.since(1)] == list(range(2, 62))
    assert [change.version for change in feed.since(57)] == [58, 59, 60, 61]


async def test_watcher_below_the_floor_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watcher that memory and log have moved past is told so, and nobody else notices."""
    monkeypatch.setattr(changelog, "RING", 8)
    feed = Feed(store, RESOURCE)
    for number in range(30):
        await store.commit([put(f"n{number}")])
    await store.compact(RESOURCE, keep=0, before=FOREVER)
    with pytest.raises(Compacted):
        feed.since(5)
    assert [change.version for change in feed.since(27)] == [28, 29, 30, 31]
    await store.commit([put("more")])
    assert [change.version for change in feed.since(31)] == [32]


@asynccontextmanager
async def deaf(store: Store, feed: Feed, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """While the block runs the feed cannot read its log."""

    def silent(*_: object) -> list[Change]:
        return []

    with monkeypatch.context() as patch:
        patch.setattr(store, "changes", silent)
        yield


async def test_feed_below_the_floor_recovers(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed that lost part of the log to compaction goes on from the floor and sends those it cannot serve to list."""
    feed = Feed(store, RESOURCE)
    await store.commit([put("a")])
    async with deaf(store, feed, monkeypatch):
        await store.commit([put("b"), put("c")])
        await store.commit([put("d")])
    assert feed.position == 2
    await store.compact(RESOURCE, keep=0, before=FOREVER)
    await store.commit([put("e")])
    assert feed.position == 6
    with pytest.raises(Compacted):
        feed.since(2)
    assert [change.version for change in feed.since(5)] == [6]


async def test_many_watchers_of_one_feed(store: Store) -> None:
    """Two hundred watchers all get every change, in order, once."""
    feed = Feeds(store).of(RESOURCE)
    watchers = [asyncio.create_task(take(feed, 1, 20)) for _ in range(200)]
    for number in range(10):
        await store.commit([put(f"n{number}")])
    for number in range(10):
        await store.commit([remove(f"n{number}", expect=number + 2)])
    async with asyncio.timeout(10):
        answers = await asyncio.gather(*watchers)
    assert answers == [list(range(2, 22))] * 200
