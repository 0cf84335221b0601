"""Work by key: each key once at a time, at once when something happens, later when something failed.

No polling. A failed key comes back after a pause that doubles; a key that keeps running without rest is slowed down,
because two writers who undo each other would otherwise spin for ever (Crossplane opens a circuit breaker there and
drops events; here nothing is dropped, only late).
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 60.0
BURST: Final = 60
"""Runs that a key may have without rest."""
RATE: Final = 1.0
"""Runs per second that a key earns."""
REST: Final = 0.02
"""Seconds between two runs of one key: what a run wrote comes back as several changes, which one run answers."""


class Retry(Exception):
    """The key must run again after a pause."""


@dataclass
class _Entry:
    """What is known of one key."""

    running: bool = False
    again: bool = False
    """It waits for a worker, or was added while it ran."""
    failures: int = 0
    credit: float = BURST
    counted: float = 0.0
    ended: float = -REST
    timer: asyncio.TimerHandle | None = None


@dataclass
class Queue(Generic[K]):
    """Feeds keys to a handler.

    The handler answers after how many seconds the key should run again by itself (0 for never, None when the key is
    gone), and raises when it failed; `Retry` when that is nothing to tell anybody about.
    """

    handle: Callable[[K], Awaitable[float | None]]
    troubled: Callable[[K, Exception, float], None]
    """Told of each failure and the pause that follows."""
    _entries: dict[K, _Entry] = field(default_factory=dict[K, _Entry])
    _waiting: asyncio.Queue[K] = field(default_factory=asyncio.Queue[K])
    _running: int = 0
    _closed: bool = False
    _rested: asyncio.Event = field(default_factory=asyncio.Event)
    """Set, once the queue is closed, when no key runs any more."""

    def add(self, key: K) -> None:
        """Run the key as soon as a worker is free; once, however often it is added before."""
        entry = self._entries.setdefault(key, _Entry(counted=_now()))
        if entry.again:
            return
        if entry.running:
            entry.again = True
            return
        self._cancel(entry)
        pause = self._pace(entry)
        if pause > 0:
            self._later(key, entry, pause)
        else:
            entry.again = True
            self._waiting.put_nowait(key)

    async def work(self) -> None:
        """Take keys for ever; run several of these side by side."""
        while not self._closed:
            key = await self._waiting.get()
            entry = self._entries[key]
            entry.running, entry.again = True, False
            self._running += 1
            try:
                pause = await self._run(key, entry)
            finally:
                self._running -= 1
                if self._closed and not self._running:
                    self._rested.set()
            entry.running, entry.ended = False, _now()
            if entry.again:
                entry.again = False
                self.add(key)
            elif pause is None:
                del self._entries[key]
            elif pause > 0:
                self._later(key, entry, pause)

    async def _run(self, key: K, entry: _Entry) -> float | None:
        """Handle the key once; answers the seconds until it should run again."""
        try:
            pause = await self.handle(key)
        except Exception as failure:  # noqa: BLE001 - whatever fails is told and tried again
            entry.failures += 1
            pause = min(FIRST_PAUSE * 2 ** min(entry.failures - 1, 16), LONGEST_PAUSE)
            if not isinstance(failure, Retry):
                self.troubled(key, failure, pause)
            return pause
        entry.failures = 0
        return pause

    def _pace(self, entry: _Entry) -> float:
        """Take one run from the key's credit; seconds to wait when there is none, or when it ran just now."""
        now = _now()
        entry.credit = min(BURST, entry.credit + (now - entry.counted) * RATE)
        entry.counted = now
        pause = max(entry.ended + REST - now, (1 - entry.credit) / RATE)
        if pause > 0:
            return pause
        entry.credit -= 1
        return 0.0

    def _later(self, key: K, entry: _Entry, seconds: float) -> None:
        self._cancel(entry)
        entry.timer = asyncio.get_running_loop().call_later(seconds, self._due, key)

    def _due(self, key: K) -> None:
        entry = self._entries.get(key)
        if entry is not None:
            entry.timer = None
            self.add(key)

    @staticmethod
    def _cancel(entry: _Entry) -> None:
        if entry.timer is not None:
            entry.timer.cancel()
            entry.timer = None

    async def drain(self, seconds: float) -> None:
        """Take no further key, and wait until those that run are done, `seconds` at most."""
        self._closed = True
        for entry in self._entries.values():
            self._cancel(entry)
        if self._running:
            try:
                await asyncio.wait_for(self._rested.wait(), seconds)
            except TimeoutError:
                return


def _now() -> float:
    return asyncio.get_running_loop().time()
