"""The store port: objects as final JSON bytes, one total order of versions per resource, declarative batches.

A batch is a tuple of operations that succeed or fail together; every operation carries what it expects to find
(compare and swap). There are no callbacks into a transaction, so that one SQL statement can run a batch, admission and
Git never happen under a lock, and independent batches can share one disk flush (group commit).

Versions (Kubernetes API concepts, "Resource versions"): each resource has its own counter; an object's version is the
counter's new value, spliced into the object's bytes at commit. A version that has been handed out never appears late.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from krate.selectors import EVERYTHING, Selector

MARK: Final = b'"metadata":{"resourceVersion":"'
"""Where an encoded object holds its version: always the first member of metadata."""


class StoreError(Exception):
    """the store could not do this."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class Stale(StoreError):
    """something is not as the batch expected."""

    def __init__(self, operation: "Operation") -> None:
        self.operation = operation
        super().__init__(f"not as expected: {type(operation).__name__}")  # its content must not be read in a log


class Exists(Stale):
    """an object of this key exists already."""


class Compacted(StoreError):
    """the change log no longer reaches back this far."""

    def __init__(self, floor: int) -> None:
        self.floor = floor
        super().__init__(f"compacted up to {floor}")


class Unavailable(StoreError):
    """the store cannot be reached."""


class ForeignDatabase(StoreError):
    """the database belongs to another application or to a newer Krate."""


class Key(NamedTuple):
    """Where an object stands; a tuple, for lists make many. `resource` is qualified: `issues.forge.krate.a5c.ai`."""

    resource: str
    namespace: str
    name: str


class Stored(NamedTuple):
    """A stored object: `body` is the final JSON, version included."""

    key: Key
    version: int
    body: bytes


class ChangeType(StrEnum):
    """What happened to an object."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Index:
    """What selectors can look at, beside the body."""

    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    fields: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the change log. `before` is the previous body; a DELETED body carries the deletion's version."""

    key: Key
    version: int
    type: ChangeType
    body: bytes
    index: Index
    before: bytes | None = None
    before_index: Index | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """An encoded object without its version: `head + version + tail` is the final JSON."""

    head: bytes
    tail: bytes

    def at(self, version: int) -> bytes:
        return self.head + str(version).encode() + self.tail


ABSENT: Final = 0
"""As an expected version: the object must not exist."""


@dataclass(frozen=True, slots=True)
class Put:
    """Create (`expect=ABSENT`) or replace the object at `expect`."""

    key: Key
    draft: Draft
    index: Index
    expect: int


@dataclass(frozen=True, slots=True)
class Remove:
    """Delete the object at version `expect`; its last state goes to the change log."""

    key: Key
    expect: int


@dataclass(frozen=True, slots=True)
class Guard:
    """Require that the object stands at version `expect`; nothing is written."""

    key: Key
    expect: int


@dataclass(frozen=True, slots=True)
class Reindex:
    """Change what selectors see of the object at version `expect`; the object stays as it is."""

    key: Key
    index: Index
    expect: int


@dataclass(frozen=True, slots=True)
class Bump:
    """Move a sequence from `expect` to `expect + 1`; an absent sequence stands at 0."""

    sequence: str
    expect: int


class AnyValue:
    """As an expected value: whatever is there."""


ANY: Final = AnyValue()


@dataclass(frozen=True, slots=True)
class Record:
    """Set (or with None remove) a private row. `expect` None means absent."""

    bucket: str
    key: str
    value: bytes | None
    expect: bytes | AnyValue | None = ANY


@dataclass(frozen=True, slots=True)
class Append:
    """Append a row to a private log."""

    log: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Trim:
    """Drop rows of a private log up to and including a position."""

    log: str
    upto: int


def log_topic(log: str) -> str:
    """What to `listen` to for rows appended to a private log."""
    return f"log:{log}"


Operation = Put | Remove | Guard | Reindex | Bump | Record | Append | Trim
Batch = Sequence[Operation]


@dataclass(frozen=True, slots=True)
class Committed:
    """What a batch wrote: the final bodies, in the order of its Put and Remove operations."""

    objects: tuple[Stored, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list: bodies in key order, and the version of the snapshot they belong to."""

    items: tuple[Stored, ...]
    version: int
    more: bool = False
    remaining: int | None = None
    """How many follow, known only without selectors."""


class Store(Protocol):
    """See the module docstring. Methods raise Unavailable when the database does not answer."""

    async def get(self, key: Key) -> Stored | None: ...

    async def page(
        self,
        resource: str,
        *,
        namespace: str = "",
        labels: Selector = EVERYTHING,
        fields: Selector = EVERYTHING,
        limit: int = 0,
        after: tuple[str, str] | None = None,
        at: int | None = None,
    ) -> Page:
        """Objects in byte order of (namespace, name).

        Args:
            resource: qualified resource.
            namespace: "" means all.
            labels: selector over labels.
            fields: selector over selectable fields, metadata.name and metadata.namespace.
            limit: at most so many; 0 means all.
            after: key (namespace, name) of the last object of the previous page.
            at: version of an earlier snapshot to read from.

        Raises:
            Compacted: `at` lies below the floor of the change log.
        """
        ...

    async def commit(self, batch: Batch) -> Committed:
        """Run a batch.

        Raises:
            Stale: an expectation failed; nothing was written. Exists when it was a create.
        """
        ...

    def version(self, resource: str) -> int:
        """Current version of a resource; at least 1."""
        ...

    def changes(self, resource: str, after: int, limit: int = 1000) -> Sequence[Change]:
        """Changes with a greater version, in order.

        Raises:
            Compacted: changes after `after` have been dropped.
        """
        ...

    def listen(self, resource: str, hint: "Hint") -> None:
        """Call `hint` in the event loop after commits that touched the resource; hints may be coalesced."""
        ...

    def record(self, bucket: str, key: str) -> bytes | None: ...
    async def records(self, bucket: str, *, prefix: str = "") -> Sequence[tuple[str, bytes]]: ...

    def sequence(self, name: str) -> int:
        """Last value of a sequence; 0 when it never moved."""
        ...

    async def entries(self, log: str, *, limit: int = 1000) -> Sequence[tuple[int, bytes]]:
        """Oldest rows of a private log: (position, value)."""
        ...

    async def compact(self, resource: str, *, keep: int, before: float) -> int:
        """Drop changes older than the newest `keep` and than `before` (UNIX seconds); answers the new floor."""
        ...

    async def ping(self) -> None: ...
    async def close(self) -> None: ...


class Hint(Protocol):
    """What `listen` calls."""

    def __call__(self) -> None: ...
