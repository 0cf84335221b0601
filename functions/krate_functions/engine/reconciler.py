"""One reconcile of a composite in embedded mode: see, compose, write what differs, say how it went."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from krate import conditions, errors, logging
from krate.conditions import Condition, Reason, Type
from krate.kinds import Kind
from krate.names import Annotation
from krate_functions import objects
from krate_functions.composition import Event, Object
from krate_functions.engine import applying, composing, remembered, world
from krate_functions.engine.composing import Item, Plan
from krate_functions.engine.compositions import Composition
from krate_functions.engine.pipeline import PipelineError
from krate_functions.engine.recording import Recorder, Said
from krate_functions.engine.remembered import Remembered
from krate_functions.engine.wants import Wants
from krate_functions.engine.world import Unwatchable, World
from krate_functions.protocol import Functions
from krate_kube.interface import Client

DELETING: Final = conditions.false(Type.READY, Reason.DELETING)
PAUSED: Final = conditions.false(
    Type.SYNCED,
    Reason.RECONCILE_PAUSED,
    f"Reconciliation is paused via the annotation {Annotation.PAUSED}: remove it to go on",
)


@dataclass(frozen=True, slots=True)
class Key:
    """A composite."""

    kind: str
    """`repositories.krate.a5c.ai`: the row's resource."""
    namespace: str
    name: str


class Failed(Exception):
    """the composite could not be reconciled."""


