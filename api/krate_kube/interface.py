"""The client side of a Kubernetes API, as programs use it: plain dictionaries, rows of the kind table, async.

`client.HttpClient` speaks to any Kubernetes API server; `memory.MemoryClient` is its honest twin for tests of callers.
Both pass `tests/contract/kube`.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from krate.kinds import Kind

Object = dict[str, Any]


class PatchType(StrEnum):
    """Media types of patches."""

    MERGE = "application/merge-patch+json"
    JSON = "application/json-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"


class EventType(StrEnum):
    """Types of watch events."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    BOOKMARK = "BOOKMARK"


class Propagation(StrEnum):
    """What happens to dependents."""

    BACKGROUND = "Background"
    FOREGROUND = "Foreground"
    ORPHAN = "Orphan"


@dataclass(frozen=True, slots=True)
class Event:
    """One change that a watch reports."""

    type: EventType
    object: Object


@dataclass(frozen=True, slots=True)
class Listing:
    """Items of a list and the version they were read at."""

    items: Sequence[Object]
    resource_version: str
    continue_token: str = ""


class Client(Protocol):
    """Calls raise `krate.errors.StatusError` subclasses; a connection that fails raises `Unreachable`."""

    async def get(self, kind: Kind, name: str, *, namespace: str = "") -> Object: ...

    async def list(
        self,
        kind: Kind,
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        limit: int = 0,
        continue_token: str = "",
    ) -> Listing:
        """With `limit` one page, without it everything; namespace "" means all namespaces."""
        ...

    def watch(
        self,
        kind: Kind,
        *,
        namespace: str = "",
        resource_version: str = "",
        labels: str = "",
        fields: str = "",
    ) -> AsyncGenerator[Event]:
        """One watch request until the server ends it.

        An in-stream error raises it: `Expired` means list again. With "" as version the current state comes first, as
        ADDED events. Close it (`contextlib.aclosing`) when leaving early.
        """
        ...

    async def create(
        self,
        kind: Kind,
        body: Mapping[str, Any],
        *,
        namespace: str = "",
        subresource: str = "",
        name: str = "",
        dry_run: bool = False,
        field_manager: str = "",
        field_validation: str = "",
    ) -> Object:
        """POST to the collection, or to `name`/`subresource`."""
        ...

    async def update(
        self, kind: Kind, body: Mapping[str, Any], *, subresource: str = "", field_manager: str = ""
    ) -> Object:
        """PUT; name, namespace and resourceVersion come from the body's metadata."""
        ...

    async def patch(
        self,
        kind: Kind,
        name: str,
        patch: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        namespace: str = "",
        subresource: str = "",
        type: PatchType = PatchType.MERGE,  # noqa: A002 - the API's word
        field_manager: str = "",
        dry_run: bool = False,
        field_validation: str = "",
    ) -> Object: ...

    async def delete(
        self,
        kind: Kind,
        name: str,
        *,
        namespace: str = "",
        propagation: Propagation | None = None,
        uid: str = "",
        resource_version: str = "",
    ) -> Object:
        """`uid` and `resource_version` are preconditions."""
        ...

    async def delete_collection(
        self,
        kind: Kind,
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        propagation: Propagation | None = None,
    ) -> Sequence[Object]:
        """Ask for the deletion of everything that is selected; answers what was selected."""
        ...

    async def raw(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Any path of the server; answers the body of a 2xx."""
        ...

    async def close(self) -> None: ...


class Unreachable(Exception):
    """the API server cannot be reached."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())
