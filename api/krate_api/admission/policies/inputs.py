"""The values that policies see of a request: `request`, `namespaceObject`, and the target their rules match."""

from collections.abc import Mapping
from typing import Any, Final

from krate import kinds, matching
from krate_api.admission.interface import Operation, Request

_METADATA: Final = (
    "name", "generateName", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp",
    "deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "finalizers",
)  # fmt: skip
"""Metadata of a Namespace that policies may see (AS/pkg/admission/plugin/cel/condition.go, CreateNamespaceObject)."""


def target(request: Request) -> matching.Target:
    """The request as rules see it; a name that is still to be generated is not known."""
    unnamed = not request.name and request.operation is Operation.CREATE
    return matching.Target(
        operation=str(request.operation),
        group=request.kind.group,
        version=request.kind.version,
        resource=request.kind.plural,
        subresource=request.subresource,
        namespace=_namespace(request),
        name=None if unnamed else request.name,
    )


def _namespace(request: Request) -> str:
    """Upstream's namespace of a request: for a Namespace itself, its own name."""
    return request.name if request.kind == kinds.NAMESPACE else request.namespace


def request_variable(request: Request, *, with_objects: bool = False) -> dict[str, Any]:
    """`request`: an AdmissionRequest, in which empty fields are absent as its JSON tags say.

    Args:
        request: the request under admission.
        with_objects: whether `object` and `oldObject` are members, as in Kyverno.
    """
    body: Mapping[str, Any] = request.object or {}
    group, _, version = str(body.get("apiVersion", request.kind.api_version)).rpartition("/")
    kind = {"group": group, "version": version, "kind": body.get("kind", request.kind.name)}
    resource = {"group": request.kind.group, "version": request.kind.version, "resource": request.kind.plural}
    found: dict[str, Any] = {
        "uid": request.uid,
        "kind": kind,
        "resource": resource,
        "requestKind": kind,
        "requestResource": resource,
        "operation": str(request.operation),
        "userInfo": _user_info(request),
        "dryRun": request.dry_run,
    }
    optional: dict[str, Any] = {
        "subResource": request.subresource,
        "requestSubResource": request.subresource,
        "name": request.name,
        "namespace": _namespace(request),
        "options": dict(request.options),
    }
    found |= {key: value for key, value in optional.items() if value}
    if with_objects:
        found |= {"object": request.object, "oldObject": request.old}
    return found


def _user_info(request: Request) -> dict[str, Any]:
    caller = request.caller
    found: dict[str, Any] = {
        "username": caller.username,
        "uid": caller.uid,
        "groups": list(caller.groups),
        "extra": {key: list(values) for key, values in caller.extra.items()},
    }
    return {key: value for key, value in found.items() if value}


def namespace_variable(namespace: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """`namespaceObject`: what policies may see of the Namespace."""
    if namespace is None:
        return None
    metadata: Mapping[str, Any] = namespace.get("metadata") or {}
    found: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {key: metadata[key] for key in _METADATA if key in metadata},
    }
    return found | {key: namespace[key] for key in ("spec", "status") if key in namespace}
