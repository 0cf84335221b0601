"""What a request asks for, from its method and address: the table of AS/pkg/endpoints/request, and hostile paths."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

import api_requests
from krate.identity import Attributes
from krate_api import requestinfo
from krate_api.requestinfo import RequestInfo

CONFIG = "/apis/krate.a5c.ai/v1alpha1"


def info(verb: str, path: str, resource: str, name: str = "", **more: object) -> RequestInfo:
    """A resource request of the core group, version v1."""
    return RequestInfo(**{"verb": verb, "path": path, "is_resource": True, "version": "v1", "resource": resource,
                          "name": name, **more})  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One request line and what it asks for."""

    method: str
    target: str
    want: RequestInfo

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


def resource(method: str, target: str, verb: str, plural: str, name: str = "", **more: object) -> Case:
    return Case(method, target, info(verb, target.partition("?")[0], plural, name, **more))


CASES = (
    resource("GET", "/api/v1/namespaces", "list", "namespaces"),
    resource("GET", "/api/v1/namespaces/acme", "get", "namespaces", "acme", namespace="acme"),
    resource("PUT", "/api/v1/namespaces/acme", "update", "namespaces", "acme", namespace="acme"),
    resource("GET", "/api/v1/namespaces/acme/status", "get", "namespaces", "acme", namespace="acme",
             subresource="status"),
    resource("PUT", "/api/v1/namespaces/acme/finalize", "update", "namespaces", "acme", namespace="acme",
             subresource="finalize"),
    resource("GET", "/api/v1/namespaces/acme/configmaps", "list", "configmaps", namespace="acme"),
    resource("HEAD", "/api/v1/namespaces/acme/configmaps", "list", "configmaps", namespace="acme"),
    resource("POST", "/api/v1/namespaces/acme/configmaps", "create", "configmaps", namespace="acme"),
    resource("DELETE", "/api/v1/namespaces/acme/configmaps", "deletecollection", "configmaps", namespace="acme"),
    resource("GET", "/api/v1/namespaces/acme/configmaps/a", "get", "configmaps", "a", namespace="acme"),
    resource("PATCH", "/api/v1/namespaces/acme/configmaps/a", "patch", "configmaps", "a", namespace="acme"),
    resource("DELETE", "/api/v1/namespaces/acme/configmaps/a", "delete", "configmaps", "a", namespace="acme"),
    resource("GET", "/api/v1/configmaps", "list", "configmaps"),
    resource("GET", "/api/v1/configmaps/", "list", "configmaps"),
    resource("GET", "/api/v1/namespaces/acme/configmaps?watch=true", "watch", "configmaps", namespace="acme"),
    resource("GET", "/api/v1/namespaces/acme/configmaps?watch", "watch", "configmaps", namespace="acme"),
    resource("GET", "/api/v1/namespaces/acme/configmaps?watch=yes", "watch", "configmaps", namespace="acme"),
    resource("GET", "/api/v1/namespaces/acme/configmaps?watch=0", "list", "configmaps", namespace="acme"),
    resource("GET", "/api/v1/namespaces/acme/configmaps?watch=False", "list", "configmaps", namespace="acme"),
    resource("GET", "/api/v1/namespaces/acme/configmaps/a?watch=true", "get", "configmaps", "a", namespace="acme"),
    resource("GET", "/api/v1/watch/configmaps", "watch", "configmaps"),
    resource("GET", "/api/v1/watch/namespaces", "watch", "namespaces"),
    resource("GET", "/api/v1/watch/namespaces/acme/configmaps", "watch", "configmaps", namespace="acme"),
    resource("GET", "/api/v1/watch/namespaces/acme/configmaps/a", "watch", "configmaps", "a", namespace="acme"),
    resource("GET", "/api/v1/watch", "list", "watch"),
    resource("OPTIONS", "/api/v1/configmaps", "options", "configmaps"),
    resource("GET", "/api/v1/configmaps?fieldSelector=metadata.name%3Da", "list", "configmaps", "a"),
    resource("GET", "/api/v1/configmaps?fieldSelector=metadata.name==a,type=b", "list", "configmaps", "a"),
    resource("GET", "/api/v1/configmaps?watch=1&fieldSelector=metadata.name=a", "watch", "configmaps", "a"),
    resource("GET", "/api/v1/configmaps?fieldSelector=metadata.name!=a", "list", "configmaps"),
    resource("GET", "/api/v1/configmaps?fieldSelector=metadata.name=a%5C%2Cb", "list", "configmaps", "a,b"),
    resource("GET", "/api/v1/configmaps?fieldSelector=metadata.name=a%5C%5C,x=b", "list", "configmaps", "a\\"),
    resource("GET", "/api/v1/configmaps?fieldSelector=metadata.name=a/b", "list", "configmaps"),
    resource("GET", "/api/v1/configmaps?fieldSelector=metadata.name=..", "list", "configmaps"),
    resource("GET", "/api/v1/configmaps?fieldSelector=nonsense,metadata.name=a", "list", "configmaps"),
    resource("GET", "/api/v1/configmaps?fieldSelector=x=b&fieldSelector=metadata.name=a", "list", "configmaps"),
    resource("DELETE", "/api/v1/configmaps?fieldSelector=metadata.name=a", "deletecollection", "configmaps"),
    resource("GET", "/api/v1/namespaces/acme/namespaces", "list", "namespaces", namespace="acme"),
    resource("GET", "/api/v1/namespaces/acme/configmaps/a/status", "get", "configmaps", "a", namespace="acme",
             subresource="status"),
    resource("GET", "/api/v1/namespaces/acme/configmaps/a/b/c/d", "get", "configmaps", "a", namespace="acme",
             subresource="b", parts=("c", "d")),
    resource("GET", f"{CONFIG}/organizations/acme", "get", "organizations", "acme", group="krate.a5c.ai",
             version="v1alpha1"),
    resource("PATCH", f"{CONFIG}/namespaces/acme/repositories/web/status", "patch", "repositories", "web",
             group="krate.a5c.ai", version="v1alpha1", namespace="acme", subresource="status"),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_resource_request(case: Case) -> None:
    """Resource paths give verb, group, version, namespace, resource, name and subresource."""
    assert requestinfo.parse(api_requests.request(case.method, case.target)) == case.want


PLAIN = (
    "GET /", "GET /api", "GET /api/", "GET /api/v1", "GET /apis", "GET /apis/krate.a5c.ai",
    "GET /apis/krate.a5c.ai/v1alpha1", "GET /apis/krate.a5c.ai/v1alpha1/", "GET /healthz", "GET /openapi/v3/apis/g/v1",
    "POST /-/session", "GET /apiz/v1/configmaps", "GET /API/v1/configmaps",
    "POST /api/v1/watch/configmaps", "DELETE /api/v1/watch/namespaces/acme/configmaps",
)  # fmt: skip


@pytest.mark.parametrize("line", PLAIN)
def test_plain_request(line: str) -> None:
    """Paths that name no resource are taken as paths."""
    method, target = line.split()
    assert requestinfo.parse(api_requests.request(method, target)) == RequestInfo(method.lower(), target)


HOSTILE = (
    "/api/v1/namespaces/acme/configmaps/..",
    "/api/v1/namespaces/acme/configmaps/../secrets/a",
    "/api/v1/namespaces/acme/configmaps/%2e%2e/secrets/a",
    "/api/v1/namespaces/acme/configmaps/%2E%2e/secrets/a",
    "/api/v1/namespaces/acme/configmaps/.",
    "/api/v1/namespaces/acme/configmaps/a%2fstatus",
    "/api/v1/namespaces/acme/configmaps/a%2F..%2F..%2Fsecrets",
    "/api/v1/namespaces/acme%2fconfigmaps/a",
    "/api/v1/namespaces//configmaps/a",
    "/api/v1//namespaces/acme/configmaps",
    "/api/v1/namespaces/acme/configmaps/a%00b",
    "/api/v1/namespaces/acme/configmaps/%ff",
    "/api/v1/namespaces/acme/configmaps/%c0%ae%c0%ae/secrets",
    "/api%2fv1/namespaces",
)


@pytest.mark.parametrize("target", HOSTILE)
def test_hostile_path_names_nothing(target: str) -> None:
    """Dots, hidden slashes, empty parts and broken encodings never reach a resource."""
    assert not requestinfo.parse(api_requests.get(target)).is_resource


def test_double_encoding_is_decoded_once() -> None:
    """What is encoded twice is a name with a percent sign, not a path."""
    found = requestinfo.parse(api_requests.get("/api/v1/namespaces/acme/configmaps/%252e%252e"))
    assert (found.is_resource, found.name) == (True, "%2e%2e")


def test_attributes() -> None:
    """An access review sees the resource, or the path and the method."""
    found = requestinfo.parse(api_requests.get(f"{CONFIG}/namespaces/acme/repositories/web/status"))
    assert found.attributes == Attributes(
        "get", "krate.a5c.ai", "v1alpha1", "repositories", "status", namespace="acme", name="web"
    )
    assert requestinfo.parse(api_requests.get("/metrics")).attributes == Attributes("get", path="/metrics")


SEGMENT = st.text(st.sampled_from("abz.%2feE-_~:@/é\\"), max_size=6)


@given(st.lists(SEGMENT, max_size=8), st.sampled_from(["GET", "DELETE", "PUT"]))
def test_no_path_escapes_its_segments(segments: list[str], method: str) -> None:
    """Whatever the path, no part of what is asked for is empty, dotted, or holds a slash."""
    target = "/api/v1/" + "/".join(segments)
    if not target.isascii():
        target = target.encode().decode("latin-1").replace("Ã", "%c3").replace("©", "%a9")
    found = requestinfo.parse(api_requests.request(method, target))
    if found.is_resource:
        parts = [found.resource, found.namespace, found.name, found.subresource, *found.parts]
        assert not [part for part in parts if part in {".", ".."} or "/" in part]
        assert found.resource
