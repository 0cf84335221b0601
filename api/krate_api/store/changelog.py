"""Watching: one tailer and one ring of recent changes per resource, shared by all its watchers.

The store's hint wakes the tailer; the change log is the truth it reads. A watcher is a position in the ring, so a slow
one holds no memory of its own: when the ring has moved past it, it reads the log, and when the log is compacted past
it, it is told so (410) without anybody else noticing.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Final

from krate_api.store.interface import Change, Compacted, Store, Unavailable

RING: Final = 4096
"""Changes kept in memory per resource."""
RETRY: Final = 0.5
"""Seconds until an unreadable log is tried again."""


class Feed:
    """Changes of one resource, in version order, for any number of watchers."""

    def __init__(self, store: Store, resource: str) -> None:
        self.resource = resource
        self._store = store
        self._ring: deque[Change] = deque(maxlen=RING)
        self._position = store.version(resource)
        self._woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
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
                self._ring.extend(changes)
                self._position = changes[-1].version
        except Compacted as compacted:
            # The log was cut before it could be read: whoever stands below the floor must list again.
            self._ring.clear()
            self._position = compacted.floor
            self._tail()
            return
        except Unavailable:
            asyncio.get_running_loop().call_later(RETRY, self._tail)
        self._wake()

    def _wake(self) -> None:
        woken, self._woken = self._woken, asyncio.get_running_loop().create_future()
        woken.set_result(None)

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
        return self._store.changes(self.resource, version)

    async def wait(self, seconds: float | None) -> bool:
        """Wait for news; False when so many seconds passed without any."""
        try:
            await asyncio.wait_for(asyncio.shield(self._woken), seconds)
        except TimeoutError:
            return False
        return True

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
