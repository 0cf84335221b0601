"""Watch: initial events, live events, bookmarks, selector transitions, and an end that clients can resume from.

An object that enters a selector is ADDED, one that leaves it is DELETED with its last matching state and the version of
the event (AS/pkg/storage/cacher/cache_watcher.go). A frame is made once and shared by all watchers who want it alike.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from krate import errors
from krate_api.negotiation import Form, Wanted
from krate_api.notation import CHUNK
from krate_api.registry import listing, pacing
from krate_api.registry.listoptions import ListOptions
from krate_api.registry.pacing import Pace
from krate_api.representation import Representation, frame
from krate_api.resources import Resource
from krate_api.store.changelog import Feed
from krate_api.store.encoding import respin
from krate_api.store.interface import Change, ChangeType, Compacted, Index, Key, Store, Unavailable

Allowed = Callable[[], Awaitable[bool]]
"""Whether the caller may still watch."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a watcher sees."""

    namespace: str
    options: ListOptions

    @property
    def everything(self) -> bool:
        """Whether no object is hidden from it."""
        return not (self.namespace or self.options.labels or self.options.fields)

    def sees(self, key: Key, index: Index | None) -> bool:
        if index is None or (self.namespace and key.namespace != self.namespace):
            return False
        if self.options.labels and not self.options.labels.matches(index.labels):
            return False
        if not self.options.fields:
            return True
        values = {**index.fields, "metadata.name": key.name, "metadata.namespace": key.namespace}
        return self.options.fields.matches(values)


def transition(change: Change, scope: Scope) -> tuple[str, bytes] | None:
    """What a watcher with this scope is told of a change: event type and body, or nothing."""
    if scope.everything:
        return change.type.value, change.body
    before = scope.sees(change.key, change.before_index)
    after = change.type is not ChangeType.DELETED and scope.sees(change.key, change.index)
    if after:
        return ("MODIFIED" if before else "ADDED"), change.body
    if before and change.before is not None:
        body = change.body if change.type is ChangeType.DELETED else respin(change.before, change.version)
        return "DELETED", body
    return None


class Encoder:
    """Makes the frames of one watch, those of live events once for all watches of a feed."""

    def __init__(self, feed: Feed, resource: Resource, wanted: Wanted, now: Callable[[], float]) -> None:
        self._resource = resource
        self._wanted = wanted
        self._now = now
        self._shared = feed.frames(resource, wanted)
        self._columns = wanted.form is Form.TABLE
        """Whether the next frame describes the columns of its Table."""

    def _representation(self) -> Representation:
        return Representation(self._resource, self._wanted, self._now())

    def initial(self, body: bytes) -> bytes:
        """The frame of an object that is there when the watch begins."""
        columns, self._columns = self._columns, False
        return self._representation().event("ADDED", body, with_columns=columns)

    def event(self, version: int, kind: str, body: bytes) -> bytes:
        """The frame of a change, at the version at which it happened."""
        columns, self._columns = self._columns, False
        found = self._shared.get((version, kind, columns))
        if found is None:
            found = self._representation().event(kind, body, with_columns=columns)
            self._shared.put((version, kind, columns), found)
        return found

    def bookmark(self, version: int, *, initial: bool = False) -> bytes:
        return self._representation().bookmark(version, initial=initial)


@dataclass(frozen=True, slots=True)
class Watch:
    """One watch about to be served."""

    store: Store
    feed: Feed
    scope: Scope
    encoder: Encoder
    allowed: Allowed
    """Asked again every few seconds; a watch ends when its right does."""

    async def frames(self) -> AsyncGenerator[bytes]:
        """Frames until the deadline, an error or the loss of the right to watch; each is one flush."""
        try:
            options = self.scope.options
            loop = asyncio.get_running_loop()
            pace = Pace(loop.time(), pacing.lifetime(options.timeout), bookmarks=options.bookmarks)
            if pace.over(loop.time()):
                return
            version = options.version or 0
            if options.initial_events:
                async with aclosing(self._initial(version)) as initial:
                    async for frames, reached in initial:
                        version = reached
                        yield frames
            elif version == 0:
                version = self.store.version(self.feed.resource)
            async with aclosing(self._live(version, pace)) as live:
                async for frames in live:
                    yield frames
        except errors.StatusError as problem:
            yield frame("ERROR", problem.status())
        except Unavailable:
            yield frame("ERROR", errors.ServiceUnavailable("the database does not answer", retry_after=1).status())

    async def _initial(self, version: int) -> AsyncGenerator[tuple[bytes, int]]:
        """Synthetic ADDED events for the current state, then the bookmark that ends them."""
        await listing.fresh(self.feed, self.store, version)
        options = self.scope.options
        page = await self.store.page(
            self.feed.resource, namespace=self.scope.namespace, labels=options.labels, fields=options.fields
        )
        frames: list[bytes] = []
        size = 0
        for item in page.items:
            frames.append(self.encoder.initial(item.body))
            size += len(frames[-1])
            if size >= CHUNK:
                yield b"".join(frames), page.version
                await asyncio.sleep(0)  # a fast reader lets nobody else run otherwise
                frames, size = [], 0
        if options.bookmarks:
            frames.append(self.encoder.bookmark(page.version, initial=True))
        yield b"".join(frames), page.version

    async def _live(self, version: int, pace: Pace) -> AsyncGenerator[bytes]:
        clock, epoch = asyncio.get_running_loop().time, self.feed.epoch
        while not pace.over(now := clock()) and not self.feed.closed and self.feed.epoch == epoch:
            if pace.checks(now) and not await self.allowed():
                return
            frames, version = self._pending(version)
            if frames:
                yield frames
            elif pace.bookmarks(now) and version <= self.feed.position:
                yield self.encoder.bookmark(version)
            elif version < self.feed.position:
                await asyncio.sleep(0)  # a long log without anything to tell
            else:
                await self.feed.wait(pace.pause(clock()) + _GRAIN)

    def _pending(self, version: int) -> tuple[bytes, int]:
        """Frames of the changes that wait, joined, and the version they reach."""
        try:
            changes = self.feed.since(version)
        except Compacted as compacted:
            raise errors.Expired(f"too old resource version: {version} ({compacted.floor})") from None
        frames: list[bytes] = []
        size = 0
        for change in changes:
            version = change.version
            told = transition(change, self.scope)
            if told is not None:
                frames.append(self.encoder.event(change.version, *told))
                size += len(frames[-1])
            if size >= CHUNK:
                break
        return b"".join(frames), version


_GRAIN: Final = 0.001
"""Seconds by which a watch sleeps too long rather than too short."""
