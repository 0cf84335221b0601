"""Refusals leave an Activity, and callers are remembered for access reviews that are made later in their name."""

import asyncio
from typing import Final

import orjson

from krate import errors, kinds, names
from krate.clock import Clock, rfc3339
from krate.identity import Caller
from krate.models.activity import AccessDecision
from krate_api import activity
from krate_api.forge.merge_facts import CALLERS
from krate_api.forge.pull_facts import caller_row
from krate_api.metrics import Metrics
from krate_api.registry.call import Call
from krate_api.requestinfo import RequestInfo
from krate_api.resources import Catalog
from krate_api.store.interface import ANY, Key, Record, Store

_REVIEWS: Final = frozenset({"authorization.k8s.io", "authentication.k8s.io"})
_MAX_NAME: Final = 253
_MAX_REASON: Final = 4096
"""What clients make up is cut: a refusal must not be a way to fill the disk."""


class Denials:
    """Writes denied rows of the audit trail."""

    def __init__(self, store: Store, catalog: Catalog, metrics: Metrics, clock: Clock) -> None:
        self._store = store
        self._catalog = catalog
        self._metrics = metrics
        self._clock = clock
        self._callers: dict[str, bytes] = {}
        self._tasks: set[asyncio.Task[object]] = set()

    async def record(self, error: errors.StatusError, info: RequestInfo, call: Call) -> None:
        """One row; reviews and requests for paths leave none.

        Raises:
            Unavailable: the row could not be written.
        """
        if not info.is_resource or info.group in _REVIEWS:
            return
        resource = self._catalog.find(info.group, info.version, info.resource)
        by = "admission" if call.authorised else "authorization"
        known = (info.group, info.resource) if resource is not None else ("", "")
        self._metrics.denials.labels(by, *known).inc()
        kind = resource.kind.name if resource is not None else info.resource
        version = f"{info.group}/{info.version}" if info.group else info.version
        row = activity.Entry(
            call.caller,
            info.verb,
            version[:_MAX_NAME],
            kind[:_MAX_NAME],
            await self._place(info.namespace),
            info.name[:_MAX_NAME],
            rfc3339(self._clock()),
            call.correlation_id,
            AccessDecision.DENIED,
            info.subresource[:_MAX_NAME],
            error.message[:_MAX_REASON],
        )
        await self._store.commit([row.operation()])

    async def _place(self, namespace: str) -> str:
        """Where the Activity stands: nobody can plant objects in a namespace that does not exist yet."""
        key = Key(kinds.NAMESPACE.resource, "", namespace)
        return namespace if namespace and await self._store.get(key) is not None else names.SYSTEM_NAMESPACE

    def seen(self, caller: Caller) -> None:
        """Remember who a user is, in the background and only when it changed."""
        if caller.anonymous or caller.impersonator or caller.username.startswith("system:"):
            return
        value = orjson.dumps(caller_row(caller))
        if self._callers.get(caller.username) == value:
            return
        self._callers[caller.username] = value
        task = asyncio.create_task(self._store.commit([Record(CALLERS, caller.username, value, ANY)]))
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()

    async def close(self) -> None:
        """Wait for what is being written."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
