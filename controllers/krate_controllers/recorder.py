"""Events (core/v1) of controllers: what happened to an object, for `kubectl describe`.

The name of an Event follows from what it says, so that an object's events are bounded in number: a repetition raises
the count. An event that cannot be written is logged and otherwise ignored; events never decide anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import structlog

from krate import clock, errors, kinds, names
from krate_kube.interface import Client, Object, Unreachable

_CLUSTER_EVENTS: Final = "default"
"""Namespace of events about cluster-scoped objects, as Kubernetes has it."""
_MAX_MESSAGE: Final = 1024


class EventType(StrEnum):
    """Whether somebody should look."""

    NORMAL = "Normal"
    WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes events in the name of one controller."""

    client: Client
    component: str
    now: clock.Clock
    log: structlog.typing.FilteringBoundLogger

    async def record(self, about: Object, type_: EventType, *, reason: str, message: str) -> None:
        """Say that `reason` happened to `about`."""
        body = self._event(about, type_, reason=reason, message=message[:_MAX_MESSAGE])
        metadata = body["metadata"]
        try:
            try:
                await self.client.create(kinds.EVENT, body, namespace=metadata["namespace"])
            except errors.AlreadyExists:
                await self._repeat(body)
        except (errors.StatusError, Unreachable) as failure:
            causes = failure.causes if isinstance(failure, errors.StatusError) else ()
            if any(cause.type == errors.CauseType.NAMESPACE_TERMINATING for cause in causes):
                return
            self.log.warning("event_not_written", name=metadata["name"], error=str(failure))

    async def _repeat(self, body: Mapping[str, Any]) -> None:
        name, namespace = body["metadata"]["name"], body["metadata"]["namespace"]
        before = await self.client.get(kinds.EVENT, name, namespace=namespace)
        patch = {"count": before.get("count", 1) + 1, "lastTimestamp": body["lastTimestamp"]}
        await self.client.patch(kinds.EVENT, name, {**patch, "message": body["message"]}, namespace=namespace)

    def _event(self, about: Object, type_: EventType, *, reason: str, message: str) -> Object:
        metadata = about["metadata"]
        namespace = metadata.get("namespace") or _CLUSTER_EVENTS
        now = clock.rfc3339(self.now())
        return {
            "apiVersion": kinds.EVENT.api_version,
            "kind": kinds.EVENT.name,
            "metadata": {
                "name": names.child_name(metadata["name"], metadata.get("uid", ""), self.component, reason),
                "namespace": namespace,
            },
            "involvedObject": {
                "apiVersion": about["apiVersion"],
                "kind": about["kind"],
                "name": metadata["name"],
                "namespace": metadata.get("namespace", ""),
                "uid": metadata.get("uid", ""),
                "resourceVersion": metadata.get("resourceVersion", ""),
            },
            "reason": reason,
            "message": message,
            "type": str(type_),
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "source": {"component": self.component},
            "reportingComponent": self.component,
        }
