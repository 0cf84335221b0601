"""Aggregated discovery and OpenAPI, whole, as far as they speak of kinds that both servers have.

Descriptions are left out of OpenAPI: those of Kubernetes' types are its authors' words, and ours are ours. That there
is one where upstream has one counts.
"""

from collections.abc import Callable
from typing import Any

import recordings
from conformance.recording import Session, View
from processes import until

GROUP = "ref.example.com"
PARAMETERS = "g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
AGGREGATED = f"application/json;{PARAMETERS}"
BETA = AGGREGATED.replace("v=v2", "v=v2beta1")
V3 = f"/openapi/v3/apis/{GROUP}/v1"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def _kind(body: Any) -> Any:
    return body.get("kind") if isinstance(body, dict) else bool(body)


def _groups(*names: str) -> View:
    """The part of an aggregated document that speaks of groups."""
    return lambda body: [item for item in body["items"] if item["metadata"].get("name") in names]


def _described(value: Any) -> Any:
    """A document whose descriptions say only that they are there."""
    if isinstance(value, dict):
        return {
            key: "<text>" if key == "description" and isinstance(one, str) else _described(one)
            for key, one in value.items()
        }
    return [_described(one) for one in value] if isinstance(value, list) else value


def _version3(body: Any) -> Any:
    """All but the name of the server, when there is a document."""
    if not isinstance(body, dict):
        return body
    return _described({key: value for key, value in body.items() if key != "info"})


def _resolved(body: dict[str, Any], value: Any) -> Any:
    """Parameters in the place of the references to them, whose names are digests."""
    if isinstance(value, dict):
        target = value.get("$ref", "")
        if target.startswith("#/parameters/"):
            return body["parameters"][target.rpartition("/")[2]]
        return {key: _resolved(body, one) for key, one in value.items()}
    return [_resolved(body, one) for one in value] if isinstance(value, list) else value


def _version2(group: str) -> Callable[[Any], Any]:
    """What version 2 says of a group, and of the types that every group has."""
    package = ".".join(reversed(group.split(".")))
    meta = "io.k8s.apimachinery.pkg.apis.meta.v1."
    names = ("ObjectMeta", "ListMeta", "OwnerReference", "ManagedFieldsEntry", "FieldsV1", "Time", "Patch")
    shared = {f"{meta}{name}" for name in names}

    def view(body: Any) -> Any:
        definitions = {name: one for name, one in body["definitions"].items() if package in name or name in shared}
        paths = {path: _resolved(body, one) for path, one in body["paths"].items() if f"/{group}/" in path}
        return _described({"definitions": definitions, "paths": paths})

    return view


def _paths(body: Any) -> Any:
    """Paths of the index that belong to the shared group, without their hashes."""
    found = {path: one for path, one in body["paths"].items() if GROUP in path}
    return {path: one["serverRelativeURL"].partition("?")[0] for path, one in found.items()}


def aggregated(s: Session) -> None:
    s.get("aggregated", "/apis", accept=AGGREGATED, view=_groups(GROUP))
    for accept in (
        f"{AGGREGATED};profile=nopeer",
        f"{AGGREGATED},application/json",
        f"{AGGREGATED},{BETA},application/json",
        f"{BETA},{AGGREGATED}",
        f"application/json,{AGGREGATED}",
        f"{AGGREGATED};q=0.5,application/json",
        f"{AGGREGATED};made=up",
        f"{AGGREGATED};pretty=1",
        "application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io",
        f"*/*;{PARAMETERS}",
        f"application/*;{PARAMETERS}",
        f"application/yaml;{PARAMETERS}",
        f"{BETA},application/json",
        "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
        "application/json;made=up",
        "application/json;q=0.1,application/yaml",
        "*/*",
        "",
        BETA,
        "application/json;as=Table;v=v1;g=meta.k8s.io",
        "application/json;g=apidiscovery.k8s.io;v=v2;as=Nope",
        "text/html",
    ):
        s.get(f"accept {accept}", "/apis", accept=accept, view=_kind)


