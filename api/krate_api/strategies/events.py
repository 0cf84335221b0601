"""Rules of Events that are written as group events.k8s.io has them (KK/pkg/apis/core/validation/events.go)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from krate import names
from krate.errors import Cause
from krate_api.schemas import causes
from krate_api.strategies.interface import Strategy

_TYPES: Final = ("Normal", "Warning")
_UNSET: Final = {
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
    "deprecatedSource": "source",
}
"""What new events do not use, and what refusals call it."""
_LIMITS: Final = {"reportingInstance": 128, "action": 128, "reason": 128, "note": 1024}
_FROZEN: Final = {
    "regarding": "involvedObject",
    "reason": "reason",
    "note": "message",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
    "type": "type",
    "eventTime": "eventTime",
    "action": "action",
    "related": "related",
    "reportingController": "reportingController",
    "reportingInstance": "reportingInstance",
}
_ANYWHERE: Final = frozenset({"default", "kube-system"})
"""Namespaces of events about objects that have none."""


class NamedEventStrategy(Strategy):
    """Everything new events need, and of which only the series may change."""

    def problems(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> Sequence[Cause]:
        found = [*_reported(obj)] if obj.get("eventTime") else []
        if old is None:
            return [*found, *_series(obj), *_new(obj)]
        if obj.get("series") != old.get("series"):
            found += _series(obj)
        frozen = (name for name in _FROZEN if obj.get(name) != old.get(name))
        return [*found, *(causes.invalid(_FROZEN[name], obj.get(name), "field is immutable") for name in frozen)]


def _reported(obj: Mapping[str, Any]) -> Iterator[Cause]:
    place = (obj.get("regarding") or {}).get("namespace", "")
    if not place and obj["metadata"].get("namespace") not in _ANYWHERE:
        yield causes.invalid("involvedObject.namespace", place, "does not match event.namespace")
    controller = obj.get("reportingController", "")
    if not controller:
        yield causes.required("reportingController")
    for problem in names.label_key_problems(controller):
        yield causes.invalid("reportingController", controller, problem)
    for name, most in _LIMITS.items():
        text = obj.get(name, "")
        if not text and name != "note":
            yield causes.required(name)
        if len(text.encode()) > most:
            yield causes.invalid("message" if name == "note" else name, "", f"can have at most {most} characters")


def _series(obj: Mapping[str, Any]) -> Iterator[Cause]:
    series = obj.get("series")
    if series is None:
        return
    if series.get("count", 0) < 2:  # noqa: PLR2004 - one is no series
        yield causes.invalid("series.count", "", "should be at least 2")
    if not series.get("lastObservedTime"):
        yield causes.required("series.lastObservedTime")


def _new(obj: Mapping[str, Any]) -> Iterator[Cause]:
    if not obj.get("eventTime"):
        yield causes.required("eventTime")
    if obj.get("type") not in _TYPES:
        yield causes.invalid("type", "", f"has invalid value: {obj.get('type', '')}")
    for name, told in _UNSET.items():
        if obj.get(name):
            yield causes.invalid(told, "", "needs to be unset")
