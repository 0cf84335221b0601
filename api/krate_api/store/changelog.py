"""Watching: one tailer and one ring of recent changes per resource, shared by all its watchers.

The store's hint wakes the tailer; the change log is the truth it reads. A watcher is a position in the ring, so a slow
one holds no memory of its own: when the ring has moved past it, it reads the log, and when the log is compacted past
it, it is told so (410) without anybody else noticing.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable, Sequence
from typing import Final
from weakref import WeakValueDictionary

from krate_api.store.interface import Change, Compacted, Store, Unavailable

RING: Final = 4096
"""Changes kept in memory per resource."""
RING_BYTES: Final = 32 * 1024 * 1024
"""And at most so many bytes of them."""
READ: Final = 128
"""Changes read at once from the log for a watcher that the ring has left behind: others run in between."""
FRAME_BYTES: Final = 4 * 1024 * 1024
"""Bytes of frames that are kept for watchers who want them alike."""
RETRY: Final = 0.5
"""Seconds until an unreadable log is tried again."""


class Frames:
    """What was written for one watcher, for the others who want the same; the oldest make room."""

    def __init__(self) -> None:
        self._frames: dict[Hashable, bytes] = {}
        self._size = 0

    def get(self, key: Hashable) -> bytes | None:
        return self._frames.get(key)

    def put(self, key: Hashable, frame: bytes) -> None:
        self._frames[key] = frame
        self._size += len(frame)
        while self._size > FRAME_BYTES:
            self._size -= len(self._frames.pop(next(iter(self._frames))))


class Feed:
    """Changes of one resource, in version order, for any number of watchers."""

    def __init__(self, store: Store, resource: str) -> None:
        self.resource = resource
        self._store = store
        self._ring: deque[Change] = deque()
        self._held = 0
        self._frames: WeakValueDictionary[tuple[Hashable, ...], Frames] = WeakValueDictionary()
        self._position = store.version(resource)
        self._waiting: set[asyncio.Future[bool]] = set()
        self.closed = False
        """Set when the server ends: watches end with a clean EOF, and clients resume elsewhere or later."""
        self.epoch = 0
        """Moves when what is watched is no longer what it was: watches that began in another epoch end."""
        store.listen(resource, self._tail)

    @property
    def position(self) -> int:
        """Version up to which changes have been distributed."""
        return self._position

    def _tail(self) -> None:
        """Read what is new. Called by the store's hint, in the event loop."""
        try:
            while changes := self._store.changes(self.resource, self._position):
                self._hold(changes)
                self._position = changes[-1].version
        except Compacted as compacted:
            # The log was cut before it could be read: whoever stands below the floor must list again.
            self._ring.clear()
            self._held = 0
            self._position = compacted.floor
            self._tail()
            return
        except Unavailable:
            asyncio.get_running_loop().call_later(RETRY, self._tail)
        self._wake()

    def _hold(self, changes: Sequence[Change]) -> None:
        """Keep new changes, and drop the oldest as far as there are too many or too large ones."""
        self._ring.extend(changes)
        self._held += sum(map(_size, changes))
        while len(self._ring) > RING or self._held > RING_BYTES:
            self._held -= _size(self._ring.popleft())

    def _wake(self) -> None:
        for waiting in self._waiting:
            _tell(waiting, True)

    def close(self) -> None:
        """End every watch."""
        self.closed = True
        self._wake()

    def interrupt(self) -> None:
        """End the watches there are, and forget what the log has forgotten; new ones may begin."""
        self.epoch += 1
        self._ring.clear()
        self._wake()

    def since(self, version: int) -> Sequence[Change]:
        """Changes after `version`, from the ring when it reaches back, else from the log (a bounded number).

        Raises:
            Compacted: the log does not reach back.
        """
        if version >= self._position:
            return ()
        if self._ring and self._ring[0].version <= version + 1:
            # Walk back from the newest: watchers are nearly always near the end.
            found: list[Change] = []
            for change in reversed(self._ring):
                if change.version <= version:
                    break
                found.append(change)
            found.reverse()
            return found
        return self._store.changes(self.resource, version, READ)

    def frames(self, *alike: Hashable) -> Frames:
        """The frames shared by watchers who want the same; they are gone with the last of them."""
        found = self._frames.get(alike)
        if found is None:
            found = self._frames[alike] = Frames()
        return found

    async def wait(self, seconds: float | None) -> bool:
        """Wait for news; False when so many seconds passed without any."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[bool] = loop.create_future()
        timer = None if seconds is None else loop.call_later(seconds, _tell, waiting, False)
        self._waiting.add(waiting)
        try:
            return await waiting
        finally:
            self._waiting.discard(waiting)
            if timer is not None:
                timer.cancel()

    async def follow(self, version: int) -> AsyncIterator[Change]:
        """Every change after `version`, for ever. For consumers in this process.

        Raises:
            Compacted: as `since`.
        """
        while True:
            for change in self.since(version):
                version = change.version
                yield change
            if version >= self._position:
                await self.wait(None)


def _size(change: Change) -> int:
    return len(change.body) + len(change.before or b"")


def _tell(waiting: asyncio.Future[bool], news: bool) -> None:  # noqa: FBT001 - call_later takes no names
    if not waiting.done():
        waiting.set_result(news)


class Feeds:
    """The feeds of a store, made on first use."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._feeds: dict[str, Feed] = {}

    def of(self, resource: str) -> Feed:
        feed = self._feeds.get(resource)
        if feed is None:
            feed = self._feeds[resource] = Feed(self._store, resource)
        return feed

    def close(self) -> None:
        """End every watch of every resource."""
        for feed in self._feeds.values():
            feed.close()
