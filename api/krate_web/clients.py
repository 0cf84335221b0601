"""One API client per signed-in person, kept between requests so that a page does not pay for a TLS handshake.

A client holds the person's token; nothing else in the UI does. Clients that nobody used for a while are closed.
"""

import hashlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from krate.clock import Clock
from krate_kube.interface import Client

ClientFactory = Callable[[str], Client]
"""Makes the client of whoever holds the token; the empty token is nobody."""

_IDLE: Final = timedelta(minutes=5)
_MOST: Final = 512


def fingerprint(token: str) -> str:
    """What stands for a token in memory, so that caches hold no credentials."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(slots=True)
class _Entry:
    client: Client
    leases: int
    used: datetime


class Clients:
    """Lends clients; concurrent leases of one token share one client."""

    def __init__(self, factory: ClientFactory, clock: Clock) -> None:
        self._factory = factory
        self._clock = clock
        self._entries: dict[str, _Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    @asynccontextmanager
    async def lease(self, token: str) -> AsyncGenerator[Client]:
        """The client of `token`, which stays open at least as long as the block runs."""
        key = fingerprint(token)
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry(self._factory(token), 0, self._clock())
        entry.leases += 1
        try:
            yield entry.client
        finally:
            entry.leases -= 1
            entry.used = self._clock()
            await self._sweep()

    async def _sweep(self) -> None:
        limit = self._clock() - _IDLE
        idle = sorted((e.used, key) for key, e in self._entries.items() if not e.leases)
        surplus = len(self._entries) - _MOST
        gone = [key for place, (used, key) in enumerate(idle) if used < limit or place < surplus]
        for entry in [self._entries.pop(key) for key in gone]:
            await entry.client.close()

    async def close(self) -> None:
        """Close every client; for the end of the program."""
        entries = list(self._entries.values())
        self._entries.clear()
        for entry in entries:
            await entry.client.close()