def _wait(s: Session) -> None:
    """Upstream describes a new group after a while."""
    until("the group is described", lambda: _paths(s.quiet("GET", "/openapi/v3")).keys() >= {f"apis/{GROUP}/v1"})
    until("so it is in version 2", lambda: _version2(GROUP)(s.quiet("GET", "/openapi/v2"))["paths"])


def conditions(s: Session) -> None:
    """What clients that have a document get."""
    _wait(s)
    for name, path, accept in (("discovery", "/apis", AGGREGATED), ("version 3", V3, "application/json")):
        tag = s.client.get(path, headers={"accept": accept}).headers["etag"]
        headers = {"the tag": tag, "another tag": '"x"', "no tag": tag.strip('"')}
        for what, one in headers.items():
            s.get(f"{name} with {what}", path, accept=accept, headers={"if-none-match": one}, view=_kind)
    tag = s.client.get(V3).headers["etag"]
    for one in (f"W/{tag}", f'"x", {tag}', "*"):
        s.get(f"version 3 with {one.replace(tag, 'the tag')}", V3, headers={"if-none-match": one}, view=_kind)
    made = s.client.get(V3).headers["last-modified"]
    for since in (made, "Thu, 01 Jan 1970 00:00:00 GMT", "yesterday"):
        name = "its own date" if since == made else since
        s.get(f"version 3 since {name}", V3, headers={"if-modified-since": since}, view=_kind)
    s.get("first bytes", V3, headers={"range": "bytes=0-9"})
    s.get("bytes beyond the end", V3, headers={"range": "bytes=99999999-"})
    s.get("the right hash", V3, query={"hash": tag.strip('"')}, view=_kind)
    s.get("an empty hash", V3, query={"hash": ""}, view=_kind)


def formats(s: Session) -> None:
    _wait(s)
    for path in (V3, "/openapi/v2", "/openapi/v3"):
        for accept in ("application/yaml", "text/html", "*/*", "application/*", "text/html,application/json;q=0.1", ""):
            s.get(f"{path} as {accept}", path, accept=accept, view=_kind)
    for path in ("/openapi", "/openapi/v2/", "/openapi/v3/", f"{V3}/", "/openapi/v3/apis/nope.example.com/v1"):
        s.get(path, path)


def openapi(s: Session) -> None:
    _wait(s)
    s.get("index", "/openapi/v3", view=_paths)
    for version in ("v1", "v1beta1"):
        s.get(f"version 3 of {version}", f"/openapi/v3/apis/{GROUP}/{version}", view=_version3)
    s.get("version 2", "/openapi/v2", view=_version2(GROUP))


def published(s: Session) -> None:
    """Kinds that come while the server runs: the recorded ones, of which one has a schema with everything in it."""
    small = recordings.small(recordings.read("openapi_small")["schema"])
    schema = recordings.read("openapi_drain")["schema"]
    for body in (small, recordings.definition("Drain", schema, scope="Namespaced", subresources=recordings.SCALED)):
        group, name = body["spec"]["group"], body["spec"]["names"]["kind"]
        s.quiet("POST", DEFINITIONS, body)
        path, listed = f"/openapi/v3/apis/{group}/v1", f"/apis/{group}/v1"
        until(f"{group} is described", lambda path=path: isinstance(s.quiet("GET", path), dict))
        until(f"{group} is in version 2", lambda of=group: _version2(of)(s.quiet("GET", "/openapi/v2"))["paths"])
        s.get(f"{name} in version 3", path, view=_version3)
        s.get(f"{name} in version 2", "/openapi/v2", view=_version2(group))
        s.get(f"{name} in its list", listed)
        s.get(f"{name} in the aggregated document", "/apis", accept=AGGREGATED, view=_groups(group))
        s.quiet("DELETE", f"{DEFINITIONS}/{body['metadata']['name']}")


SCENARIOS = (aggregated, conditions, formats, openapi, published)
