"""Discovery, OpenAPI and the paths that are no resources, as far as two servers can be alike in them."""

from typing import Any

from conformance.recording import Session
from processes import until

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
BASE = "/apis/ref.example.com"


def groups(s: Session) -> None:
    s.get("group", BASE)
    s.get("version", f"{BASE}/v1")
    s.get("older version", f"{BASE}/v1beta1")
    s.get("unknown version", f"{BASE}/v9")
    s.get("unknown group", "/apis/nope.example.com")
    s.get("group as yaml", BASE, accept="application/yaml")
    s.get("group as html", BASE, accept="text/html")
    s.get("group for anything", BASE, accept="*/*")
    s.get("version with a slash", f"{BASE}/v1/")
    s.get(
        "protobuf first",
        f"{BASE}/v1",
        accept="application/vnd.kubernetes.protobuf,application/json",
        view=lambda body: isinstance(body, str),
    )


def _shared_groups(document: Any) -> Any:
    """The part of an aggregated document that speaks of the shared group."""
    return [item for item in document["items"] if item["metadata"].get("name") == "ref.example.com"]


def _without_info(document: Any) -> Any:
    """All but the name and version of the server."""
    return {key: value for key, value in document.items() if key != "info"}


def _shared_definitions(document: Any) -> Any:
    """What version 2 says of the shared group."""
    return {
        "definitions": {name: one for name, one in document["definitions"].items() if "com.example.ref" in name},
        "paths": {path: one for path, one in document["paths"].items() if "ref.example.com" in path},
    }


def _paths(document: Any) -> Any:
    """Paths of the index that belong to the shared group, without their hashes."""
    found = {path: one for path, one in document["paths"].items() if "ref.example.com" in path}
    return {path: one["serverRelativeURL"].partition("?")[0] for path, one in found.items()}


def _kind(document: Any) -> Any:
    return document.get("kind") if isinstance(document, dict) else document


def aggregated(s: Session) -> None:
    for path in ("/api", "/apis"):
        s.quiet("GET", path, accept=AGGREGATED)
    s.get("aggregated", "/apis", accept=AGGREGATED, view=_shared_groups)
    s.get("aggregated with profile", "/apis", accept=f"{AGGREGATED};profile=nopeer", view=_shared_groups)
    s.get("aggregated first", "/apis", accept=f"{AGGREGATED},application/json", view=_shared_groups)


def openapi(s: Session) -> None:
    until("the group is described", lambda: _paths(s.quiet("GET", "/openapi/v3")).keys() >= {"apis/ref.example.com/v1"})
    until("so it is in version 2", lambda: _shared_definitions(s.quiet("GET", "/openapi/v2"))["paths"])
    s.get("index", "/openapi/v3", view=_paths)
    for version in ("v1", "v1beta1"):
        s.get(f"version 3 of {version}", f"/openapi/v3/apis/ref.example.com/{version}", view=_without_info)
    s.get("version 3 of nothing", "/openapi/v3/apis/nope.example.com/v1")
    s.get("version 2", "/openapi/v2", view=_shared_definitions)


def plain_paths(s: Session) -> None:
    for path in (
        "/nope",
        "/api/v9",
        "/apis/a/b/c/d/e/f",
        "/api/v1/nopes",
        "/readyz",
        "/livez",
        "/healthz",
        "/readyz/ping",
        "/readyz/nope",
        "/healthz/ping",
        "//api",
        "/api/v1/namespaces/%2e%2e/x",
    ):
        s.get(path, path, view=lambda body: {**body, "paths": []} if isinstance(body, dict) else body)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        s.ask(f"{method} on discovery", method, "/apis", {} if method != "DELETE" else None, view=_kind)
    s.ask("PUT on a collection", "PUT", s.pulls, {})
    s.ask("PATCH on a collection", "PATCH", s.pulls, {}, media="application/merge-patch+json")
    s.ask("unknown method", "NOPE", s.pulls)


SCENARIOS = (groups, aggregated, openapi, plain_paths)
