"""Health, version, discovery and OpenAPI as clients read them; and no redirect, whatever the address."""

import hashlib
import json
from typing import Any

import httpx2
import pytest

import served_api
from api_answers import failure
from api_users import NewUser
from krate import kinds
from krate.kinds import Kind
from served_api import API, ServedAPI

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_health(admin: API, nobody: API, path: str) -> None:
    """Health is `ok` for everybody, with its checks for who asks."""
    answer = nobody.get(path)
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "ok", "text/plain; charset=utf-8")
    verbose = nobody.get(path, params={"verbose": ""}).text.splitlines()
    assert verbose[0] == "[+]ping ok"
    assert verbose[-1] == f"{path[1:]} check passed"
    assert admin.get(f"{path}/ping").text == "ok"
    assert admin.get(f"{path}/nothing").status_code == 404


def test_readiness_names_its_parts(served: ServedAPI, admin: API) -> None:
    """A part that is not ready fails readiness alone, by name, unless it is excluded."""

    async def broken() -> str:
        return "the database is on fire"

    served.running.plain.checks["fire"] = broken
    try:
        answer = admin.get("/readyz")
        assert answer.status_code == 500
        assert answer.text.splitlines() == [
            "[+]ping ok",
            "[+]store ok",
            "[-]fire failed: the database is on fire",
            "readyz check failed",
        ]
        assert admin.get("/readyz/fire").status_code == 500
        assert admin.get("/readyz/store").status_code == 200
        assert admin.get("/readyz", params={"exclude": "fire"}).text == "ok"
        assert admin.get("/livez").status_code == 200
    finally:
        del served.running.plain.checks["fire"]


def test_version(nobody: API) -> None:
    """The version is one that kubectl can compare."""
    body = nobody.get("/version").json()
    assert (body["major"], body["minor"], body["gitVersion"]) == ("1", "36", "v1.36.0+krate")
    assert nobody.get("/version/").json() == body


def test_metrics(admin: API, user: NewUser) -> None:
    """Metrics are for who may read them, and count by what is served, never by what clients make up."""
    admin.list(kinds.CONFIG_MAP)
    for name in ("bicycles", "x" * 100):
        admin.get(f"/apis/made.up/v1/{name}")
        user("nosy").get(f"/apis/made.up/v1/{name}")
        user("nosy").get(f"/apis/krate.a5c.ai/v1alpha1/{name}")
    text = admin.get("/metrics").text
    assert 'krate_apiserver_request_total{code="200",group="",resource="configmaps",subresource="",verb="list"}' in text
    assert "bicycles" not in text
    assert "made.up" not in text
    assert user("nosy").get("/metrics").status_code == 403


def test_denials_are_counted_once(admin: API, user: NewUser, namespace: str) -> None:
    """A refusal by authorization is one of authorization, and one only."""

    def count(by: str) -> float:
        start = f'krate_apiserver_denied_total{{by="{by}",group="",resource="secrets"}}'
        lines = [line for line in admin.get("/metrics").text.splitlines() if line.startswith(start)]
        return float(lines[0].rpartition(" ")[2]) if lines else 0.0

    before = count("authorization"), count("admission")
    assert user("prying").list(kinds.SECRET, namespace=namespace).status_code == 403
    assert (count("authorization"), count("admission")) == (before[0] + 1, before[1])


def test_root(admin: API) -> None:
    """The root lists where to go, and all of that is there."""
    for path in admin.get("/").json()["paths"]:
        assert admin.get(path).status_code == 200, path


def test_discovery_agrees_with_itself(admin: API) -> None:
    """Both formats of discovery name the same resources with the same verbs."""
    legacy: dict[str, Any] = {}
    for group in [{"versions": [{"groupVersion": "v1"}]}, *admin.get("/apis").json()["groups"]]:
        for version in group["versions"]:
            at = version["groupVersion"]
            listed = admin.get(f"/api/{at}" if at == "v1" else f"/apis/{at}").json()
            assert (listed["kind"], listed["groupVersion"], bool(listed["resources"])) == ("APIResourceList", at, True)
            for one in listed["resources"]:
                legacy[f"{at}/{one['name']}"] = (one["kind"], one["namespaced"], one["verbs"])
    aggregated: dict[str, Any] = {}
    for path in ("/api", "/apis"):
        answer = admin.get(path, headers={"accept": AGGREGATED})
        assert answer.headers["content-type"] == AGGREGATED
        for group in answer.json()["items"]:
            for version in group["versions"]:
                name = group["metadata"].get("name", "")
                at = f"{name}/{version['version']}" if name else version["version"]
                for one in version["resources"]:
                    namespaced = one["scope"] == "Namespaced"
                    aggregated[f"{at}/{one['resource']}"] = (one["responseKind"]["kind"], namespaced, one["verbs"])
                    for sub in one.get("subresources", []):
                        key = f"{at}/{one['resource']}/{sub['subresource']}"
                        aggregated[key] = (sub["responseKind"]["kind"], namespaced, sub["verbs"])
    assert legacy == aggregated


