"""Discovery: which kinds are served, in both formats, from memory.

Documents are made once at start, since the table does not change while the server runs. Formats: APIGroupList and
friends, and the aggregated v2 document (api-behaviour 1.2 D1-D6).
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from krate.kinds import Kind, Subresource
from krate_api.http import Request, Response
from krate_api.negotiation import clauses
from krate_api.resources import Catalog, Resource

AGGREGATED: Final = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def storage_version_hash(kind: Kind) -> str:
    """base64 of the first 8 bytes of sha256("group/version/Kind")."""
    digest = hashlib.sha256(f"{kind.group}/{kind.version}/{kind.name}".encode()).digest()
    return base64.b64encode(digest[:8]).decode()


def _resource(kind: Kind) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.name,
        "verbs": sorted(str(verb) for verb in kind.verbs),
    }
    if kind.short_names:
        found["shortNames"] = list(kind.short_names)
    if kind.categories:
        found["categories"] = list(kind.categories)
    if len(kind.verbs) > 1:
        found["storageVersionHash"] = storage_version_hash(kind)
    return found


def _subresources(kind: Kind) -> Iterator[dict[str, Any]]:
    for sub in kind.subresources:
        yield {
            "name": f"{kind.plural}/{sub.name}",
            "singularName": "",
            "namespaced": kind.namespaced,
            **({"group": sub.group, "version": sub.version} if sub.version else {}),
            "kind": sub.kind or kind.name,
            "verbs": sorted(str(verb) for verb in sub.verbs),
        }


def resource_list(resources: list[Resource]) -> dict[str, Any]:
    """APIResourceList of one group and version."""
    found: list[dict[str, Any]] = []
    for resource in resources:
        found.append(_resource(resource.kind))
        found.extend(_subresources(resource.kind))
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": resources[0].kind.api_version,
        "resources": found,
    }


def group(name: str, versions: list[str]) -> dict[str, Any]:
    """APIGroup."""
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def _kind(kind: Kind, sub: Subresource | None = None) -> dict[str, str]:
    name = (sub.kind if sub else "") or kind.name
    if sub is not None and sub.version:
        return {"group": sub.group, "version": sub.version, "kind": name}
    return {"group": kind.group, "version": kind.version, "kind": name}


def aggregated_resource(kind: Kind) -> dict[str, Any]:
    """One resource of the aggregated document; responseKind is never null."""
    found: dict[str, Any] = {
        "resource": kind.plural,
        "responseKind": _kind(kind),
        "scope": str(kind.scope),
        "singularResource": kind.singular,
        "verbs": sorted(str(verb) for verb in kind.verbs),
    }
    if kind.short_names:
        found["shortNames"] = list(kind.short_names)
    if kind.categories:
        found["categories"] = list(kind.categories)
    if kind.subresources:
        found["subresources"] = [
            {
                "subresource": sub.name,
                "responseKind": _kind(kind, sub),
                "verbs": sorted(str(verb) for verb in sub.verbs),
            }
            for sub in kind.subresources
        ]
    return found


def aggregated(groups: Mapping[str, Mapping[str, list[Resource]]]) -> bytes:
    """APIGroupDiscoveryList."""
    items = [
        {
            "metadata": {"name": name, "creationTimestamp": None} if name else {"creationTimestamp": None},
            "versions": [
                {
                    "version": version,
                    "freshness": "Current",
                    "resources": [aggregated_resource(resource.kind) for resource in resources],
                }
                for version, resources in versions.items()
            ],
        }
        for name, versions in groups.items()
    ]
    body = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}
    return orjson.dumps(body)


class Discovery:
    """The documents of a catalog."""

    def __init__(self, catalog: Catalog) -> None:
        groups = catalog.groups()
        core = {name: versions for name, versions in groups.items() if not name}
        named = {name: versions for name, versions in groups.items() if name}
        self._documents: dict[str, bytes] = {}
        self._put("/api", {"kind": "APIVersions", "versions": list(core.get("", {})), "serverAddressByClientCIDRs": []})
        listed = [group(name, list(versions)) for name, versions in named.items()]
        self._put("/apis", {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed})
        for name, versions in groups.items():
            if name:
                body = {"kind": "APIGroup", "apiVersion": "v1", **group(name, list(versions))}
                self._put(f"/apis/{name}", body)
            for version, resources in versions.items():
                path = f"/apis/{name}/{version}" if name else f"/api/{version}"
                self._put(path, resource_list(resources))
        self._aggregated = {"/api": aggregated(core), "/apis": aggregated(named)}

    def _put(self, path: str, body: Mapping[str, Any]) -> None:
        self._documents[path] = orjson.dumps(body)

    def respond(self, request: Request) -> Response | None:
        """The document at the request's path; None when there is none."""
        path = request.path.rstrip("/") or "/"
        if path in self._aggregated and _wants_aggregated(request):
            return _tagged(request, self._aggregated[path], AGGREGATED)
        document = self._documents.get(path)
        return None if document is None else _tagged(request, document, "application/json")


def _wants_aggregated(request: Request) -> bool:
    for media, parameters in clauses(",".join(request.headers("accept")) or "*/*"):
        if media != "application/json":
            continue
        wanted = (parameters.get("g"), parameters.get("v"), parameters.get("as"))
        if wanted == ("apidiscovery.k8s.io", "v2", "APIGroupDiscoveryList"):
            return True
        if wanted == (None, None, None):
            return False
    return False


def _tagged(request: Request, body: bytes, content_type: str) -> Response:
    """The document with its ETag (quoted upper-case SHA-512), or 304 when the client has it."""
    etag = f'"{hashlib.sha512(body).hexdigest().upper()}"'
    headers = (("etag", etag), ("vary", "Accept"))
    if etag in request.header("if-none-match"):
        return Response(b"", 304, content_type, headers)
    return Response(body, 200, content_type, headers)
