"""Discovery as clients read it: both formats agree, negotiation is upstream's, and a new kind appears in it at once."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

import crd_rooms
import recordings
from served_api import API, until

PARAMETERS = "g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
AGGREGATED = f"application/json;{PARAMETERS}"
BETA = AGGREGATED.replace("v=v2", "v=v2beta1")


def legacy(admin: API) -> Iterator[tuple[str, Any]]:
    """What the lists say, by group, version and resource."""
    for group in [{"versions": [{"groupVersion": "v1"}]}, *admin.get("/apis").json()["groups"]]:
        for version in group["versions"]:
            at = version["groupVersion"]
            listed = admin.get(f"/api/{at}" if at == "v1" else f"/apis/{at}").json()
            assert (listed["kind"], listed["groupVersion"], bool(listed["resources"])) == ("APIResourceList", at, True)
            for one in listed["resources"]:
                place = "/".join(one[word] for word in ("group", "version") if one.get(word)) or at
                yield f"{at}/{one['name']}", (place, one["kind"], one["namespaced"], one["verbs"])


def aggregated(admin: API) -> Iterator[tuple[str, Any]]:
    """What the aggregated documents say."""
    for path in ("/api", "/apis"):
        answer = admin.get(path, headers={"accept": AGGREGATED})
        assert answer.headers["content-type"] == AGGREGATED
        for group in answer.json()["items"]:
            for version in group["versions"]:
                at = "/".join(filter(None, (group["metadata"].get("name", ""), version["version"])))
                yield from told(at, version["resources"])


def told(at: str, resources: list[dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    for one in resources:
        namespaced = one["scope"] == "Namespaced"
        below = [(f"/{sub['subresource']}", sub) for sub in one.get("subresources", [])]
        for suffix, what in (("", one), *below):
            kind = what["responseKind"]
            place = "/".join(filter(None, (kind["group"], kind["version"])))
            yield f"{at}/{one['resource']}{suffix}", (place, kind["kind"], namespaced, what["verbs"])


def test_discovery_agrees_with_itself(admin: API) -> None:
    """Both formats name the same resources of the same kinds with the same verbs, in the same order."""
    crd_rooms.established(admin, recordings.definition("Stretch", scope="Namespaced", subresources=recordings.SCALED))
    assert list(legacy(admin)) == list(aggregated(admin))


@pytest.mark.parametrize(
    ("accept", "media", "kind"),
    [
        (AGGREGATED, AGGREGATED, "APIGroupDiscoveryList"),
        (f"{AGGREGATED},{BETA},application/json", AGGREGATED, "APIGroupDiscoveryList"),
        (f"{BETA},{AGGREGATED}", AGGREGATED, "APIGroupDiscoveryList"),
        (f"application/json,{AGGREGATED}", AGGREGATED, "APIGroupDiscoveryList"),
        (f"application/json,{AGGREGATED};q=0.5", AGGREGATED, "APIGroupDiscoveryList"),
        (f"{AGGREGATED};profile=nopeer", AGGREGATED, "APIGroupDiscoveryList"),
        (f"{AGGREGATED};made=up", AGGREGATED, "APIGroupDiscoveryList"),
        ("application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io", AGGREGATED, "APIGroupDiscoveryList"),
        (f"*/*;{PARAMETERS}", AGGREGATED, "APIGroupDiscoveryList"),
        (f"application/*;{PARAMETERS}", AGGREGATED, "APIGroupDiscoveryList"),
        (f"application/vnd.kubernetes.protobuf;{PARAMETERS},{AGGREGATED}", AGGREGATED, "APIGroupDiscoveryList"),
        (f"{BETA},application/json", "application/json", "APIGroupList"),
        ("application/vnd.kubernetes.protobuf,application/json", "application/json", "APIGroupList"),
        ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "application/json", "APIGroupList"),
        ("application/json;made=up", "application/json", "APIGroupList"),
        ("", "application/json", "APIGroupList"),
        ("*/*", "application/json", "APIGroupList"),
        (BETA, "application/json", "Status"),
        ("application/json;as=Table;v=v1;g=meta.k8s.io", "application/json", "Status"),
        ("application/vnd.kubernetes.protobuf", "application/json", "Status"),
        ("application/cbor", "application/json", "Status"),
        ("text/html", "application/json", "Status"),
    ],
)
def test_negotiation(admin: API, accept: str, media: str, kind: str) -> None:
    """Who names the aggregated document anywhere gets it; others the list; what we have not is 406."""
    answer = admin.get("/apis", headers={"accept": accept})
    assert (answer.headers["content-type"], answer.json()["kind"]) == (media, kind)
    assert answer.status_code == (406 if kind == "Status" else 200)


@pytest.mark.parametrize("path", ["/apis", "/apis/krate.a5c.ai", "/api/v1", "/apis/krate.a5c.ai/v1alpha1"])
def test_yaml(admin: API, path: str) -> None:
    """Every list is there as YAML, and says the same."""
    answer = admin.get(path, headers={"accept": "application/yaml"})
    assert answer.headers["content-type"] == "application/yaml"
    assert yaml.safe_load(answer.text) == admin.get(path).json()


def test_tags(admin: API) -> None:
    """The aggregated document has an ETag and may be kept; who has it gets nothing; the lists are as upstream's."""
    first = admin.get("/apis", headers={"accept": AGGREGATED})
    digest = hashlib.sha512(first.content).hexdigest().upper()
    assert (first.headers["etag"], first.headers["vary"], first.headers["cache-control"]) == (
        f'"{digest}"',
        "Accept",
        "public",
    )
    again = admin.get("/apis", headers={"accept": AGGREGATED, "if-none-match": f'W/"{digest}"'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", f'"{digest}"')
    assert "content-type" not in again.headers
    listed = admin.get("/apis", headers={"if-none-match": f'"{digest}"'})
    assert (listed.status_code, listed.headers["cache-control"]) == (200, "no-cache, private")
    assert not {"etag", "vary"} & listed.headers.keys()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/apis", 200),
        ("/apis/krate.a5c.ai", 200),
        ("/apis/krate.a5c.ai/v1alpha1", 200),
        ("/apis/rbac.authorization.k8s.io", 200),
        ("/api", 405),
        ("/api/v1", 405),
        ("/apis/rbac.authorization.k8s.io/v1", 405),
        ("/version", 405),
        ("/openapi/v2", 200),
        ("/openapi/v3", 200),
        ("/healthz", 200),
    ],
)
def test_other_methods(admin: API, path: str, status: int) -> None:
    """Where upstream looks at the method so do we; elsewhere every method reads."""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = admin.request(method, path)
        assert answer.status_code == status, method
        if status == 405:
            assert answer.json()["message"] == "the server does not allow this method on the requested resource"


