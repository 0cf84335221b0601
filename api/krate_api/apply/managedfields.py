"""`metadata.managedFields`: the owners of an object as its entries, and back (AM/pkg/util/managedfields/internal)."""

import datetime
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from krate_api.apply import fieldsv1
from krate_api.apply.elements import Unreadable
from krate_api.apply.fieldsets import FieldSet
from krate_api.apply.updating import Owned

APPLY: Final = "Apply"
UPDATE: Final = "Update"
ENTRIES: Final = "managedFields"
_FORMAT: Final = "FieldsV1"
MAX_UPDATERS: Final = 10
_ANCIENT: Final = "ancient-changes"
_TEXTS: Final = ("manager", "operation", "apiVersion", "fieldsType", "subresource")
_MEMBERS: Final = ("manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1", "subresource")
"""Of an entry, in Go's order: messages quote some."""
_UTC_SECONDS: Final = len("2026-01-02T03:04:05Z")


@dataclass(frozen=True, slots=True)
class Managed:
    """Owners by identity, and since when they are what they are."""

    owners: dict[str, Owned] = field(default_factory=dict[str, Owned])
    times: dict[str, str] = field(default_factory=dict[str, str])


def identity(*, manager: str, operation: str, version: str, subresource: str) -> str:
    """What tells an owner from others; one who applies is the same at every version.

    The text is upstream's, because owners are ordered by it where nothing else orders them.
    """
    parts = {
        "manager": manager,
        "operation": operation,
        "apiVersion": version if operation == UPDATE else "",
        "subresource": subresource,
    }
    return json.dumps({key: value for key, value in parts.items() if value}, ensure_ascii=False, separators=(",", ":"))


def parts(owner: str) -> dict[str, str]:
    """The words of an identity."""
    return json.loads(owner)


def entries_of(obj: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The entries of an object; None where it has none, or something that is none."""
    entries = (obj.get("metadata") or {}).get(ENTRIES)
    if not isinstance(entries, list):
        return None
    known = {*_TEXTS, "time", "fieldsV1"}
    for entry in entries:
        if not isinstance(entry, dict) or any(not isinstance(entry.get(key, ""), str) for key in (*_TEXTS, "time")):
            return None
    return [{key: value for key, value in entry.items() if key in known} for entry in entries]


def decode(entries: Iterable[Mapping[str, Any]]) -> Managed:
    """The owners that entries speak of.

    Raises:
        Unreadable: an entry is none.
    """
    found = Managed()
    for number, entry in enumerate(entries):
        operation, version, fields_type = (entry.get(key, "") for key in ("operation", "apiVersion", "fieldsType"))
        if operation not in {APPLY, UPDATE}:
            raise Unreadable("operation must be `Apply` or `Update`")
        if not version:
            raise Unreadable("apiVersion must not be empty")
        if fields_type != _FORMAT:
            problem = f'invalid fieldsType "{fields_type}"' if fields_type else "missing fieldsType"
            raise Unreadable(f"{problem} in managed fields entry {number}")
        subresource, manager = entry.get("subresource", ""), entry.get("manager", "")
        owner = identity(manager=manager, operation=operation, version=version, subresource=subresource)
        found.owners[owner] = Owned(fieldsv1.decode(entry.get("fieldsV1")), version, applied=operation == APPLY)
        if "time" in entry:
            found.times[owner] = _utc(entry["time"])
    return found


def starting(sent: list[dict[str, Any]] | None, live: list[dict[str, Any]] | None, *, subresource: bool) -> Managed:
    """The owners before a write: those that the request names, or else those of the stored object.

    Clients that know nothing of managedFields do not delete them; a list that is empty, or has one empty entry, does.
    """
    if not subresource and sent in ([], [{}]):
        return Managed()
    for entries in (() if subresource else (sent,)), (live,):
        try:
            found = decode(entries[0] or ()) if entries else Managed()
        except Unreadable:
            continue
        if found.owners:
            return found
    return Managed()


def encode(managed: Managed) -> list[dict[str, Any]]:
    """The entries of the owners, in upstream's order."""
    return sorted((_entry(owner, owned, managed.times) for owner, owned in managed.owners.items()), key=_order)


def _entry(owner: str, owned: Owned, times: Mapping[str, str]) -> dict[str, Any]:
    said = parts(owner) | {"apiVersion": owned.version, "fieldsType": _FORMAT}
    entry = {**said, "time": times.get(owner), "fieldsV1": fieldsv1.encode(owned.fields)}
    return {member: entry[member] for member in _MEMBERS if entry.get(member) is not None}


def _order(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(entry.get(key, "") for key in ("operation", "time", "manager", "apiVersion", "subresource"))


def _utc(time: str) -> str:
    """RFC 3339 in UTC, seconds.

    Raises:
        Unreadable: it is no time.
    """
    if len(time) == _UTC_SECONDS and time.endswith("Z"):
        return time
    try:
        moment = datetime.datetime.fromisoformat(time)
        return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError) as error:
        raise Unreadable(f"not a time: {time}") from error


def capped(managed: Managed) -> Managed:
    """`managed` with at most `MAX_UPDATERS` owners by update: the oldest become one of each version."""
    updaters = [owner for owner, owned in managed.owners.items() if not owned.applied]
    excess = len(updaters) - MAX_UPDATERS
    if excess <= 0:
        return managed
    owners, times = dict(managed.owners), dict(managed.times)
    first: dict[str, str] = {}
    for owner in sorted(updaters, key=lambda owner: (times.get(owner, ""), owner)):
        version = owners[owner].version
        if version not in first:
            first[version] = owner
            continue
        bucket = identity(manager=_ANCIENT, operation=UPDATE, version=version, subresource="")
        if bucket not in owners:
            owners[bucket] = owners.pop(first[version])
        joined = owners[owner].fields.union(owners[bucket].fields)
        del owners[owner]
        owners[bucket] = Owned(joined, version)
        if owner in times:
            times[bucket] = times[owner]
        excess -= 1
        if not excess:
            break
    return Managed(owners, times)


SERVER_FIELDS: Final = FieldSet.of(
    ("apiVersion",),
    ("kind",),
    ("metadata",),
    *(
        ("metadata", name)
        for name in (
            *("name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation"),
            *(ENTRIES, "resourceVersion"),
        )
    ),
)
"""What nobody owns: it names the object, or the server writes it."""
