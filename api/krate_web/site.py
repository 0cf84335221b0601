"""What every request of the UI shares: settings, templates, clients, the worker. Built once, by `app`."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from krate.clock import Clock
from krate_kube.interface import Client
from krate_web import access
from krate_web.assets import Assets
from krate_web.caches import Bounded
from krate_web.clients import Clients, fingerprint
from krate_web.rendering import Renderer
from krate_web.settings import Settings
from krate_web.workshop import Workshop

_REMEMBERED: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Site:
    """Shared services."""

    settings: Settings
    clients: Clients
    assets: Assets
    renderer: Renderer
    workshop: Workshop
    clock: Clock
    names: Bounded[str, tuple[str, float]]
    """User names by fingerprint of their token, and when they were learned: a token never changes its owner."""

    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the program ends: live streams end then, and servers need not wait for them."""

    async def username(self, client: Client, token: str) -> str:
        """Who holds `token`.

        Raises:
            Unauthorized: nobody does, or not any more.
        """
        key, now = fingerprint(token), self.clock().timestamp()
        known = self.names.get(key)
        if known is not None and now - known[1] < _REMEMBERED.total_seconds():
            return known[0]
        name = await access.whoami(client)
        self.names.put(key, (name, now))
        return name
