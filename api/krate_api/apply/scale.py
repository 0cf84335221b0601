"""Owners of a field that is written through /scale: spec.replicas there is a field of the object here, and back."""

from collections.abc import Mapping
from typing import Any, Final

from krate_api.apply import managedfields
from krate_api.apply.elements import Path
from krate_api.apply.fieldsets import FieldSet
from krate_api.apply.managedfields import Managed
from krate_api.apply.updating import Owned

_VERSION: Final = "autoscaling/v1"
_REPLICAS: Final = FieldSet.of(("spec", "replicas"))


def to_scale(entries: list[dict[str, Any]], paths: Mapping[str, Path | None]) -> list[dict[str, Any]]:
    """The entries of the Scale of an object.

    Args:
        entries: of the object.
        paths: apiVersion -> where its versions have the replicas; None for a version without /scale.

    Raises:
        Unreadable: the entries are none.
    """
    managed = managedfields.decode(entries)
    owners = {
        owner: Owned(_REPLICAS, _VERSION, owned.applied)
        for owner, owned in managed.owners.items()
        if (path := paths.get(owned.version)) is not None and path in owned.fields
    }
    return managedfields.encode(Managed(owners, managed.times))


def to_parent(
    entries: list[dict[str, Any]], scaled: list[dict[str, Any]], paths: Mapping[str, Path | None], version: str
) -> list[dict[str, Any]]:
    """The entries of an object after its Scale was written.

    Args:
        entries: of the object before.
        scaled: of the Scale after.
        paths: as for `to_scale`.
        version: apiVersion of the object on this endpoint.

    Raises:
        Unreadable: the entries are none.
    """
    before, after = managedfields.decode(entries), managedfields.decode(scaled)
    owners: dict[str, Owned] = {}
    new = dict(after.owners)
    for owner, owned in before.owners.items():
        if owned.version not in paths:
            continue
        path = paths[owned.version]
        rest = owned.fields
        if path is not None and path in rest and new.pop(owner, None) is None:
            rest = rest.difference(FieldSet.of(path))
        if rest:
            owners[owner] = Owned(rest, owned.version, owned.applied)
    path = paths.get(version)
    for owner, owned in new.items():
        if path is not None and owned.fields.intersection(_REPLICAS):
            owners[owner] = Owned(FieldSet.of(path), version, owned.applied)
    return managedfields.encode(Managed(owners, before.times))  # Upstream knows no time of what came through /scale.
