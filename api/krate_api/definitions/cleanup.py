"""The end of a definition: its objects are deleted, their finalizers respected, and then it may go itself.

As upstream deletes them: without admission, because nobody asked for these deletions but who asked for the first one.
"""

import asyncio
import copy
from dataclasses import replace
from typing import Final

from krate import errors, kinds, logging, names
from krate.conditions import Type
from krate.identity import Caller
from krate_api.admission.chain import Chain
from krate_api.definitions import conditions
from krate_api.definitions.conditions import Definition, Said
from krate_api.registry import deleting, writing
from krate_api.registry.call import Call
from krate_api.registry.deleteoptions import DeleteOptions
from krate_api.registry.writing import Kit, Write
from krate_api.resources import Resource
from krate_api.store import encoding
from krate_api.store.changelog import Feeds
from krate_api.store.interface import Operation, Remove, Stale, StoreError
from krate_api.strategies.definitions import FINALIZER

PATIENCE: Final = 60.0
"""Seconds after which a definition says that it waits for its objects."""
RETRY: Final = 1.0
_SERVER: Final = Caller("system:apiserver", (names.GROUP_MASTERS,))
_DEFINITION: Final = kinds.CUSTOM_RESOURCE_DEFINITION
_OVERLAPPING: Final[Said] = (
    "False",
    "OverlappingBuiltInResource",
    "instances overlap with built-in resources in storage",
)
_WAITING: Final[Said] = (
    "True",
    "InstanceDeletionCheck",
    "could not confirm zero CustomResources remaining: context deadline exceeded",
)


class Cleanup:
    """One task for each definition that goes."""

    def __init__(self, kit: Kit, feeds: Feeds) -> None:
        self._kit = replace(kit, chain=Chain(()))
        self._feeds = feeds
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._log = logging.get(component="definitions")

    async def close(self) -> None:
        """Stop; what is not done is done at the next start."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def consider(self, obj: Definition, *, overlapping: bool) -> None:
        """Begin the end of a definition that was deleted and waits for it.

        Args:
            obj: the definition.
            overlapping: whether the objects of its name are a row's, which are not its to delete.
        """
        meta = obj["metadata"]
        if meta.get("deletionTimestamp") and FINALIZER in meta.get("finalizers", ()) and meta["uid"] not in self._tasks:
            task = asyncio.create_task(self._run(meta["name"], overlapping=overlapping), name=f"end of {meta['name']}")
            self._tasks[meta["uid"]] = task
            task.add_done_callback(lambda _: self._tasks.pop(meta["uid"], None))

    async def _run(self, name: str, *, overlapping: bool) -> None:
        while True:
            try:
                await self._end(name, overlapping=overlapping)
            except (StoreError, errors.StatusError) as error:
                self._log.warning("definition not cleaned up yet", name=name, error=str(error))
                await asyncio.sleep(RETRY)
            else:
                return

    async def _end(self, name: str, *, overlapping: bool) -> None:
        obj = await self._say(name, conditions.IN_PROGRESS)
        if obj is None:
            return
        said = conditions.NEVER_ESTABLISHED
        if overlapping:
            said = _OVERLAPPING
        elif conditions.holds(obj, Type.ESTABLISHED):
            await self._empty(name)
            said = conditions.COMPLETED
        await self._say(name, said, last=True)

    async def _empty(self, name: str) -> None:
        """Delete every object and wait until the last one is gone."""
        feed = self._feeds.of(name)
        while True:
            position = feed.position
            page = await self._kit.store.page(name)
            if not page.items:
                return
            resource = next((one for one in self._kit.catalog.resources if one.kind.resource == name), None)
            if resource is None:
                return  # No version is served: what is left goes with the record of the definition.
            for item in page.items:
                if b'"deletionTimestamp":' not in item.body:
                    await self._delete(resource, item.key.namespace, item.key.name)
            if feed.position == position and not await feed.wait(PATIENCE):
                await self._say(name, _WAITING)

    async def _delete(self, resource: Resource, namespace: str, name: str) -> None:
        call = Call(_SERVER, correlation_id=resource.kind.resource, authorised=True)
        options = DeleteOptions()
        try:
            write = Write(self._kit, resource, call, options.write)
            await deleting.delete(write, namespace=namespace, name=name, options=options)
        except errors.NotFound:
            return

    async def _say(self, name: str, said: Said, *, last: bool = False) -> Definition | None:
        """Set the condition, and at the end let go; None when there is nothing left to say it of."""
        resource, store = self._kit.catalog.of(_DEFINITION), self._kit.store
        while True:
            stored = await store.get(resource.key("", name))
            old = encoding.decode(stored.body) if stored is not None else None
            if stored is None or old is None or FINALIZER not in (old["metadata"].get("finalizers") or ()):
                return None
            obj, now = copy.deepcopy(old), self._kit.now()
            conditions.put(obj, conditions.TERMINATING, said, now)
            if last:
                obj["metadata"]["finalizers"] = [one for one in obj["metadata"]["finalizers"] if one != FINALIZER]
            gone = last and not obj["metadata"]["finalizers"]
            operation: Operation = (
                Remove(stored.key, stored.version) if gone else writing.put_status(resource, old, obj, now)
            )
            try:
                await store.commit([operation])
            except Stale:
                continue
            return obj
