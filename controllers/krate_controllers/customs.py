"""Custom resources as rows of the table of kinds: they come and go while controllers run."""

from krate.conditions import Type
from krate.kinds import Form, Kind, Scope
from krate.models.meta import Resource
from krate_kube.interface import Object


def rows(definition: Object) -> tuple[Kind, ...]:
    """A row for each served version of a definition, the stored one first; none while it is not established."""
    status = definition.get("status") or {}
    conditions = {one["type"]: one["status"] for one in status.get("conditions") or []}
    if conditions.get(Type.ESTABLISHED) != "True":
        return ()
    spec, accepted = definition["spec"], status.get("acceptedNames") or definition["spec"]["names"]
    served = [version for version in spec["versions"] if version["served"]]
    return tuple(
        Kind(
            accepted["kind"],
            accepted["plural"],
            spec["group"],
            version["name"],
            Resource,
            Form.CONFIG,
            Scope(spec["scope"]),
        )
        for version in sorted(served, key=lambda version: not version["storage"])
    )
