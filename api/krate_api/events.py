"""Events of group events.k8s.io: the Events of the core group by other names (KK/pkg/apis/events/v1/conversion.go).

There is one store of them, that of the core group; what is read or written here is converted on the way.
"""

from collections.abc import Mapping
from typing import Any, Final

from krate import kinds
from krate_api.resources import Resource, index_of
from krate_api.store import encoding
from krate_api.store.interface import Index

CORE_NAMES: Final[Mapping[str, str]] = {
    "regarding": "involvedObject",
    "note": "message",
    "reportingController": "reportingComponent",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
}
"""What the core group calls the fields."""
_NAMES: Final = {core: name for name, core in CORE_NAMES.items()}


def _index(obj: Mapping[str, Any]) -> Index:
    """An Event's source is its component, else who reports it (KK/pkg/registry/core/event ToSelectableFields)."""
    found = index_of(obj, kinds.EVENT.selectable)
    source = (obj.get("source") or {}).get("component") or obj.get("reportingComponent") or ""
    return Index(found.labels, {**found.fields, "source": source})


class CoreEventResource(Resource):
    """Events of the core group."""

    def index(self, obj: Mapping[str, Any]) -> Index:
        return _index(obj)


class EventResource(Resource):
    """The kind, over the store of the core group's."""

    @property
    def store_name(self) -> str:
        return kinds.EVENT.resource

    @property
    def stored_as(self) -> str:
        return kinds.EVENT.api_version

    @property
    def told_group(self) -> str:
        return kinds.EVENT.group

    def stored(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        return {**_renamed(obj, CORE_NAMES), "apiVersion": self.stored_as}

    def shown(self, body: bytes) -> bytes:
        obj = encoding.decode(body)
        if obj["apiVersion"] == self.kind.api_version:
            return body
        version = encoding.version(body)
        return encoding.body({**_renamed(obj, _NAMES), "apiVersion": self.kind.api_version}, version)

    def index(self, obj: Mapping[str, Any]) -> Index:
        return _index(self.stored(obj))

    def stored_field(self, path: str) -> str:
        first, dot, rest = path.partition(".")
        return f"{CORE_NAMES.get(first, first)}{dot}{rest}"


def _renamed(obj: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in obj.items()}
