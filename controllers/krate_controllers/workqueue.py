"""The queue of one controller: which objects want attention, each at most once and never two at a time.

The rules are client-go's (util/workqueue): a key that is added while it waits is not added again; a key that is added
while it is being worked on comes again afterwards, because the worker may have read the object before the change. So a
wake-up is never lost. Retries wait longer each time; a timer that is pending when its key gets attention is dropped,
because the outcome of that attention decides anew.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

Key = tuple[str, str]
"""Namespace and name; the namespace of cluster-scoped objects is ""."""


class Handle(Protocol):
    """A timer that can be stopped."""

    def cancel(self) -> None: ...


Later = Callable[[float, Callable[[], None]], Handle]
"""Calls a function after some seconds."""


def loop_later(seconds: float, call: Callable[[], None]) -> Handle:
    return asyncio.get_running_loop().call_later(seconds, call)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds before a key is tried again, by how often it failed in a row."""

    base: float = 0.2
    ceiling: float = 120.0

    def after(self, failures: int) -> float:
        full = min(self.base * 2 ** min(failures - 1, 20), self.ceiling)
        return full * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, hides nothing


class WorkQueue:
    """Keys in order of arrival, for any number of workers of one event loop."""

    def __init__(self, *, backoff: Backoff = Backoff(), later: Later = loop_later) -> None:
        self._backoff = backoff
        self._later = later
        self._ready: deque[Key] = deque()
        self._wanted: set[Key] = set()
        self._active: set[Key] = set()
        self._timers: dict[Key, Handle] = {}
        self._failures: dict[Key, int] = {}
        self._getters: deque[asyncio.Future[None]] = deque()

    def __len__(self) -> int:
        """Keys that want attention now, those being worked on not counted."""
        return len(self._wanted)

    @property
    def idle(self) -> bool:
        """Whether nothing wants attention, is worked on, or waits for a timer."""
        return not (self._wanted or self._active or self._timers)

    def add(self, key: Key) -> None:
        """Ask for attention."""
        if key in self._wanted:
            return
        self._wanted.add(key)
        if key not in self._active:
            self._ready.append(key)
            self._wake()

    def add_after(self, key: Key, seconds: float) -> None:
        """Ask for attention in a while; a new time replaces a pending one."""
        if seconds <= 0:
            self.add(key)
            return
        self._drop_timer(key)
        self._timers[key] = self._later(seconds, lambda: self._ring(key))

    def retry(self, key: Key) -> float:
        """Ask for attention after a failure; answers in how many seconds."""
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        seconds = self._backoff.after(failures)
        self.add_after(key, seconds)
        return seconds

    def forget(self, key: Key) -> None:
        """The key works: its next failure counts as the first."""
        self._failures.pop(key, None)

    async def get(self) -> Key:
        """The next key; call `done` with it when the work is over."""
        while not self._ready:
            getter = asyncio.get_running_loop().create_future()
            self._getters.append(getter)
            try:
                await getter
            except asyncio.CancelledError:
                # Whoever woke this getter meant to wake somebody.
                if getter in self._getters:
                    self._getters.remove(getter)
                elif self._ready:
                    self._wake()
                raise
        key = self._ready.popleft()
        self._wanted.discard(key)
        self._active.add(key)
        self._drop_timer(key)
        return key

    def done(self, key: Key) -> None:
        """The work on `key` is over; when it was asked for in the meantime, it comes again."""
        self._active.discard(key)
        if key in self._wanted:
            self._ready.append(key)
            self._wake()

    def stop(self) -> None:
        """Drop all timers, so that nothing happens after the workers are gone."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _ring(self, key: Key) -> None:
        self._timers.pop(key, None)
        self.add(key)

    def _drop_timer(self, key: Key) -> None:
        if (timer := self._timers.pop(key, None)) is not None:
            timer.cancel()

    def _wake(self) -> None:
        while self._getters:
            getter = self._getters.popleft()
            if not getter.done():
                getter.set_result(None)
                return