def test_a_recorded_kind(admin: API) -> None:
    """A small kind is discovered exactly as kube-apiserver 1.36 was recorded to show it."""
    want = recordings.read("openapi_small")
    crd_rooms.established(admin, recordings.small(want["schema"]))
    base = "/apis/small.example.com"
    assert admin.get(f"{base}/v1").json() == want["resources"]
    assert admin.get(base).json() == admin.get(f"{base}/").json() == want["group"]
    items = admin.get("/apis", headers={"accept": AGGREGATED}).json()["items"]
    assert [item for item in items if item["metadata"]["name"] == "small.example.com"] == want["aggregated"]


def test_groups_and_versions_in_order(admin: API) -> None:
    """Kubernetes' groups come first, by priority, then all others by name; the most stable version is preferred."""
    names = ("v1alpha1", "v10", "v1", "foo", "v2beta1", "v3")
    versions = [crd_rooms.version(name, storage=name == "v1", served=name != "v3") for name in names]
    crd_rooms.established(admin, crd_rooms.definition(group="aaa.example.com", kind="Old", versions=versions))
    groups = {group["name"]: group for group in admin.get("/apis").json()["groups"]}
    ours = [name for name in groups if not name.endswith(".k8s.io")]
    assert list(groups)[: -len(ours)] == [
        "events.k8s.io",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "rbac.authorization.k8s.io",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "coordination.k8s.io",
    ]
    assert ours == sorted(ours)
    found = [version["version"] for version in groups["aaa.example.com"]["versions"]]
    assert found == ["v10", "v1", "v2beta1", "v1alpha1", "foo"]
    assert groups["aaa.example.com"]["preferredVersion"]["version"] == "v10"
    hashes = {admin.get(f"/apis/aaa.example.com/{one}").json()["resources"][0]["storageVersionHash"] for one in found}
    digest = hashlib.sha256(b"aaa.example.com/v1/Old").digest()[:8]
    assert hashes == {base64.b64encode(digest).decode()}


def test_kinds_come_and_go(admin: API) -> None:
    """A definition's group is discovered as long as it is there, and not longer."""
    body = crd_rooms.definition(kind="Guest")
    path = f"/apis/{body['spec']['group']}"
    before = admin.get("/apis", headers={"accept": AGGREGATED}).headers["etag"]
    assert admin.get(path).status_code == 404
    crd_rooms.established(admin, body)
    assert admin.get(f"{path}/v1").json()["resources"][0]["name"] == "guests"
    assert admin.get("/apis", headers={"accept": AGGREGATED}).headers["etag"] != before
    admin.delete(f"{crd_rooms.PATH}/{body['metadata']['name']}")
    crd_rooms.gone(admin, body)
    until(lambda: admin.get(path).status_code == 404)
    assert admin.get("/apis", headers={"accept": AGGREGATED}).headers["etag"] == before


def test_addresses(admin: API) -> None:
    """The core group's versions name the address at which the client has come."""
    host = str(admin.base_url).partition("//")[2].strip("/")
    assert admin.get("/api").json() == {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": host}],
    }