def test_discovery_negotiation(admin: API) -> None:
    """The Accept of kubectl gets the aggregated document, an old client's the list, and a known ETag nothing."""
    kubectl = f"{AGGREGATED},application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
    assert admin.get("/apis", headers={"accept": kubectl}).json()["kind"] == "APIGroupDiscoveryList"
    with_profile = AGGREGATED + ";profile=nopeer"
    assert admin.get("/apis", headers={"accept": with_profile}).json()["kind"] == "APIGroupDiscoveryList"
    for accept in ("application/json", "*/*", "application/json," + AGGREGATED):
        answer = admin.get("/apis", headers={"accept": accept})
        assert (answer.json()["kind"], answer.headers["vary"]) == ("APIGroupList", "Accept")
    first = admin.get("/apis", headers={"accept": AGGREGATED})
    digest = hashlib.sha512(first.content).hexdigest().upper()
    assert first.headers["etag"] == f'"{digest}"'
    again = admin.get("/apis", headers={"accept": AGGREGATED, "if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_everything_discovered_is_served(admin: API, any_kind: Kind) -> None:
    """What discovery says can be listed can be, and an object of it can be explained."""
    if "list" in any_kind.verbs:
        assert admin.list(any_kind, limit="1").status_code == 200
    index = admin.get("/openapi/v3").json()["paths"]
    path = any_kind.base_path.removeprefix("/")
    assert path in index
    document = admin.get(index[path]["serverRelativeURL"])
    assert document.headers["cache-control"] == "public, immutable"
    wanted = {"group": any_kind.group, "version": any_kind.version, "kind": any_kind.name}
    schemas = document.json()["components"]["schemas"].values()
    assert wanted in [one for schema in schemas for one in schema.get("x-kubernetes-group-version-kind", [])]


def test_openapi(admin: API) -> None:
    """A stale hash gets the current document without a promise; unknown groups are unknown; v2 is there."""
    path = "/openapi/v3/apis/krate.a5c.ai/v1alpha1"
    stale = admin.get(path, params={"hash": "0" * 128})
    assert (stale.status_code, stale.headers["cache-control"]) == (200, "no-cache, private")
    same = admin.get(path, headers={"if-none-match": stale.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert admin.get("/openapi/v3/apis/nobody/v1").status_code == 404
    assert admin.get("/openapi/v2").json()["swagger"] == "2.0"


ADDRESSES = (
    "/", "//", "/api", "/api/", "//api", "/api//", "/apis/", "/apis/krate.a5c.ai", "/apis/krate.a5c.ai/",
    "/apis/krate.a5c.ai/v1alpha1/", "/api/v1/namespaces/", "/api/v1/namespaces/default/", "/healthz/", "/version/",
    "/openapi", "/openapi/", "/openapi/v3/", "/openapi/v2/", "/openapi/v3/apis", "/metrics/", "/-/", "/-/session",
    "/-/session/", "/api/v1/../v1/namespaces", "/api/./v1/namespaces", "/%61pi/v1/namespaces", "/api%2fv1",
    "/apis/krate.a5c.ai/v1alpha1/namespaces/default/repositories/../../../../../../api/v1/secrets",
    "/api/v1/namespaces/default/secrets/%2e%2e/configmaps/x", "/api/v1/namespaces/%00/secrets", "/swagger-2.0.0.pb-v1",
    "/favicon.ico", "/.well-known/openid-configuration", "/ui", "/docs", "/openapi.json", "/redoc", "/static/x",
)  # fmt: skip


@pytest.mark.parametrize("path", ADDRESSES)
def test_no_redirect_and_no_framework(admin: API, nobody: API, path: str) -> None:
    """Every address answers itself: no redirect, no framework's page, no 5xx; JSON is ours or nobody's."""
    for client in (admin, nobody):
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
            answer = client.request(method, httpx2.URL(client.base_url).copy_with(raw_path=path.encode()))
            assert answer.status_code < 300 or 400 <= answer.status_code < 500, (method, answer.status_code)
            assert "location" not in answer.headers
            assert answer.headers["audit-id"] == answer.headers["x-correlation-id"]
            assert "server" not in answer.headers
            if answer.status_code >= 400 and answer.headers["content-type"] == "application/json" and method != "HEAD":
                assert answer.json()["kind"] == "Status"
                assert "detail" not in answer.json()


def test_head(admin: API, namespace: str) -> None:
    """HEAD answers what GET would, without its body, at every kind of address."""
    paths = ("/version", "/apis", "/healthz", served_api.collection(kinds.CONFIG_MAP, namespace), "/nothing",
             served_api.item(kinds.CONFIG_MAP, "x", namespace))  # fmt: skip
    for path in paths:
        get, head = admin.get(path), admin.head(path)
        assert (head.status_code, head.content) == (get.status_code, b""), path
        assert head.headers["content-type"] == get.headers["content-type"]
    watch = admin.head(served_api.collection(kinds.CONFIG_MAP, namespace), params={"watch": "true"})
    assert (watch.status_code, watch.content) == (200, b"")


def test_correlation_ids(admin: API) -> None:
    """A client's id is kept when it is a word, and replaced when it is anything else."""
    for header in ("X-Correlation-ID", "Audit-Id"):
        answer = admin.get("/version", headers={header: "story-1.2_3"})
        assert answer.headers["x-correlation-id"] == "story-1.2_3"
    for odd in ("a b", "x" * 65, "<script>", ""):
        found = admin.get("/version", headers={"X-Correlation-ID": odd}).headers["x-correlation-id"]
        assert len(found) == 32
        assert found.isalnum()


def test_failures_of_the_server_tell_nothing(served: ServedAPI, admin: API, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug answers a Status with an id to look for, and no word of what happened."""

    def broken(*_: object) -> None:
        raise RuntimeError("a secret path: /root/.ssh")

    monkeypatch.setattr(served.running.server._parts.objects, "handle", broken)
    answer = admin.list(kinds.CONFIG_MAP)
    assert answer.status_code == 500
    found = failure(answer)
    assert found["reason"] == "InternalError"
    assert "secret path" not in json.dumps(found)
    assert answer.headers["x-correlation-id"] in found["message"]
