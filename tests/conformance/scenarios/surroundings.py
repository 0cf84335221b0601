"""Groups, and the paths that are no resources, as far as two servers can be alike in them."""

from typing import Any

from conformance.recording import Session

BASE = "/apis/ref.example.com"


def _sorted(body: Any) -> Any:
    """Upstream lists resources in the order of a map, which is none."""
    return {**body, "resources": sorted(body["resources"], key=lambda one: one["name"])}


def groups(s: Session) -> None:
    s.get("group", BASE)
    s.get("version", f"{BASE}/v1", view=_sorted)
    s.get("older version", f"{BASE}/v1beta1")
    s.get("unknown version", f"{BASE}/v9")
    s.get("unknown group", "/apis/nope.example.com")
    s.get("group as yaml", BASE, accept="application/yaml")
    s.get("group as html", BASE, accept="text/html")
    s.get("group for anything", BASE, accept="*/*")
    s.get("version with a slash", f"{BASE}/v1/", view=_sorted)
    s.get(
        "protobuf first",
        f"{BASE}/v1",
        accept="application/vnd.kubernetes.protobuf,application/json",
        view=lambda body: isinstance(body, str),
    )


def _kind(document: Any) -> Any:
    return document.get("kind") if isinstance(document, dict) else document


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


SCENARIOS = (groups, plain_paths)
