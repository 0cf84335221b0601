"""In which order groups and versions are named: the first one is the preferred one, for clients that do not say."""

from collections.abc import Mapping
from typing import Final

from krate_api import versions
from krate_api.resources import Resource

Groups = Mapping[str, Mapping[str, tuple[Resource, ...]]]
"""Group -> version -> resources, all in the order in which they are named."""

_BUILTIN: Final = {
    "": 18000,
    "events.k8s.io": 17750,
    "authentication.k8s.io": 17700,
    "authorization.k8s.io": 17600,
    "rbac.authorization.k8s.io": 17000,
    "admissionregistration.k8s.io": 16700,
    "apiextensions.k8s.io": 16700,
    "coordination.k8s.io": 16500,
}
"""Priorities of Kubernetes' own groups (KK/pkg/controlplane/apiserver/aggregator.go)."""
_CUSTOM: Final = 1000
"""Priority of every other group (AX/pkg/apiserver/customresource_discovery_controller.go)."""


def ordered(groups: Mapping[str, Mapping[str, list[Resource]]]) -> Groups:
    """Groups by priority, then by name; versions from the most stable and newest down; resources by name."""
    names = sorted(groups, key=lambda name: (-_BUILTIN.get(name, _CUSTOM), name))
    return {
        name: {
            version: tuple(sorted(groups[name][version], key=lambda resource: resource.kind.plural))
            for version in sorted(groups[name], key=versions.order)
        }
        for name in names
    }
