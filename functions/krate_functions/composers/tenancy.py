"""Namespaces of an organisation: which it may take, and what keeps those apart that run other people's work."""

from collections.abc import Mapping
from typing import Any, Final

from krate import kinds, names
from krate.models import Organization
from krate.names import Annotation, Label
from krate_functions import objects
from krate_functions.composition import Part, Required, Selector
from krate_functions.options import Options

NAMESPACE: Final = "namespace"

_KUBERNETES_PREFIX: Final = "kube-"
"""Namespaces of this prefix belong to Kubernetes (Kubernetes: "Namespaces")."""

_ISOLATED: Final[Mapping[str, tuple[str, str]]] = {
    "previews": ("PreviewEnvironment", names.CONFIG_GROUP),
    "untrusted": ("RunnerPool", names.CONFIG_GROUP),
}
"""Suffix of each isolated namespace and the kind whose work runs there."""

_QUOTA: Final = ("ResourceQuota", "")
_NETWORK_POLICY: Final = ("NetworkPolicy", "networking.k8s.io")

_LIMITS: Final = {
    "persistentvolumeclaims": "0",
    "pods": "50",
    "requests.cpu": "16",
    "requests.memory": "32Gi",
    "secrets": "0",
    "services.loadbalancers": "0",
    "services.nodeports": "0",
}
"""Quota of an isolated namespace: no secret can exist there, nothing is exposed, and a runaway stays small."""


def namespaces(base: str, options: Options) -> dict[str, str]:
    """Namespace by part name: the organisation's own first, then those isolated ones that the platform has a use for.

    An isolated namespace without quota and default deny would be none, so a platform that serves neither has none.
    """
    found = {NAMESPACE: base}
    if options.has_kind(*_QUOTA) and options.has_kind(*_NETWORK_POLICY):
        for suffix, user in _ISOLATED.items():
            if options.has_kind(*user):
                found[f"{suffix}-{NAMESPACE}"] = f"{base}-{suffix}"
    return found


def requirements(claimed: Mapping[str, str]) -> dict[str, Selector]:
    """What must be looked at before a namespace is taken."""
    return {part: Selector(kinds.NAMESPACE.api_version, kinds.NAMESPACE.name, name) for part, name in claimed.items()}


def objection(xr: Organization, part: str, name: str, required: Required) -> str:
    """Why the organisation may not take the namespace `name`, and what to do; empty when it may.

    A namespace is the organisation's when it controls it, or when whoever owns it said so by annotation.
    """
    if names.label_problems(name):
        return f"{name} cannot be a namespace: choose a spec.namespace of lower-case letters, digits and '-'"
    if name in names.RESERVED_NAMESPACES or name.startswith(_KUBERNETES_PREFIX):
        return f"Namespace {name} is reserved: choose another spec.namespace"
    for found in required.get(part, ()):
        metadata = found["metadata"]
        owners = metadata.get("ownerReferences") or []
        ours = any(owner.get("controller") and owner["uid"] == xr.metadata.uid for owner in owners)
        adopted = (metadata.get("annotations") or {}).get(Annotation.ADOPT) == xr.metadata.name
        if not ours and not adopted:
            return (
                f"Namespace {name} exists and is not this organisation's: choose another spec.namespace, or have its "
                f"owner annotate it {Annotation.ADOPT}={xr.metadata.name}"
            )
    return ""


def terminating(name: str, required: Required) -> bool:
    """Whether the namespace that was asked for under `name` is being deleted."""
    return any(found["metadata"].get("deletionTimestamp") for found in required.get(name, ()))


def parts(xr: Organization, claimed: Mapping[str, str], options: Options) -> list[Part]:
    """The namespaces and what isolates them."""
    found: list[Part] = []
    for part, name in claimed.items():
        isolated = part != NAMESPACE
        labels = {str(Label.ORGANIZATION): xr.metadata.name}
        level = {"pod-security.kubernetes.io/enforce": "restricted"} if isolated else {}
        found.append(Part(part, objects.make(kinds.NAMESPACE, name, labels={**labels, **level})))
        if options.has_kind(*_NETWORK_POLICY):
            found.append(Part(f"{part}-network", _network_policy(name, labels, isolated=isolated), after=(part,)))
        if isolated:
            found.append(Part(f"{part}-quota", _quota(name, labels), after=(part,)))
    return found


def policy_parts(claimed: Mapping[str, str]) -> list[str]:
    """Names of the parts that isolate namespaces."""
    return [f"{part}-{what}" for part in claimed for what in ("network", "quota")]


def _quota(namespace: str, labels: Mapping[str, str]) -> dict[str, Any]:
    spec = {"hard": dict(_LIMITS)}
    return objects.foreign("v1", "ResourceQuota", "krate-isolation", namespace=namespace, labels=labels, spec=spec)


def _network_policy(namespace: str, labels: Mapping[str, str], *, isolated: bool) -> dict[str, Any]:
    """An organisation's pods hear only each other; isolated ones neither hear nor reach anything."""
    spec: dict[str, Any] = {"podSelector": {}}
    if isolated:
        spec |= {"policyTypes": ["Ingress", "Egress"]}
    else:
        spec |= {"policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]}
    return objects.foreign(
        "networking.k8s.io/v1", "NetworkPolicy", "krate-isolation", namespace=namespace, labels=labels, spec=spec
    )
