"""Names and metadata that make an object a composed one (Crossplane: internal/names, composition_render.go)."""

import copy
import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from krate import kinds, names
from krate.names import Annotation, Label
from krate_functions import objects
from krate_functions.composition import Event, Object, Severity

_HASH: Final = 12
_NIL: Final = uuid.UUID(int=0)

Scopes = Callable[[str, str], bool | None]
"""Whether a kind, given as API version and name, is namespaced; None when nobody knows."""


class Uncomposable(Exception):
    """the object cannot be composed."""


def child_name(prefix: str, uid: str, name: str) -> str:
    """Name of a composed object: a readable prefix and 12 hex digits of what makes it unique, 63 characters at most."""
    suffix = hashlib.sha256(f"{uid}{name}".encode()).hexdigest()[:_HASH]
    prefix = prefix if not prefix or prefix.endswith("-") else f"{prefix}-"
    if len(prefix) + _HASH > names.MAX_LABEL:
        prefix = prefix[: names.MAX_LABEL - _HASH]
        prefix = prefix if prefix.endswith("-") else f"{prefix[:-1]}-"
    return prefix + suffix


def stable_uid(api_version: str, kind: str, *, namespace: str, name: str) -> str:
    """The UID that stands for a composite that has none yet: the same in every run."""
    key = f"{api_version}, Kind={kind}\0{namespace}\0{name}"
    return str(uuid.uuid5(_NIL, key))


def scope_of(api_version: str, kind: str) -> bool | None:
    """Scope by the table of kinds."""
    row = kinds.of(api_version, kind)
    return row.namespaced if row is not None else None


def root_of(xr: Object) -> str:
    """Name of the outermost composite: label of everything below it, and prefix of generated names."""
    labels = xr["metadata"].get("labels") or {}
    return labels.get(Label.COMPOSITE) or xr["metadata"]["name"]


def controller_reference(xr: Object) -> dict[str, Any]:
    return {
        "apiVersion": xr["apiVersion"],
        "blockOwnerDeletion": True,
        "controller": True,
        "kind": xr["kind"],
        "name": xr["metadata"]["name"],
        "uid": xr["metadata"].get("uid", ""),
    }


def controller_of(obj: Object) -> Object | None:
    """The owner reference of the managing controller."""
    owners = obj["metadata"].get("ownerReferences") or []
    return next((owner for owner in owners if owner.get("controller")), None)


@dataclass(frozen=True, slots=True)
class Completed:
    """A desired object with the metadata of a composed one."""

    object: dict[str, Any]
    events: tuple[Event, ...] = ()


def complete(wanted: Object, *, xr: Object, name: str, observed: Object | None, scopes: Scopes) -> Completed:
    """Give a desired object its name, namespace, owner, label and annotation.

    Args:
        wanted: what a function desires.
        xr: the composite.
        name: name of the object in the composition.
        observed: the object as it exists; it keeps its name and namespace.
        scopes: tells namespaced kinds from cluster-scoped ones.

    Raises:
        Uncomposable: a namespaced composite desires a cluster-scoped object, or the name is no DNS-1123 subdomain.
    """
    obj = copy.deepcopy(dict(wanted))
    metadata = obj["metadata"] = dict(obj.get("metadata") or {})
    if observed is not None:
        for key in ("name", "namespace", "generateName"):
            metadata.pop(key, None)
            if observed["metadata"].get(key):
                metadata[key] = observed["metadata"][key]
    events = _place(obj, xr, name, scopes)
    if not metadata.get("name") and not metadata.get("generateName"):
        metadata["generateName"] = f"{root_of(xr)}-"
    metadata["annotations"] = {**(metadata.get("annotations") or {}), str(Annotation.COMPOSITION_RESOURCE_NAME): name}
    metadata["labels"] = {**(metadata.get("labels") or {}), str(Label.COMPOSITE): root_of(xr)}
    _own(metadata, xr, name)
    if not metadata.get("name"):
        metadata["name"] = child_name(metadata["generateName"], xr["metadata"].get("uid", ""), name)
    _check_name(obj, name)
    return Completed(obj, events)


def _place(obj: dict[str, Any], xr: Object, name: str, scopes: Scopes) -> tuple[Event, ...]:
    """Everything that a namespaced composite composes lives in its namespace."""
    home = xr["metadata"].get("namespace", "")
    if not home:
        return ()
    metadata = obj["metadata"]
    asked = metadata.get("namespace", "")
    if scopes(obj["apiVersion"], obj["kind"]) is False:
        raise Uncomposable(
            f'cannot apply cluster scoped composed resource "{name}" (a {obj["kind"]} named '
            f"{metadata.get('name', '')}) for a namespaced composite resource."
        )
    metadata["namespace"] = home
    if asked and asked != home:
        text = f'cannot create composed resource "{name}" in namespace "{asked}", using XR namespace "{home}" instead'
        return (Event(Severity.WARNING, "NamespaceOverridden", text),)
    return ()


def _own(metadata: dict[str, Any], xr: Object, name: str) -> None:
    """Add the composite as controller.

    Raises:
        Uncomposable: the function named another controller.
    """
    reference = controller_reference(xr)
    kept = [owner for owner in metadata.get("ownerReferences") or [] if owner.get("uid") != reference["uid"]]
    if any(owner.get("controller") for owner in kept):
        raise Uncomposable(f'composed resource "{name}" has another controller')
    metadata["ownerReferences"] = [*kept, reference]


def _check_name(obj: Object, name: str) -> None:
    called = obj["metadata"]["name"]
    rbac = obj["apiVersion"].partition("/")[0] == objects.RBAC_GROUP
    if names.subdomain_problems(called.replace(":", "") if rbac else called):
        raise Uncomposable(
            f'cannot apply composed resource "{name}" because it has an invalid name "{called}". '
            "Must be a valid RFC 1123 subdomain name."
        )
