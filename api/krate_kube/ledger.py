"""The state of the in-memory twin: objects, one counter for all kinds, and the log that watches read.

As on the real server, the counter's new value is the resourceVersion of the write, a deletion takes one too, and the
log keeps the object before each change, because a watch with a selector must know whether it matched.
"""

import asyncio
import copy
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from krate import errors
from krate.kinds import Kind
from krate_kube.interface import Event, EventType, Object
from krate_kube.selections import Matches

Slot = tuple[str, str, str]
"""Resource (`plural.group`), namespace, name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log."""

    version: int
    resource: str
    new: Object | None
    old: Object | None


def slot_of(kind: Kind, found: Object) -> Slot:
    metadata = found["metadata"]
    return kind.resource, metadata.get("namespace", ""), metadata["name"]


class Ledger:
    """Everything that is stored, and how it came to be."""

    def __init__(self) -> None:
        self.objects: dict[Slot, Object] = {}
        self.version = 1
        self._log: list[Entry] = []
        self._compacted = 0
        self._watchers: set[asyncio.Event] = set()
        self._ended = 0

    def find(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """A copy of the stored object."""
        return copy.deepcopy(self.objects.get((kind.resource, namespace, name)))

    def select(self, kind: Kind, namespace: str, matches: Matches) -> list[Object]:
        """Copies of what matches, in order of namespace and name; namespace "" means all."""
        return [
            copy.deepcopy(found)
            for (resource, where, _), found in sorted(self.objects.items(), key=lambda entry: entry[0])
            if resource == kind.resource and namespace in {"", where} and matches(found)
        ]

    def put(self, kind: Kind, found: Object) -> Object:
        """Store `found` under a new version."""
        slot = slot_of(kind, found)
        self.version += 1
        found["metadata"]["resourceVersion"] = str(self.version)
        self._append(Entry(self.version, kind.resource, copy.deepcopy(found), self.objects.get(slot)))
        self.objects[slot] = copy.deepcopy(found)
        return found

    def remove(self, kind: Kind, found: Object) -> None:
        """Forget `found`; its last state, under a new version, goes to the watches."""
        old = self.objects.pop(slot_of(kind, found))
        self.version += 1
        self._append(Entry(self.version, kind.resource, None, old))

    def _append(self, entry: Entry) -> None:
        self._log.append(entry)
        self._wake()

    def _wake(self) -> None:
        for watcher in self._watchers:
            watcher.set()

    def compact(self) -> None:
        """Forget the log: a watch that starts before now is told 410."""
        self._log.clear()
        self._compacted = self.version

    def end_watches(self) -> None:
        """Let every open watch end, as a server does after some minutes."""
        self._ended += 1
        self._wake()

    async def watch(self, kind: Kind, namespace: str, version: str, matches: Matches) -> AsyncGenerator[Event]:
        """Events after `version`; with "" or "0" the current state first, then a bookmark (api-behaviour 1.10)."""
        if version in {"", "0"}:
            seen = self.version
            for found in self.select(kind, namespace, matches):
                yield Event(EventType.ADDED, found)
            yield Event(EventType.BOOKMARK, bookmark(kind, seen))
        else:
            seen = int(version)
        async for event in self._tail(kind, namespace, seen, matches):
            yield event

    async def _tail(self, kind: Kind, namespace: str, seen: int, matches: Matches) -> AsyncGenerator[Event]:
        wake, ended = asyncio.Event(), self._ended
        self._watchers.add(wake)
        try:
            while True:
                wake.clear()
                if seen < self._compacted:
                    raise errors.Expired(f"too old resource version: {seen} ({self._compacted})")
                for entry in [entry for entry in self._log if entry.version > seen]:
                    seen = entry.version
                    if entry.resource == kind.resource and (event := transition(entry, namespace, matches)):
                        yield event
                if ended != self._ended:
                    return
                await wake.wait()
        finally:
            self._watchers.discard(wake)


def transition(entry: Entry, namespace: str, matches: Matches) -> Event | None:
    """What a watch with this selection reports of `entry` (AS/pkg/storage/cacher/cache_watcher.go)."""

    def selected(found: Object | None) -> bool:
        return found is not None and namespace in {"", found["metadata"].get("namespace", "")} and matches(found)

    before, after = selected(entry.old), selected(entry.new)
    if after and entry.new is not None:
        return Event(EventType.MODIFIED if before else EventType.ADDED, copy.deepcopy(entry.new))
    if before and entry.old is not None:
        gone = copy.deepcopy(entry.old)
        gone["metadata"]["resourceVersion"] = str(entry.version)
        return Event(EventType.DELETED, gone)
    return None


def bookmark(kind: Kind, version: int) -> Object:
    return {
        "apiVersion": kind.api_version,
        "kind": kind.name,
        "metadata": {"resourceVersion": str(version), "annotations": {"k8s.io/initial-events-end": "true"}},
    }
