"""Writing composed objects: what is wanted is merged into what stands, conflicts are tried again, no more.

A write says which version it was decided on, so that nobody's change is lost; on a conflict the object is read again
and merged anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from krate import errors, names
from krate.kinds import Kind
from krate_functions import readiness
from krate_functions.composition import Object
from krate_functions.engine import merging, naming, world
from krate_kube import schemas
from krate_kube.interface import Client, Propagation

MANAGER: Final = str(names.ServiceAccount.COMPOSITES)
ATTEMPTS: Final = 5


class Foreign(Exception):
    """the object belongs to somebody else."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one object."""

    wanted: dict[str, Any]
    """What was wanted, with the defaults of its schema: what to remember."""
    changed: bool


async def apply(client: Client, wanted: Object, *, live: Object | None, last: Object | None) -> Applied:
    """Bring one composed object about.

    Args:
        client: writes.
        wanted: the object, complete with metadata.
        live: the object as it was seen; None when it was not.
        last: what was wanted last time.

    Raises:
        Foreign: another controller owns an object of that name.
        StatusError: the server refuses it; Conflict when somebody kept changing it.
    """
    kind = world.row(wanted["apiVersion"], wanted["kind"])
    conformed = {key: value for key, value in schemas.conform(kind, wanted).items() if key != "status"}
    for attempt in range(ATTEMPTS):
        try:
            if live is None:
                await client.create(kind, conformed, namespace=_namespace(kind, conformed), field_manager=MANAGER)
                return Applied(conformed, changed=True)
            return Applied(conformed, changed=await _update(client, kind, conformed, live=live, last=last))
        except (errors.Conflict, errors.AlreadyExists, errors.NotFound) as moved:
            if attempt == ATTEMPTS - 1 or (isinstance(moved, errors.NotFound) and live is None):
                raise
            live = await _read(client, kind, conformed)
    raise errors.Conflict


async def _update(client: Client, kind: Kind, wanted: Object, *, live: Object, last: Object | None) -> bool:
    """Merge into what stands; answers whether anything had to be written."""
    owner, ours = naming.controller_of(live), naming.controller_of(wanted)
    if owner is not None and ours is not None and owner["uid"] != ours["uid"]:
        raise Foreign(f"{readiness.label(live)} is controlled by {owner['kind']} {owner['name']}")
    patch = merging.difference(live, merging.merge(last, wanted, live))
    if not patch:
        return False
    patch["metadata"] = {**patch.get("metadata", {}), "resourceVersion": live["metadata"].get("resourceVersion", "")}
    await client.patch(kind, live["metadata"]["name"], patch, namespace=_namespace(kind, wanted), field_manager=MANAGER)
    return True


async def _read(client: Client, kind: Kind, wanted: Object) -> Object | None:
    try:
        return await client.get(kind, wanted["metadata"]["name"], namespace=_namespace(kind, wanted))
    except errors.NotFound:
        return None


def _namespace(kind: Kind, obj: Mapping[str, Any]) -> str:
    return obj["metadata"].get("namespace", "") if kind.namespaced else ""


async def remove(client: Client, live: Object) -> None:
    """Delete an object that is wanted no more; only the very one that was seen, and not twice."""
    metadata = live["metadata"]
    if metadata.get("deletionTimestamp"):
        return
    kind = world.row(live["apiVersion"], live["kind"])
    try:
        await client.delete(
            kind,
            metadata["name"],
            namespace=_namespace(kind, live),
            propagation=Propagation.BACKGROUND,
            uid=metadata.get("uid", ""),
        )
    except (errors.NotFound, errors.Conflict):
        # Gone, or another object of that name by now: either way the one we meant exists no more.
        return
