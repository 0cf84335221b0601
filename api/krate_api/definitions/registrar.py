"""Keeps the catalog in step with the definitions in the store, and their status in step with the catalog.

One task follows the change log. A definition is judged against the others of its group, what follows is served at once,
and only then is its status written: whoever reads Established finds the resource there.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from krate import kinds, logging
from krate.conditions import Type
from krate_api.definitions import conditions, history, serving
from krate_api.definitions.cleanup import Cleanup
from krate_api.definitions.conditions import Definition, Taken
from krate_api.registry import writing
from krate_api.registry.lanes import Lane
from krate_api.registry.writing import Kit
from krate_api.store import encoding
from krate_api.store.changelog import Feeds
from krate_api.store.interface import Change, ChangeType, Compacted, Stale, StoreError

DEFINITION: Final = kinds.CUSTOM_RESOURCE_DEFINITION
RETRY: Final = 1.0
"""Seconds until work that the store refused is tried again."""


class Registrar:
    """`load` before requests are answered; `start` afterwards.

    Args:
        kit: what writes need.
        feeds: the change log.
        lane: where large schemas are compiled.
        ours: definitions that are served like any other and stored nowhere: their kinds are there from the start, as
            the rows of the table are, and one that somebody applies is adopted.
    """

    def __init__(self, kit: Kit, feeds: Feeds, lane: Lane, *, ours: Sequence[Definition] = ()) -> None:
        self._kit = kit
        self._ours = ours
        self._always: tuple[serving.CustomResource, ...] = ()
        self._lane = lane
        self._feeds = feeds
        self._table = {resource.kind.resource: resource.kind for resource in kit.catalog.resources}
        self._known: dict[str, Definition] = {}
        self._served: dict[str, tuple[serving.CustomResource, ...]] = {}
        self._version = 0
        self._task: asyncio.Task[None] | None = None
        self._cleanup = Cleanup(kit, feeds)
        self._log = logging.get(component="definitions")

    async def load(self) -> None:
        """Serve our own definitions and what the stored ones say. Schemas are compiled when they are needed."""
        for obj in self._ours:
            found = await self._resources(self._accepted(obj))
            stored = next(one.kind for one in found if one.kind.api_version == one.stored_as)
            self._table[obj["metadata"]["name"]] = stored
            self._always += found
        page = await self._kit.store.page(DEFINITION.resource)
        self._version = page.version
        for item in page.items:
            obj = encoding.decode(item.body)
            self._known[item.key.name] = obj
            self._served[item.key.name] = await self._resources(obj)
        self._publish()

    def _accepted(self, obj: Definition) -> Definition:
        """A definition of ours as it would be stored."""
        shape = self._kit.catalog.of(DEFINITION).shape
        shape.prune(obj)
        shape.default(obj)
        return conditions.judged(obj, Taken((), ()), self._kit.now())

    def start(self) -> None:
        """Follow the change log."""
        self._task = asyncio.create_task(self._run(), name="definitions")

    async def close(self) -> None:
        """Stop, in the middle of a cleanup if need be: it goes on at the next start."""
        await self._cleanup.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        feed = self._feeds.of(DEFINITION.resource)
        for name in list(self._known):
            await self._compile(name)
            await self._patiently(name, self._known[name])
        while True:
            try:
                async for change in feed.follow(self._version):
                    await self._changed(change)
                    self._version = change.version
            except Compacted:
                await self._relist()

    async def _relist(self) -> None:
        page = await self._kit.store.page(DEFINITION.resource)
        found = {item.key.name: encoding.decode(item.body) for item in page.items}
        for name in self._known.keys() - found.keys():
            await self._patiently(name, None)
        for name, obj in found.items():
            await self._patiently(name, obj)
        self._version = page.version

    async def _changed(self, change: Change) -> None:
        gone = change.type is ChangeType.DELETED
        await self._patiently(change.key.name, None if gone else encoding.decode(change.body))

    async def _patiently(self, name: str, obj: Definition | None) -> None:
        """Apply one state; a store that does not answer is asked again, and a surprise stops nobody else."""
        while True:
            try:
                await self._apply(name, obj)
            except StoreError as error:
                self._log.warning("definition not applied yet", name=name, error=str(error))
                await asyncio.sleep(RETRY)
            except Exception:  # noqa: BLE001 - one broken definition must not end the task of all others
                self._log.exception("definition not applied", name=name)
                return
            else:
                return

    async def _apply(self, name: str, obj: Definition | None) -> None:
        if obj is None:
            await self._drop(name)
            return
        judged = self._judged(obj)
        await self._serve(name, judged)
        if judged != obj and not await self._write(obj, judged):
            return  # It has changed meanwhile; the next change tells.
        self._cleanup.consider(judged, overlapping=name in self._table)
        if judged["status"]["acceptedNames"] != obj["status"]["acceptedNames"]:
            await self._reconsider(name, judged["spec"]["group"])

    def _judged(self, obj: Definition) -> Definition:
        now = self._kit.now()
        group, name = obj["spec"]["group"], obj["metadata"]["name"]
        row = self._table.get(name)
        if row is not None and conditions.adopts(obj, row):
            return conditions.judged(obj, Taken((), ()), now)
        others = [other for key, other in self._known.items() if key != name and other["spec"]["group"] == group]
        taken = Taken.by(others)
        for kind in self._table.values():
            if kind.group == group:
                taken.add(kind)
        return conditions.judged(obj, taken, now)

    async def _serve(self, name: str, obj: Definition) -> None:
        """Put the definition's resources into the catalog; what has not changed stays, compiled schemas too."""
        before = self._known.get(name)
        self._known[name] = obj
        if name in self._served and before is not None and _same(before, obj):
            return
        self._served[name] = await self._resources(obj)
        await self._compile(name)
        self._publish()
        if before is not None and _spec_of(before) != _spec_of(obj):
            self._feeds.of(name).interrupt()

    async def _resources(self, obj: Definition) -> tuple[serving.CustomResource, ...]:
        name = obj["metadata"]["name"]
        if name in self._table:
            return ()
        older = await history.recorded(self._kit.store, obj, self._lane)
        found = serving.resources(obj, older.version)
        if older.reindex and found:
            await history.reindex(self._kit.store, found[0])
        return found

    async def _compile(self, name: str) -> None:
        """Compile large schemas that reads need, because objects were written under others before."""
        for resource in self._served[name]:
            if resource.laborious and resource.renews:
                await self._lane.call(lambda resource=resource: resource.shape)

    def _publish(self) -> None:
        theirs = (resource for resources in self._served.values() for resource in resources)
        self._kit.catalog.serve((*self._always, *theirs))

    async def _drop(self, name: str) -> None:
        """Serve it no longer; whoever takes the name next begins with nothing."""
        gone = self._known.pop(name, None)
        self._served.pop(name, None)
        self._publish()
        if name not in self._table:
            await history.forget(self._kit.store, name)
            self._feeds.of(name).interrupt()
        if gone is not None:
            await self._reconsider(name, gone["spec"]["group"])

    async def _reconsider(self, name: str, group: str) -> None:
        """Others of the group may have waited for a name that is free now."""
        waiting = [
            other
            for key, other in self._known.items()
            if key != name
            and other["spec"]["group"] == group
            and not conditions.holds(other, conditions.NAMES_ACCEPTED)
        ]
        for other in waiting:
            await self._apply(other["metadata"]["name"], other)

    async def _write(self, old: Definition, obj: Definition) -> bool:
        """Write a judged definition over the version that was judged; False when that is no longer the version."""
        resource = self._kit.catalog.of(DEFINITION)
        try:
            committed = await self._kit.store.commit([writing.put_status(resource, old, obj, self._kit.now())])
        except Stale:
            return False
        written = writing.only(committed)
        self._known[written.key.name] = encoding.decode(written.body)
        return True


def _spec_of(obj: Mapping[str, Any]) -> tuple[str, int]:
    """What is another when the spec is."""
    return obj["metadata"]["uid"], obj["metadata"]["generation"]


def _same(before: Mapping[str, Any], obj: Mapping[str, Any]) -> bool:
    """Whether two states serve the same."""
    served = (conditions.NAMES_ACCEPTED, Type.ESTABLISHED, conditions.TERMINATING)
    return (
        _spec_of(before) == _spec_of(obj)
        and before["status"].get("acceptedNames") == obj["status"].get("acceptedNames")
        and all(conditions.holds(before, kind) == conditions.holds(obj, kind) for kind in served)
    )
