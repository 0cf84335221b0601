"""Creates what an installation starts with, and brings roles up to date on every start.

Bootstrap goes through the registry as the server itself, but before any admission plugin can have a policy: what it
writes is fixed in this package. Roles annotated `rbac.authorization.kubernetes.io/autoupdate: "false"` are left alone.
"""

from collections.abc import Mapping
from typing import Any

from krate import names
from krate.identity import Caller
from krate.names import Annotation
from krate_api.bootstrap import defaults, roles
from krate_api.registry import metadata, writing
from krate_api.registry.writing import Kit
from krate_api.resources import Resource
from krate_api.store import encoding
from krate_api.store.interface import ABSENT, Operation, Stored
from krate_api.strategies.interface import Facts, Stamp

SERVER = Caller("system:apiserver", (names.GROUP_MASTERS,))


async def seed(kit: Kit) -> None:
    """Write everything that is missing or out of date, in one batch."""
    objects = [
        *roles.namespaces(),
        *roles.service_accounts(),
        *defaults.cluster_roles(),
        *roles.cluster_roles(),
        *defaults.cluster_role_bindings(),
        *roles.cluster_role_bindings(),
    ]
    batch: list[Operation] = []
    for obj in objects:
        resource = kit.catalog.by_kind(obj["apiVersion"], obj["kind"])
        if resource is not None:
            batch += await _wanted(kit, resource, obj)
    if batch:
        await kit.store.commit(batch)


async def _wanted(kit: Kit, resource: Resource, obj: dict[str, Any]) -> list[Operation]:
    meta = obj["metadata"]
    stored = await kit.store.get(resource.key(meta.get("namespace", ""), meta["name"]))
    if stored is not None:
        return _update(resource, obj, stored, kit.now())
    stamp = Stamp(SERVER, kit.now())
    resource.strategy.prepare(obj, stamp)
    resource.shape.default(obj)
    resource.owners("").update(None, obj, manager=names.SERVER_MANAGER, now=stamp.now)
    generation = writing.has_generation(resource)
    metadata.begin(obj, namespace=meta.get("namespace", ""), now=stamp.now, generation=generation)
    resource.strategy.create(obj, Facts(), stamp)
    return [writing.put(resource, obj, ABSENT)]


def _update(resource: Resource, obj: Mapping[str, Any], stored: Stored, now: str) -> list[Operation]:
    """Roles follow the release; everything else is the operator's once it exists."""
    current = encoding.decode(stored.body)
    frozen = (current["metadata"].get("annotations") or {}).get(str(Annotation.RBAC_AUTOUPDATE)) == "false"
    wanted = current if frozen else _reconciled(current, obj)
    if wanted == current:
        return []
    tracked = {**wanted, "metadata": {**wanted["metadata"]}}
    resource.owners("").update(current, tracked, manager=names.SERVER_MANAGER, now=now)
    return [writing.put(resource, tracked, stored.version)]


def _reconciled(current: dict[str, Any], obj: Mapping[str, Any]) -> dict[str, Any]:
    """What an object becomes: the defaults of Kubernetes only ever gain, Krate's own roles are as the release says."""
    labels = obj["metadata"].get("labels") or {}
    if not defaults.LABELS.items() <= labels.items():
        plain = "rules" in obj and not obj.get("aggregationRule")
        return {**current, "rules": obj["rules"]} if plain else current
    meta = {**current["metadata"]}
    for member in ("labels", "annotations"):
        meta[member] = {**(obj["metadata"].get(member) or {}), **(meta.get(member) or {})}
    found = {**current, "metadata": meta}
    for member in ("rules", "subjects"):
        has = current.get(member) or []
        if lacks := [one for one in obj.get(member) or [] if one not in has]:
            found[member] = [*has, *lacks]
    return found
