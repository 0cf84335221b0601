"""What people see of a reconcile: the composite's status, written when it differs, and events, recorded once."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from krate import clock, conditions, errors, kinds, logging
from krate.conditions import Condition, Status, Type
from krate.kinds import Kind
from krate_functions.composition import Event, Object, Severity
from krate_functions.engine import applying, merging
from krate_functions.protocol import Reported
from krate_kube.interface import Client

_DEFAULT_NAMESPACE: Final = "default"
"""Where events about cluster-scoped objects stand (client-go: tools/record)."""

Said = Sequence[Condition | Reported]


@dataclass(frozen=True, slots=True)
class Written:
    """A status that was written."""

    composite: Object
    """The composite as the server answered it."""
    events: tuple[Event, ...]
    """One for each of Synced and Ready that turned."""


class Recorder:
    """Writes statuses and events of composites.

    Args:
        client: writes.
        now: the clock.
    """

    def __init__(self, client: Client, now: clock.Clock) -> None:
        self._client = client
        self._now = now
        self._log = logging.get(component="composites")

    async def status(
        self, kind: Kind, xr: Object, said: Said, *, wanted: Mapping[str, Any] | None, last: Mapping[str, Any] | None
    ) -> Written | None:
        """Bring the status in line: set the conditions that are `said`, and the other fields that are `wanted`.

        `wanted` None leaves those as they are; what was wanted `last` time and is not now goes. The answer is None when
        nothing had to be written, or the composite is gone.

        Raises:
            StatusError: the server refuses it; Conflict when somebody kept changing it.
        """
        for attempt in range(applying.ATTEMPTS):
            before = xr.get("status") or {}
            after = merging.status(last or {}, wanted, before) if wanted is not None else dict(before)
            after["conditions"] = self._conditions(xr, said)
            patch = merging.difference({"conditions": [], **before}, after)
            if not patch:
                return None
            try:
                found = await self._patch(kind, xr, patch)
                return Written(found, turned(before.get("conditions") or [], after["conditions"]))
            except errors.NotFound:
                return None
            except errors.Conflict:
                if attempt == applying.ATTEMPTS - 1:
                    raise
            fresh = await self._again(kind, xr)
            if fresh is None:
                return None
            xr = fresh
        raise errors.Conflict

    async def _patch(self, kind: Kind, xr: Object, patch: Mapping[str, Any]) -> Object:
        metadata = xr["metadata"]
        return await self._client.patch(
            kind,
            metadata["name"],
            {"metadata": {"resourceVersion": metadata.get("resourceVersion", "")}, "status": patch},
            namespace=metadata.get("namespace", ""),
            subresource=kinds.STATUS.name,
            field_manager=applying.MANAGER,
        )

    async def _again(self, kind: Kind, xr: Object) -> Object | None:
        """The composite as it is now; None when it is gone, or another one of that name."""
        metadata = xr["metadata"]
        try:
            fresh = await self._client.get(kind, metadata["name"], namespace=metadata.get("namespace", ""))
        except errors.NotFound:
            return None
        return fresh if fresh["metadata"].get("uid") == metadata.get("uid") else None

    def _conditions(self, xr: Object, said: Said) -> list[dict[str, Any]]:
        current = (xr.get("status") or {}).get("conditions") or []
        # Conditions of foreign functions have types of their own; `merge` reads nothing but four strings.
        new = cast("Sequence[Condition]", said)
        return conditions.merge(
            current, new, now=clock.rfc3339(self._now()), generation=xr["metadata"].get("generation")
        )

    async def events(self, xr: Object, found: Iterable[Event]) -> None:
        """Record events; one that cannot be recorded is told to the log and nobody else."""
        for event in found:
            try:
                await self._client.create(kinds.EVENT, self._event(xr, event))
            except errors.AlreadyExists:
                continue
            except errors.StatusError as failure:
                self._log.info("event lost", reason=event.reason, failure=failure.message)

    def _event(self, xr: Object, event: Event) -> dict[str, Any]:
        metadata = xr["metadata"]
        moment = self._now()
        digest = hashlib.sha256(f"{event.reason}\0{event.message}\0{moment.isoformat()}".encode()).hexdigest()[:16]
        about = {
            "apiVersion": xr["apiVersion"],
            "kind": xr["kind"],
            "name": metadata["name"],
            "uid": metadata.get("uid", ""),
            "resourceVersion": metadata.get("resourceVersion", ""),
        }
        if metadata.get("namespace"):
            about["namespace"] = metadata["namespace"]
        stamp = clock.rfc3339(moment)
        return {
            "apiVersion": kinds.EVENT.api_version,
            "kind": kinds.EVENT.name,
            "metadata": {
                "name": f"{metadata['name']}.{digest}",
                "namespace": metadata.get("namespace") or _DEFAULT_NAMESPACE,
            },
            "involvedObject": about,
            "reason": event.reason,
            "message": event.message,
            "type": str(event.severity if event.severity is Severity.NORMAL else Severity.WARNING),
            "source": {"component": applying.MANAGER},
            "reportingComponent": applying.MANAGER,
            "firstTimestamp": stamp,
            "lastTimestamp": stamp,
            "count": 1,
        }


def turned(before: Iterable[Object], after: Iterable[Object]) -> tuple[Event, ...]:
    """Events for Crossplane's own conditions: Synced that fails or says something new, Ready that turns True."""
    before, found = list(before), list[Event]()
    for condition in after:
        old = conditions.find(before, condition["type"]) or {}
        same = all(old.get(key) == condition.get(key) for key in ("status", "reason", "message"))
        if same or condition["type"] not in {Type.READY, Type.SYNCED}:
            continue
        text = condition.get("message") or f"{condition['type']} is {condition['status']}."
        if condition["type"] == Type.SYNCED and condition["status"] == Status.FALSE:
            found.append(Event(Severity.WARNING, condition["reason"], text))
        elif condition["type"] == Type.READY and condition["status"] == Status.TRUE:
            found.append(Event(Severity.NORMAL, condition["reason"], text))
    return tuple(found)
