"""Watch: initial events, live events, bookmarks, selector transitions, and an end that clients can resume from.

An object that enters a selector is ADDED, one that leaves it is DELETED with its last matching state and the version of
the event (AS/pkg/storage/cacher/cache_watcher.go). Frames of plain JSON watches are made once and shared.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

import orjson

from krate import errors
from krate.names import Annotation
from krate_api import tables
from krate_api.negotiation import Form, Wanted
from krate_api.registry import listing
from krate_api.registry.listoptions import ListOptions
from krate_api.resources import Resource
from krate_api.store import encoding
from krate_api.store.changelog import Feed
from krate_api.store.encoding import respin
from krate_api.store.interface import Change, ChangeType, Compacted, Index, Key, Store, Unavailable

MIN_TIMEOUT: Final = 1800
"""Without timeoutSeconds a watch lasts between this and twice this (upstream's MinRequestTimeout)."""
BOOKMARK: Final = 60.0
"""Seconds between periodic bookmarks."""
BEFORE_END: Final = 2.0
RECHECK: Final = 5.0
"""Seconds between checks of the right to watch."""


Allowed = Callable[[], Awaitable[bool]]
"""Whether the caller may still watch."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a watcher sees."""

    namespace: str
    options: ListOptions

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
    before = scope.sees(change.key, change.before_index)
    after = change.type is not ChangeType.DELETED and scope.sees(change.key, change.index)
    if after:
        return ("MODIFIED" if before else "ADDED"), change.body
    if before and change.before is not None:
        body = change.body if change.type is ChangeType.DELETED else respin(change.before, change.version)
        return "DELETED", body
    return None


class Encoder:
    """Makes frames in the form that was asked for."""

    def __init__(self, resource: Resource, wanted: Wanted, include: str, now: Callable[[], float]) -> None:
        self._resource = resource
        self._kind = resource.kind
        self._form = wanted.form
        self._include = include
        self._now = now
        self._first = True

    def event(self, kind: str, body: bytes) -> bytes:
        body = self._resource.shown(body)
        if self._form is Form.OBJECT:
            return b'{"type":"' + kind.encode() + b'","object":' + body + b"}\n"
        obj = encoding.decode(body)
        if self._form is Form.TABLE:
            shown = tables.table(
                self._kind,
                [obj],
                now=self._now(),
                include=self._include,
                with_definitions=self._first,
                metadata={"resourceVersion": obj["metadata"]["resourceVersion"]},
            )
            self._first = False
        else:
            shown = tables.partial(obj)
        return self._frame(kind, shown)

    def bookmark(self, version: int, *, initial: bool = False) -> bytes:
        metadata: dict[str, Any] = {"resourceVersion": str(version)}
        if initial:
            metadata["annotations"] = {str(Annotation.INITIAL_EVENTS_END): "true"}
        obj = {"kind": self._kind.name, "apiVersion": self._kind.api_version, "metadata": metadata}
        if self._form is Form.TABLE:
            obj = tables.bookmark_row(self._kind, obj)
        elif self._form is not Form.OBJECT:
            obj = tables.partial(obj)
        return self._frame("BOOKMARK", obj)

    def error(self, problem: errors.StatusError) -> bytes:
        return self._frame("ERROR", problem.status())

    @staticmethod
    def _frame(kind: str, obj: Mapping[str, Any]) -> bytes:
        return b'{"type":"' + kind.encode() + b'","object":' + orjson.dumps(obj) + b"}\n"


@dataclass(frozen=True, slots=True)
class Watch:
    """One watch about to be served."""

    store: Store
    feed: Feed
    resource: Resource
    scope: Scope
    encoder: Encoder
    allowed: Allowed
    """Asked again every few seconds; a watch ends when its right does."""

    async def frames(self) -> AsyncGenerator[bytes]:
        """Frames until the deadline, an error or the loss of the right to watch; each is one flush."""
        try:
            options = self.scope.options
            version = options.version or 0
            starts = options.initial_events if options.initial_events is not None else version == 0
            if starts:
                async with aclosing(self._initial(version)) as initial:
                    async for frame, reached in initial:
                        version = reached
                        yield frame
            elif version == 0:
                version = self.store.version(self.feed.resource)
            async with aclosing(self._live(version)) as live:
                async for frame in live:
                    yield frame
        except errors.StatusError as problem:
            yield self.encoder.error(problem)
        except Unavailable:
            yield self.encoder.error(errors.ServiceUnavailable("the database does not answer", retry_after=1))

    async def _initial(self, version: int) -> AsyncGenerator[tuple[bytes, int]]:
        """Synthetic ADDED events for the current state, then the bookmark that ends them."""
        if version:
            await listing.fresh(self.feed, self.store, version)
        options = self.scope.options
        page = await self.store.page(
            self.feed.resource, namespace=self.scope.namespace, labels=options.labels, fields=options.fields
        )
        frames: list[bytes] = []
        size = 0
        for item in page.items:
            frame = self.encoder.event("ADDED", item.body)
            frames.append(frame)
            size += len(frame)
            if size >= listing.CHUNK:
                yield b"".join(frames), page.version
                frames, size = [], 0
        if options.bookmarks:
            frames.append(self.encoder.bookmark(page.version, initial=True))
        yield b"".join(frames), page.version

    async def _live(self, version: int) -> AsyncGenerator[bytes]:
        loop, epoch = asyncio.get_running_loop(), self.feed.epoch
        seconds = self.scope.options.timeout or MIN_TIMEOUT * (1 + random.random())  # noqa: S311 - spreads reconnects
        end = loop.time() + seconds
        next_bookmark = min(loop.time() + BOOKMARK, max(end - BEFORE_END, loop.time()))
        next_check = loop.time() + RECHECK
        while (now := loop.time()) < end and not self.feed.closed and self.feed.epoch == epoch:
            if now >= next_check:
                if not await self.allowed():
                    return
                next_check = now + RECHECK
            frames, version = self._pending(version)
            if frames:
                yield frames
                continue
            if self.scope.options.bookmarks and now >= next_bookmark:
                yield self.encoder.bookmark(version)
                next_bookmark = min(now + BOOKMARK, end - BEFORE_END) if now < end - BEFORE_END else end + 1
            await self.feed.wait(max(0.0, min(end, next_bookmark, next_check) - loop.time()) + 0.001)

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
                frames.append(self.encoder.event(*told))
                size += len(frames[-1])
            if size >= listing.CHUNK:
                break
        return b"".join(frames), version
