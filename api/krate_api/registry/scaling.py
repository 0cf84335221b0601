"""The scale subresource of custom resources: an autoscaling/v1 Scale over three paths of the object.

A Scale is never stored: a write of it is a write of the object, whose version and uid it carries
(AX/pkg/registry/customresource/etcd.go).
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any, Final

from krate import errors
from krate.kinds import Column, Form, Kind, Scale
from krate.models.meta import Resource as Model
from krate.schema import Schema
from krate_api import paths
from krate_api.apply import scale as owners
from krate_api.registry import updating
from krate_api.registry.writing import Write
from krate_api.resources import Resource
from krate_api.schemas import nativetypes
from krate_api.schemas.nativetypes import NativeSchema
from krate_api.store.interface import Stored
from krate_api.strategies.interface import Strategy

NAME: Final = "scale"
_UNSET: Final = -(1 << 31)
"""Replicas of an object that has none, while its Scale is being written."""
_COUNT: Final[Schema] = {"type": "object", "properties": {"replicas": {"type": "integer", "format": "int32"}}}
_SCHEMA: Final[Schema] = {
    "type": "object",
    "properties": {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
        "spec": _COUNT,
        "status": {**_COUNT, "properties": {**_COUNT["properties"], "selector": {"type": "string"}}},
    },
}
_COLUMNS: Final = (
    Column("Desired", ".spec.replicas", "integer", description="Number of desired replicas"),
    Column("Available", ".status.replicas", "integer", description="Number of actual replicas"),
    Column("Age", ".metadata.creationTimestamp", "date", description="Time since creation"),
)
KIND: Final = Kind("Scale", "scales", "autoscaling", "v1", Model, Form.CUSTOM, columns=_COLUMNS)

Change = Callable[[dict[str, Any]], dict[str, Any]]
"""From the Scale of the stored object, owners included, to the wanted one."""


class ScaleResource(Resource):
    """What a Scale looks like, whatever it is of."""

    ordered = True

    def __init__(self) -> None:
        strategy = Strategy()
        strategy.shape = NativeSchema(nativetypes.root(KIND), _SCHEMA)
        super().__init__(KIND, strategy, _SCHEMA)


def scale_of(obj: Mapping[str, Any], row: Scale) -> dict[str, Any]:
    """The Scale of an object.

    Raises:
        InternalError: the object says nothing of replicas.
    """
    if paths.nested(obj, row.spec_replicas) is None:
        raise errors.InternalError.of(f"the spec replicas field {errors.quoted(row.spec_replicas)} does not exist")
    return _shown(obj, row)


def _shown(obj: Mapping[str, Any], row: Scale) -> dict[str, Any]:
    wanted = _count(obj, row.spec_replicas)
    status: dict[str, Any] = {"replicas": _count(obj, row.status_replicas)}
    selector = paths.nested(obj, row.label_selector) if row.label_selector else None
    if isinstance(selector, str) and selector:
        status["selector"] = selector
    # In Go's order, for a refused patch quotes it.
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "apiVersion": KIND.api_version,
        "kind": KIND.name,
        "metadata": {key: obj["metadata"][key] for key in kept if key in obj["metadata"]},
        "spec": {"replicas": wanted} if wanted else {},
        "status": status,
    }


def _count(obj: Mapping[str, Any], path: str) -> int:
    found = paths.nested(obj, path)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


async def scale(
    write: Write, form: ScaleResource, change: Change, *, namespace: str, name: str, applied: bool = False
) -> Stored:
    """Write the Scale of an object; answers the object.

    Args:
        write: the kit, the kind, who asks and how.
        form: what a Scale looks like.
        change: what to make of its Scale.
        namespace: of the object; "" for cluster scope.
        name: of the object.
        applied: whether the change has settled already who owns which field.

    Raises:
        StatusError: as kube-apiserver answers.
    """
    row = write.resource.kind.scale
    if row is None:
        raise errors.NotFound.of(plural=write.resource.kind.plural, group=write.resource.kind.group, name=name)
    where = write.resource.replicas

    def scaled(old: dict[str, Any]) -> dict[str, Any]:
        entries: list[dict[str, Any]] = old["metadata"].get("managedFields") or []
        before = _shown(old, row)
        if paths.nested(old, row.spec_replicas) is None:
            before["spec"] = {"replicas": _UNSET}
        before["metadata"]["managedFields"] = owners.to_scale(entries, where)
        wanted = change(copy.deepcopy(before))
        updating.check_address(wanted, namespace=namespace, name=name)
        if not applied:
            manager = write.options.field_manager
            form.owners(NAME).update(before, wanted, manager=manager, now=write.kit.now())
        return _written(write.resource, old, wanted, row)

    return await updating.update(write, scaled, namespace=namespace, name=name, subresource=NAME, tracked=True)


def _written(resource: Resource, old: dict[str, Any], wanted: dict[str, Any], row: Scale) -> dict[str, Any]:
    """The object with what its wanted Scale says.

    Raises:
        BadRequest: it says nothing of replicas, and neither did the object.
    """
    replicas = (wanted.get("spec") or {}).get("replicas", 0)
    if replicas == _UNSET:
        raise errors.BadRequest(f"the spec replicas field {errors.quoted(row.spec_replicas)} cannot be empty")
    obj, meta = copy.deepcopy(old), wanted["metadata"]
    node = obj
    *above, last = paths.keys(row.spec_replicas)
    for part in above:
        node = node.setdefault(part, {})
    node[last] = replicas
    for member in ("uid", "resourceVersion"):
        if meta.get(member):
            obj["metadata"][member] = meta[member]
    entries = owners.to_parent(
        old["metadata"].get("managedFields") or [],
        meta.get("managedFields") or [],
        resource.replicas,
        resource.kind.api_version,
    )
    if entries:
        obj["metadata"]["managedFields"] = entries
    return obj
