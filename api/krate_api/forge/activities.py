"""From the audit trail to Activity objects: in batches, exactly once, without serialising writers.

Equal denials of one minute are one Activity with a count, so that a script in a loop fills neither disk nor page.
"""

import asyncio
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from krate import kinds, logging, names
from krate.models.activity import AccessDecision
from krate_api import activity
from krate_api.forge import objects
from krate_api.store.interface import Operation, Stale, Store, Trim, Unavailable

BATCH: Final = 500
PAUSE: Final = 0.05
"""Seconds between a commit and the projection, so that rows gather."""
RETRY: Final = 1.0


def _name(position: int, row: Mapping[str, Any]) -> str:
    """Names sort by time: lists show history in order."""
    stamp = str(row["at"]).lower().replace("-", "").replace(":", "")
    if row["decision"] == AccessDecision.DENIED:
        minute = stamp[:13]
        words = "\0".join((row["actor"], row["verb"], *(str(value) for value in row["object"].values())))
        return f"{minute}-denied-{hashlib.sha256(words.encode()).hexdigest()[:10]}"
    return f"{stamp}-{position:012d}"


class Projector:
    """Runs beside the server; `close` ends it after what is written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._log = logging.get(component="activities")
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="activities")

    def wake(self) -> None:
        """Something was written."""
        self._wake.set()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                if await self.project() < BATCH:
                    await self._wake.wait()
                    self._wake.clear()
                    await asyncio.sleep(PAUSE)
            except (Unavailable, Stale) as error:
                self._log.warning("projection failed", error=str(error))
                await asyncio.sleep(RETRY)

    async def project(self) -> int:
        """Turn the oldest rows into Activities; answers how many."""
        rows = await self._store.entries(activity.LOG, limit=BATCH)
        if not rows:
            return 0
        batch = await self._batch(rows)
        batch.append(Trim(activity.LOG, rows[-1][0]))
        await self._store.commit(batch)
        return len(rows)

    async def _batch(self, rows: Sequence[tuple[int, bytes]]) -> list[Operation]:
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for position, value in rows:
            row: dict[str, Any] = orjson.loads(value)
            namespace = row["object"].get("namespace") or names.SYSTEM_NAMESPACE
            key = (namespace, _name(position, row))
            if key in found:
                found[key]["status"] |= {"count": found[key]["status"]["count"] + 1, "at": row["at"]}
            else:
                found[key] = await self._object(namespace, key[1], row)
        return [objects.say(kinds.ACTIVITY, obj, obj["status"], obj["status"]["at"]) for obj in found.values()]

    async def _object(self, namespace: str, name: str, row: dict[str, Any]) -> dict[str, Any]:
        """A new Activity, or the stored one of an equal denial with one more on its count."""
        if row["decision"] == AccessDecision.DENIED:
            stored = await objects.get(self._store, kinds.ACTIVITY, namespace, name)
            if stored is not None:
                stored["status"] |= {"count": stored["status"].get("count", 1) + 1, "at": row["at"]}
                return stored
        metadata = {
            "name": name,
            "namespace": namespace,
            "uid": str(uuid.uuid4()),
            "creationTimestamp": row["at"],
            "generation": 1,
        }
        kind = kinds.ACTIVITY
        status = {**row, "count": 1}
        return {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata, "status": status}
