"""List, then watch, for ever: a cache of one kind that follows the server, and the changes on the way.

The rules are those of client-go's reflector (CG/tools/cache/reflector.go): resume at the last version seen, bookmarks
included; list again when that version is gone (410) and work out what changed in between, deletions included; wait
longer after each failure. A change is reported once, in order, and none is left out, because the new listing is
compared with the cache.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from krate import errors
from krate.kinds import Kind
from krate_kube.interface import Client, EventType, Object, Unreachable

Key = tuple[str, str]
"""Namespace and name; the namespace of cluster-scoped objects is ""."""

_TRANSIENT: Final = (
    Unreachable,
    errors.TooManyRequests,
    errors.ServiceUnavailable,
    errors.Timeout,
    errors.InternalError,
)

_SHORT: Final = 1.0
"""Seconds; a watch that ends sooner without an event counts as a failure (reflector: "very short watch")."""


def key_of(found: Object) -> Key:
    metadata = found["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def version_of(found: Object) -> str:
    return found["metadata"].get("resourceVersion", "")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the cache before and after."""

    type: EventType
    """ADDED, MODIFIED or DELETED; BOOKMARK once after each listing: the cache is complete."""
    object: Object
    """The object as it is; for DELETED the last state known; {} for BOOKMARK."""
    old: Object | None = None
    """The object as it was cached before."""
    listed: bool = False
    """Whether it was found by listing rather than reported by the watch."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds between attempts after failures."""

    base: float = 0.2
    ceiling: float = 30.0

    def after(self, failures: int) -> float:
        full = min(self.base * 2 ** min(failures - 1, 16), self.ceiling)
        return full * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, hides nothing


Troubled = Callable[[Exception, float], None]
"""Told of each failure that is waited out, and for how many seconds."""


def _quiet(_failure: Exception, _pause: float) -> None: ...


Keep = Callable[[Object], Object]


def _everything(found: Object) -> Object:
    return found


def metadata_only(found: Object) -> Object:
    """What the garbage collector and the comparison of listings need of an object."""
    return {key: found[key] for key in ("apiVersion", "kind", "metadata") if key in found}


class Informer:
    """Follows one kind, all of it or a selection; read `cache` at any time, consume `follow` once.

    Args:
        client: whose eyes see.
        kind: what is followed.
        namespace: one namespace; "" means all.
        labels: label selector.
        fields: field selector.
        backoff: pauses after failures.
        sleep: waits; injected by tests.
        troubled: told of each failure that is waited out.
        keep: what of an object stays in the cache; for kinds with many objects, `metadata_only`.
        cached: without a cache nothing is listed: `follow` reports a BOOKMARK for "anything may have happened before"
            and then what the watch reports.
    """

    def __init__(
        self,
        client: Client,
        kind: Kind,
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        backoff: Backoff = Backoff(),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        troubled: Troubled = _quiet,
        keep: Keep = _everything,
        cached: bool = True,
    ) -> None:
        self.kind = kind
        self.cache: dict[Key, Object] = {}
        self.synced = asyncio.Event()
        """Set once the first listing is in the cache."""
        self.resource_version = ""
        """The version the cache stands at."""
        self._client = client
        self._namespace = namespace
        self._labels = labels
        self._fields = fields
        self._backoff = backoff
        self._sleep = sleep
        self._troubled = troubled
        self._keep = keep
        self._cached = cached
        self._failures = 0

    def get(self, name: str, *, namespace: str = "") -> Object | None:
        return self.cache.get((namespace, name))

    def select(self, *, namespace: str) -> tuple[Object, ...]:
        """Cached objects of one namespace, by name."""
        return tuple(self.cache[key] for key in sorted(self.cache) if key[0] == namespace)

    async def follow(self) -> AsyncGenerator[Change]:
        """Changes from now on and for ever; first everything that is there, then one BOOKMARK.

        Close it (`contextlib.aclosing`) when leaving early. The cache is changed before a change is yielded.

        Raises:
            StatusError: the server refuses to list or watch (403, 401, 404, 400): waiting would not help.
        """
        while True:
            try:
                if not self.resource_version:
                    for change in await self._relist():
                        yield change
                began = asyncio.get_running_loop().time()
                async with aclosing(self._watch()) as changes:
                    async for change in changes:
                        yield change
                if asyncio.get_running_loop().time() - began >= _SHORT:
                    self._failures = 0
            except errors.Expired:
                # Not a failure, yet a server that forgets at once must not be listed in a tight loop.
                self.resource_version = ""
                await self._pause(errors.Expired())
            except _TRANSIENT as failure:
                await self._pause(failure)
            else:
                # A server that ends every watch at once must not be asked in a tight loop either.
                await self._pause(None)

    async def run(self, handle: Callable[[Change], None]) -> None:
        """Drive `follow` with a plain function, for ever."""
        async with aclosing(self.follow()) as changes:
            async for change in changes:
                handle(change)

    async def _pause(self, failure: Exception | None) -> None:
        """Wait before the next request; `_failures` falls back to zero as soon as the server reports something."""
        self._failures += 1
        if failure is None and self._failures == 1:
            return
        pause = self._backoff.after(self._failures)
        if failure is not None and not isinstance(failure, errors.Expired):
            self._troubled(failure, pause)
        await self._sleep(pause)

    async def _relist(self) -> list[Change]:
        selection = {"namespace": self._namespace, "labels": self._labels, "fields": self._fields}
        listing = await self._client.list(self.kind, **selection, limit=0 if self._cached else 1)
        fresh = {key_of(found): found for found in listing.items if self._cached}
        changes = list(differences(self.cache, fresh))
        self.cache.clear()
        self.cache.update((key, self._keep(found)) for key, found in fresh.items())
        self.resource_version = listing.resource_version
        self.synced.set()
        return [*changes, Change(EventType.BOOKMARK, {}, listed=True)]

    async def _watch(self) -> AsyncGenerator[Change]:
        stream = self._client.watch(
            self.kind,
            namespace=self._namespace,
            resource_version=self.resource_version,
            labels=self._labels,
            fields=self._fields,
        )
        async with aclosing(stream) as events:
            async for event in events:
                self._failures = 0
                self.resource_version = version_of(event.object)
                if event.type is not EventType.BOOKMARK and (change := self._apply(event.type, event.object)):
                    yield change

    def _apply(self, type_: EventType, found: Object) -> Change | None:
        """Put one event into the cache; None when the cache knew it already."""
        key = key_of(found)
        if not self._cached:
            return Change(type_, found)
        old = self.cache.get(key)
        if type_ is EventType.DELETED:
            self.cache.pop(key, None)
            return Change(type_, found, old) if old is not None else None
        if old is not None and version_of(old) == version_of(found):
            return None
        self.cache[key] = self._keep(found)
        return Change(EventType.ADDED if old is None else EventType.MODIFIED, found, old)


def differences(before: Mapping[Key, Object], after: Mapping[Key, Object]) -> Iterator[Change]:
    """What a new listing says that the cache did not know, deletions first.

    An object deleted and created again in the meantime, which its UID tells, is reported as both.
    """
    for key, old in before.items():
        new = after.get(key)
        if new is None or new["metadata"].get("uid") != old["metadata"].get("uid"):
            yield Change(EventType.DELETED, old, old, listed=True)
    for key, new in after.items():
        old = before.get(key)
        if old is None or new["metadata"].get("uid") != old["metadata"].get("uid"):
            yield Change(EventType.ADDED, new, None, listed=True)
        elif version_of(new) != version_of(old):
            yield Change(EventType.MODIFIED, new, old, listed=True)
