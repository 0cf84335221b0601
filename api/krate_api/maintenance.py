"""What runs beside requests: compaction of the change log."""

import asyncio

from krate import logging
from krate.clock import Clock
from krate_api.resources import Catalog
from krate_api.settings import Settings
from krate_api.store.interface import Store, Unavailable

INTERVAL = 60.0


class Compactor:
    """Drops old changes of every kind, never younger than the settings say."""

    def __init__(self, store: Store, catalog: Catalog, settings: Settings, clock: Clock) -> None:
        self._store = store
        self._catalog = catalog
        self._settings = settings
        self._clock = clock
        self._log = logging.get(component="compaction")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="compaction")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                await self.compact()
            except Unavailable as error:
                self._log.warning("compaction failed", error=str(error))

    async def compact(self) -> None:
        """One round over all kinds."""
        before = self._clock().timestamp() - self._settings.history_seconds
        for resource in self._catalog.names:
            await self._store.compact(resource, keep=self._settings.history, before=before)
