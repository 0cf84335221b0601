"""Operations that are about no kind: what is served, and which version answers. Kubernetes' groups publish theirs."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from krate_api.discovery.order import Groups
from krate_api.openapi import shapes
from krate_api.openapi.operations import JSON, Operation
from krate_api.resources import Resource

_VERSIONS: Final = "get available API versions"


def is_builtin(resources: Iterable[Resource]) -> bool:
    """Whether a group and version is one of Kubernetes' own."""
    return any(resource.kind.native for resource in resources)


def place(group: str, version: str) -> str:
    """Where the index of version 3 keeps a group and version."""
    return f"apis/{group}/{version}" if group else f"api/{version}"


def resources_of(path: str) -> Operation:
    """How to discover the resources of a group and version.

    Args:
        path: in the index, as `apis/apps/v1`.
    """
    text = "get available resources"
    return Operation(f"/{path}/", "get", "get", "APIResources", text, answer=shapes.RESOURCE_LIST)


def roots(groups: Groups) -> Mapping[str, Operation]:
    """The operations that have a document of their own, by path in the index."""
    found = {
        "api": Operation("/api/", "get", "get", "APIVersions", _VERSIONS, answer=shapes.VERSIONS),
        "apis": Operation("/apis/", "get", "get", "APIVersions", _VERSIONS, answer=shapes.GROUP_LIST),
        "version": Operation(
            "/version/", "get", "get", "CodeVersion", "get the version information for this server",
            answer=shapes.INFO, consumes=(JSON,), produces=(JSON,),
        ),
    }  # fmt: skip
    for name, versions in groups.items():
        if name and any(is_builtin(resources) for resources in versions.values()):
            path, text = f"apis/{name}", "get information of a group"
            found[path] = Operation(f"/{path}/", "get", "get", "APIGroup", text, answer=shapes.GROUP)
    return found


def everything(groups: Groups) -> Iterator[Operation]:
    """All of them, for the document that has everything."""
    yield from roots(groups).values()
    for name, versions in groups.items():
        for version, resources in versions.items():
            if is_builtin(resources):
                yield resources_of(place(name, version))
