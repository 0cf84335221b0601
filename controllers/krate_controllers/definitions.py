"""CompositeResourceDefinitions: the definitions that follow from each are applied, and go with it after their objects.

Crossplane does more with an XRD: it starts a controller that composes. Here that is the composite engine's, which knows
the kinds of the table; composites and claims of other kinds are served, and whoever wants composes them.
"""

import asyncio
from typing import Final

import structlog

from krate import clock, crossplane, errors, kinds
from krate_controllers import customs, loops, xrds
from krate_controllers.loops import Again, Loop
from krate_controllers.recorder import EventType as Severity
from krate_controllers.recorder import Recorder
from krate_controllers.workqueue import Backoff, Key, WorkQueue
from krate_controllers.xrds import Half
from krate_kube import watch
from krate_kube.interface import Client, EventType, Object
from krate_kube.watch import Change, Informer

_WORKERS: Final = 2
_CRD: Final = kinds.CUSTOM_RESOURCE_DEFINITION
_RENDER: Final = "RenderCRD"


class DefinitionController:
    """Makes XRDs true.

    Args:
        client: the API, as an identity that may write definitions and delete what they define.
        log: logger.
        now: the time.
    """

    def __init__(
        self, client: Client, *, log: structlog.typing.FilteringBoundLogger, now: clock.Clock = clock.system
    ) -> None:
        self.queue = WorkQueue(backoff=Backoff(base=0.1, ceiling=1.0))
        self._client = client
        self._now = now
        self._log = log.bind(controller="definitions")
        self._recorder = Recorder(client, "krate-definitions", now, self._log)
        self._xrds = Informer(client, xrds.KIND, keep=watch.metadata_only)
        self._definitions = Informer(client, _CRD, keep=watch.metadata_only)
        self._loop = Loop(self.work, self.queue, workers=_WORKERS, log=self._log)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(loops.follow(self._xrds, self.observe, log=self._log))
            group.create_task(loops.follow(self._definitions, self.observe_definition, log=self._log))
            group.create_task(self._loop.run())

    def observe(self, change: Change) -> None:
        """An XRD changed."""
        if change.type is not EventType.BOOKMARK:
            self.queue.add(("", change.object["metadata"]["name"]))

    def observe_definition(self, change: Change) -> None:
        """A definition changed: perhaps one that an XRD waits for."""
        if change.type is not EventType.BOOKMARK:
            for owner in change.object["metadata"].get("ownerReferences") or ():
                if owner["kind"] == crossplane.KIND:
                    self.queue.add(("", owner["name"]))

    async def work(self, key: Key) -> Again | None:
        """Bring, or take away, everything that one XRD stands for."""
        again: Again | None = None
        for half in (xrds.COMPOSITES, xrds.CLAIMS):
            try:
                xrd = await self._client.get(xrds.KIND, key[1])
            except errors.NotFound:
                return None
            if half in xrds.halves(xrd):
                again = await self._half(xrd, half) or again
        return again

    async def _half(self, xrd: Object, half: Half) -> Again | None:
        try:
            wanted = half.derive(xrd)
        except crossplane.Underivable as why:
            await self._tell(xrd, _RENDER, f"cannot render {half.definition}: {why}", Severity.WARNING)
            return Again()
        if xrd["metadata"].get("deletionTimestamp"):
            return await self._end(xrd, half, wanted)
        return await self._begin(xrd, half, wanted)

    async def _begin(self, xrd: Object, half: Half, wanted: crossplane.Manifest) -> Again | None:
        """Apply the definition, and say so once it is established."""
        xrd = await self._finalizers(xrd, [*_finalizers(xrd, without=half.finalizer), half.finalizer])
        definition = await self._applied(xrd, half, wanted)
        if definition is None:
            return Again()
        if not customs.rows(definition):
            await self._tell(xrd, half.begins, f"waiting for {half.definition} to be established")
            return Again()
        await self._say(xrd, half)
        return None

    async def _applied(self, xrd: Object, half: Half, wanted: crossplane.Manifest) -> Object | None:
        """The definition as it is stored after it was applied; None when it could not be."""
        name = wanted["metadata"]["name"]
        before = await self._definition(name)
        if before is None:
            after = await self._client.create(_CRD, wanted)
        elif before["metadata"].get("deletionTimestamp"):
            return None
        elif (owner := xrds.controller(before)) not in {"", xrd["metadata"]["uid"]}:
            self._log.info("definition_controlled_by_another", name=name, owner=owner)
            why = f'existing object is not controlled by UID "{xrd["metadata"]["uid"]}"'
            await self._tell(xrd, half.begins, f"cannot apply rendered {half.definition}: {why}", Severity.WARNING)
            return None
        else:
            after = await self._client.update(_CRD, xrds.replaced(before, wanted))
        if before is None or before["metadata"]["resourceVersion"] != after["metadata"]["resourceVersion"]:
            await self._tell(xrd, half.begins, f"Applied {half.definition}: {name}")
        return after

    async def _end(self, xrd: Object, half: Half, wanted: crossplane.Manifest) -> Again | None:
        """Delete the objects, then their definition, then let the XRD go."""
        if half.finalizer not in _finalizers(xrd):
            return None
        xrd = await self._say(xrd, half)
        name = wanted["metadata"]["name"]
        definition = await self._definition(name)
        if definition is None or xrds.controller(definition) != xrd["metadata"]["uid"]:
            await self._finalizers(xrd, _finalizers(xrd, without=half.finalizer))
            return None
        if definition["metadata"].get("deletionTimestamp"):
            return Again()
        if not xrds.adopted(definition) and await self._emptied(definition):
            await self._tell(xrd, half.ends, f"waiting for defined {half.what}s to be deleted")
            return Again()
        await self._client.delete(_CRD, name, uid=definition["metadata"]["uid"])
        await self._tell(xrd, half.ends, f"Deleted {half.definition}: {name}")
        return Again()

    async def _emptied(self, definition: Object) -> int:
        """Ask every object of a definition to go; answers how many are still there afterwards."""
        left = 0
        for kind in customs.rows(definition)[:1]:
            for found in (await self._client.list(kind)).items:
                meta = found["metadata"]
                if not meta.get("deletionTimestamp"):
                    await self._client.delete(kind, meta["name"], namespace=meta.get("namespace", ""))
            left = len((await self._client.list(kind)).items)
        return left

    async def _definition(self, name: str) -> Object | None:
        try:
            return await self._client.get(_CRD, name)
        except errors.NotFound:
            return None

    async def _finalizers(self, xrd: Object, wanted: list[str]) -> Object:
        """Give an XRD these finalizers; nothing is written when it has them."""
        meta = xrd["metadata"]
        if set(wanted) == set(_finalizers(xrd)):
            return xrd
        patch = {"metadata": {"resourceVersion": meta["resourceVersion"], "finalizers": wanted}}
        return await self._client.patch(xrds.KIND, meta["name"], patch)

    async def _say(self, xrd: Object, half: Half) -> Object:
        """Write the status of one half, if it differs."""
        status, meta = xrds.says(xrd, half, now=clock.rfc3339(self._now())), xrd["metadata"]
        if status == xrd.get("status"):
            return xrd
        patch = {"metadata": {"resourceVersion": meta["resourceVersion"]}, "status": status}
        return await self._client.patch(xrds.KIND, meta["name"], patch, subresource="status")

    async def _tell(self, xrd: Object, reason: str, text: str, severity: Severity = Severity.NORMAL) -> None:
        await self._recorder.record(xrd, severity, reason=reason, message=text)


def _finalizers(xrd: Object, *, without: str = "") -> list[str]:
    return [one for one in xrd["metadata"].get("finalizers") or () if one != without]
