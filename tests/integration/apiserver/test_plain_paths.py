"""Version, metrics and the root as clients read them; and no redirect, whatever the address."""

import json

import httpx2
import pytest

import served_api
from api_answers import failure
from api_users import NewUser
from krate import kinds
from served_api import API, ServedAPI


def test_version(nobody: API) -> None:
    """The version is one that kubectl can compare."""
    body = nobody.get("/version").json()
    assert (body["major"], body["minor"], body["gitVersion"]) == ("1", "36", "v1.36.0+krate")
    words = ("emulationMajor", "emulationMinor", "minCompatibilityMajor", "minCompatibilityMinor")
    assert [body[word] for word in words] == ["1", "36", "1", "35"]
    assert nobody.get("/version/").json() == body
    assert nobody.get("/version").text.startswith('{\n  "major": "1",\n')


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
    """The root lists where to go in order, and all of that is there."""
    paths = admin.get("/").json()["paths"]
    assert paths == sorted(paths)
    assert {"/api", "/api/v1", "/apis", "/apis/krate.a5c.ai/v1alpha1", "/openapi/v3", "/readyz/store"} <= set(paths)
    for path in paths:
        assert admin.get(path).status_code == 200, path
    assert admin.get("/index.html").json() == {"paths": paths}


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
            if (
                answer.status_code >= 400
                and answer.headers.get("content-type") == "application/json"
                and method != "HEAD"
            ):
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