@dataclass
class Reconciler:
    """Reconciles composites; the queue calls `reconcile`, one call per key at a time."""

    client: Client
    world: World
    remembered: Remembered
    recorder: Recorder
    functions: Functions
    compositions: Mapping[str, tuple[Kind, Composition]]
    """Row and Composition of each kind of composite, by the row's resource."""
    wants: Wants[Key] = field(default_factory=Wants[Key])
    _uids: dict[Key, str] = field(default_factory=dict[Key, str])
    _written: dict[Key, Object] = field(default_factory=dict[Key, Object])
    """Composites as we last wrote their status, until the cache has caught up: we read our own writes."""

    async def reconcile(self, key: Key) -> float | None:
        """Bring one composite in line.

        Returns:
            Seconds until it should run again by itself, 0 for never, None when the composite is gone.

        Raises:
            Failed: something went wrong and was written into the status; it should be tried again.
            StatusError, Unreachable: the status could not be written either.
        """
        kind, composition = self.compositions[key.kind]
        xr = self._latest(key, self.world.get(kind, key.name, namespace=key.namespace))
        self._release(key, xr)
        if xr is None:
            return None
        if objects.deleting(xr):
            await self._say(key, xr, [DELETING])
            return 0
        if (xr["metadata"].get("annotations") or {}).get(Annotation.PAUSED) == "true":
            await self._say(key, xr, [PAUSED])
            return 0
        try:
            plan, observed = await self._plan(key, composition, xr)
            self.wants.put(key, plan.requirements)
            unsynced, events = await self._carry_out(xr, plan, observed)
        except (PipelineError, Unwatchable, Failed, errors.StatusError) as failure:
            await self._give_up(key, xr, failure)
            raise Failed(str(failure)) from failure
        await self._conclude(key, xr, plan, unsynced, events)
        if unsynced:
            raise Failed(f"unsynced: {composing.some(unsynced)}")
        return spread(key, plan.ttl_seconds)

    async def _plan(self, key: Key, composition: Composition, xr: Object) -> tuple[Plan, dict[str, Object]]:
        """Compose on what is observed; once more whenever the plan names a kind that nobody looked at before."""
        uid = xr["metadata"]["uid"]
        await self._look(uid)
        while True:
            # Taken before looking: a cache that fills while the functions run was empty when they were asked.
            seen = self.world.complete()
            observed = self.world.composed_by(uid)
            plan = await composing.plan(
                composition,
                xr,
                observed,
                functions=self.functions,
                fetch=self.world.fetch,
                seeds=self.wants.of(key),
            )
            rows = {row.resource: row for row in map(_row, plan.items)}
            if seen.issuperset(rows):
                return plan, observed
            await self.world.ensure(rows.values())

    async def _look(self, uid: str) -> None:
        """Watch the kinds that a composite composed before this process began: some may be wanted no more."""
        for api_version, kind in sorted(self.remembered.kinds(uid)):
            try:
                await self.world.ensure([world.row(api_version, kind)])
            except Unwatchable as refusal:
                logging.get(component="composites").debug("kind not looked at", failure=str(refusal))

    async def _carry_out(
        self, xr: Object, plan: Plan, observed: Mapping[str, Object]
    ) -> tuple[dict[str, str], list[Event]]:
        """Delete what is surplus, then write what is wanted.

        Returns:
            Why each object that the server finds invalid could not be written, and what happened.

        Raises:
            Failed: another refusal, which ends the reconcile.
            StatusError: a deletion was refused.
        """
        uid = xr["metadata"]["uid"]
        for name in plan.surplus:
            await applying.remove(self.client, observed[name])
            self.remembered.drop(uid, name)
        unsynced: dict[str, str] = {}
        events = list(plan.events)
        for item in plan.items:
            try:
                await self._apply(uid, item, observed.get(item.name))
            except (errors.Invalid, applying.Foreign) as refusal:
                unsynced[item.name] = str(refusal)
        return unsynced, events

    async def _apply(self, uid: str, item: Item, live: Object | None) -> None:
        last = self.remembered.recall(uid, item.name)
        try:
            done = await applying.apply(self.client, item.object, live=live, last=last)
        except errors.Invalid:
            raise
        except errors.StatusError as failure:
            raise Failed(f'cannot apply composed resource "{item.name}": {failure.message}') from failure
        if done.wanted != last:
            self.remembered.remember(uid, {item.name: done.wanted})

    async def _conclude(
        self, key: Key, xr: Object, plan: Plan, unsynced: Mapping[str, str], events: Sequence[Event]
    ) -> None:
        """Write status and events of a reconcile that ran to its end."""
        uid = xr["metadata"]["uid"]
        said = [*plan.conditions, _synced(unsynced), composing.ready(plan)]
        last = self.remembered.recall(uid, remembered.STATUS)
        turned = await self._say(key, xr, said, wanted=plan.status, last=last)
        if plan.status != (last or {}):
            self.remembered.remember(uid, {remembered.STATUS: plan.status})
        if turned is not None:
            logging.get(component="composites").info(
                "reconciled", kind=xr["kind"], name=_path(xr), ready=str(said[-1].status), unsynced=sorted(unsynced)
            )
            await self.recorder.events(xr, [*events, *turned])

    async def _say(
        self,
        key: Key,
        xr: Object,
        said: Said,
        *,
        wanted: Mapping[str, Any] | None = None,
        last: Mapping[str, Any] | None = None,
    ) -> tuple[Event, ...] | None:
        """Write the status; answers what turned, None when nothing had to be written."""
        kind, _ = self.compositions[key.kind]
        done = await self.recorder.status(kind, xr, said, wanted=wanted, last=last)
        if done is None:
            return None
        seen = self.world.get(kind, key.name, namespace=key.namespace)
        if seen is not None and newer(done.composite, seen):
            self._written[key] = done.composite
        return done.events

    def caught_up(self, key: Key, seen: Object) -> None:
        """The cache holds this state of a composite: what we wrote before it need not be kept."""
        written = self._written.get(key)
        if written is not None and not newer(written, seen):
            del self._written[key]

    def _latest(self, key: Key, seen: Object | None) -> Object | None:
        """The composite as it was seen, or as we wrote it since."""
        written = self._written.get(key)
        if written is None or seen is None or not newer(written, seen):
            self._written.pop(key, None)
            return seen
        return written

    async def _give_up(self, key: Key, xr: Object, failure: Exception) -> None:
        """Say why; after a fatal result what the function would have said is unknown."""
        said: list[Any] = [composing.failed(str(failure))]
        if isinstance(failure, PipelineError):
            self.wants.put(key, failure.partial.requirements or self.wants.of(key))
            if failure.fatal:
                said += composing.unknown(xr, failure.partial)
        turned = await self._say(key, xr, said)
        if turned:
            await self.recorder.events(xr, turned)

    def _release(self, key: Key, xr: Object | None) -> None:
        """Let go of what a composite needs no more.

        One that is being deleted composes nothing: its objects follow it by their owner references.
        """
        uid = xr["metadata"]["uid"] if xr is not None else ""
        before = self._uids.pop(key, "")
        if xr is None or objects.deleting(xr):
            self.wants.drop(key)
        if uid:
            self._uids[key] = uid
        if before and before != uid:
            self.remembered.forget(before)


def _row(item: Item) -> Kind:
    return world.row(item.object["apiVersion"], item.object["kind"])


def newer(one: Object, other: Object) -> bool:
    """Whether one state of an object is later than the other: versions are numbers that grow (Kubernetes 1.35)."""
    first, second = (obj["metadata"] for obj in (one, other))
    if first.get("uid") != second.get("uid"):
        return False
    try:
        return int(first["resourceVersion"]) > int(second["resourceVersion"])
    except (KeyError, ValueError):
        return False


def spread(key: Key, seconds: float) -> float:
    """A time near `seconds` that is the key's own, so that composites do not come back all at once."""
    share = zlib.crc32(f"{key.kind}/{key.namespace}/{key.name}".encode()) / 2**32
    return seconds * (0.9 + 0.2 * share)


def _synced(unsynced: Mapping[str, str]) -> Condition:
    """Synced, with the server's words about the first object that it refused."""
    found = composing.synced(unsynced)
    if not unsynced:
        return found
    return replace(found, message=f"{found.message}: {unsynced[min(unsynced)]}")


def _path(xr: Object) -> str:
    metadata = xr["metadata"]
    return "/".join(part for part in (metadata.get("namespace", ""), metadata["name"]) if part)
