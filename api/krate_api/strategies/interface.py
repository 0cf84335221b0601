"""What may differ between kinds: pure functions from values to values.

A strategy never does I/O. What it needs to know from outside is gathered first (`Facts`), what it wants written beside
the object is returned as store operations. It re-imposes every server-written field on every path, status included.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from krate.errors import Cause
from krate.identity import Caller
from krate_api.store.interface import Operation

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found out before stamping; each strategy documents the keys it reads."""

    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    problems: tuple[Cause, ...] = ()
    """What was found to be wrong: references to nothing, branches that are missing."""

    def get(self, key: str, default: Any = None) -> Any:
        return self.values.get(key, default)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who writes, and when."""

    caller: Caller
    now: str
    """RFC 3339."""
    correlation_id: str = ""


class Shape(Protocol):
    """What the objects of a kind look like: a structural schema, compiled, or types that no schema can say."""

    typed: bool
    """Whether `prune` decodes the whole object, metadata included."""

    def prune(self, obj: Object) -> list[str]:
        """Remove what is unknown, in place; answers the paths that went.

        Raises:
            Malformed: the object cannot be read at all.
        """
        ...

    def default(self, obj: Object) -> None:
        """Fill in defaults, in place."""
        ...

    def problems(
        self,
        obj: Mapping[str, Any],
        old: Mapping[str, Any] | None = None,
        warn: Callable[[str], None] | None = None,
        *,
        part: str = "",
    ) -> list[Cause]:
        """What is wrong with an object, by field, or with one `part` of it; `warn` is told what may stay wrong."""
        ...


class Strategy:
    """The behaviour of a kind without behaviour of its own; subclasses override what differs."""

    shape: Shape | None = None
    """What stands in for the schema of the kind, where that is not enough."""
    predicts_name: bool = False
    """Whether names come from a sequence: the create path then predicts, and tries again when the number is gone."""
    status_keeps_metadata: bool = True
    """Whether writes of the status leave metadata as it is; of two kinds of Kubernetes they do not."""
    laborious: bool = False
    """Whether to write even a small object may take long."""

    def prepare(self, obj: Object, stamp: Stamp) -> None:
        """Change the object before defaults and stamps: for what users may write in two ways."""

    def create(self, obj: Object, facts: Facts, stamp: Stamp) -> None:
        """Stamp a new object, in place."""

    def update(self, obj: Object, old: Mapping[str, Any], facts: Facts, stamp: Stamp) -> None:
        """Re-impose on a changed object, in place, what only the server writes."""

    def update_status(self, obj: Object, old: Mapping[str, Any], stamp: Stamp) -> None:
        """The same for a write of the status subresource."""

    def problems(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> Sequence[Cause]:
        """What the schema cannot say."""
        return ()

    def warnings(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> Sequence[str]:
        """What the client should know about an object that is accepted all the same."""
        return ()

    def operations(
        self, obj: Mapping[str, Any] | None, old: Mapping[str, Any] | None, facts: Facts
    ) -> Sequence[Operation]:
        """What must be written in the same transaction; `obj` is None for a deletion."""
        return ()

    def blocks_deletion(self, obj: Mapping[str, Any]) -> bool:
        """Whether something besides metadata.finalizers keeps a deleted object."""
        return False

    def delete(self, obj: Object, stamp: Stamp) -> None:
        """Stamp an object whose deletion begins but cannot complete yet, in place."""


def keep(obj: Object, old: Mapping[str, Any] | None, part: str, keys: Sequence[str]) -> None:
    """Set `keys` of `obj[part]` to what they are in `old[part]`; absent there means absent here."""
    before: Mapping[str, Any] = (old or {}).get(part) or {}
    now = dict(obj.get(part) or {})
    for key in keys:
        if key in before:
            now[key] = before[key]
        else:
            now.pop(key, None)
    if now or part in obj:
        obj[part] = now
