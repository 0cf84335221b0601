"""The documents of discovery as values: APIGroupList and friends, and the aggregated one (api-behaviour 1.2)."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from krate.kinds import Kind, Subresource
from krate.names import Verb
from krate_api.resources import Resource

_CUSTOM_VERBS: Final = (
    Verb.DELETE,
    Verb.DELETE_COLLECTION,
    Verb.GET,
    Verb.LIST,
    Verb.PATCH,
    Verb.CREATE,
    Verb.UPDATE,
    Verb.WATCH,
)
"""The order in which custom resources name their verbs (AX/pkg/apiserver/customresource_discovery_controller.go)."""


def storage_version_hash(group: str, version: str, kind: str) -> str:
    """base64 of the first 8 bytes of sha256("group/version/Kind") (AS/pkg/endpoints/discovery)."""
    digest = hashlib.sha256(f"{group}/{version}/{kind}".encode()).digest()
    return base64.b64encode(digest[:8]).decode()


def _verbs(kind: Kind) -> list[str]:
    if kind.native:
        return sorted(kind.verbs)
    return [str(verb) for verb in _CUSTOM_VERBS if verb in kind.verbs]


def _subresources(kind: Kind) -> Sequence[Subresource]:
    return sorted(kind.subresources, key=lambda sub: sub.name) if kind.native else kind.subresources


def _names(kind: Kind) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if kind.short_names:
        found["shortNames"] = list(kind.short_names)
    if kind.categories:
        found["categories"] = list(kind.categories)
    return found


def _resource(resource: Resource) -> dict[str, Any]:
    kind = resource.kind
    found = {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.name,
        "verbs": _verbs(kind),
        **_names(kind),
    }
    if len(kind.verbs) > 1:  # what can only be created is not stored
        group, _, version = resource.stored_as.rpartition("/")
        found["storageVersionHash"] = storage_version_hash(group, version, kind.name)
    return found


def _subresource(kind: Kind, sub: Subresource) -> dict[str, Any]:
    return {
        "name": f"{kind.plural}/{sub.name}",
        "singularName": "",
        "namespaced": kind.namespaced,
        **({"group": sub.group, "version": sub.version} if sub.version else {}),
        "kind": sub.kind or kind.name,
        "verbs": sorted(sub.verbs),
    }


def _listed(resources: Sequence[Resource]) -> Iterator[dict[str, Any]]:
    for resource in resources:
        yield _resource(resource)
        for sub in _subresources(resource.kind):
            yield _subresource(resource.kind, sub)


def resource_list(api_version: str, resources: Sequence[Resource]) -> dict[str, Any]:
    """APIResourceList of one group and version."""
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": api_version,
        "resources": list(_listed(resources)),
    }


def group(name: str, versions: Sequence[str]) -> dict[str, Any]:
    """What APIGroup and APIGroupList say of a group; the first version is the preferred one."""
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def response_kind(kind: Kind, sub: Subresource | None = None) -> dict[str, str]:
    """Group, version and kind of what is answered for a kind, or below it."""
    name = (sub.kind if sub else "") or kind.name
    if sub is not None and sub.version:
        return {"group": sub.group, "version": sub.version, "kind": name}
    return {"group": kind.group, "version": kind.version, "kind": name}


def _aggregated(kind: Kind) -> dict[str, Any]:
    """One resource; responseKind is never null, which old clients do not survive (KK#118361)."""
    found: dict[str, Any] = {
        "resource": kind.plural,
        "responseKind": response_kind(kind),
        "scope": str(kind.scope),
        "singularResource": kind.singular,
        "verbs": _verbs(kind),
        **_names(kind),
    }
    if kind.subresources:
        found["subresources"] = [
            {"subresource": sub.name, "responseKind": response_kind(kind, sub), "verbs": sorted(sub.verbs)}
            for sub in _subresources(kind)
        ]
    return found


def aggregated_version(version: str, resources: Sequence[Resource]) -> dict[str, Any]:
    """APIVersionDiscovery."""
    found = [_aggregated(resource.kind) for resource in resources]
    return {"version": version, "resources": found, "freshness": "Current"}
