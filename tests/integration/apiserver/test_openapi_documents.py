"""OpenAPI as clients read it: what is published of a kind, under which names, and how it is served."""

from collections.abc import Iterator
from typing import Any

import pytest

import crd_rooms
import recordings
from krate.kinds import Kind
from served_api import API, ServedAPI

V3 = "/openapi/v3/apis/krate.a5c.ai/v1alpha1"
PROTOBUF = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf"


def resolved(document: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    """A path item of version 2 with the parameters it refers to."""

    def whole(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        shared = document["parameters"]
        return [shared[row["$ref"].rpartition("/")[2]] if "$ref" in row else row for row in rows]

    def operation(one: dict[str, Any]) -> dict[str, Any]:
        return {key: whole(value) if key == "parameters" else value for key, value in one.items()}

    return {key: whole(value) if key == "parameters" else operation(value) for key, value in item.items()}


def test_a_recorded_kind(admin: API) -> None:
    """A small kind is published exactly as kube-apiserver 1.36 was recorded to do it, but for words of description."""
    want = recordings.read("openapi_small")
    crd_rooms.established(admin, recordings.small(want["schema"]))
    v3 = admin.get("/openapi/v3/apis/small.example.com/v1").json()
    assert v3.pop("info") == {"title": "Krate", "version": "v1.36.0"}
    assert recordings.undescribed(v3) == want["v3"]
    v2 = admin.get("/openapi/v2").json()
    paths = {path: resolved(v2, item) for path, item in v2["paths"].items() if "small.example.com" in path}
    definitions = {name: one for name, one in v2["definitions"].items() if name.startswith("com.example.small")}
    assert recordings.undescribed({"paths": paths, "definitions": definitions}) == want["v2"]


def test_a_recorded_schema(admin: API) -> None:
    """A schema with everything that a definition can say is published as recorded, in both versions."""
    want = recordings.read("openapi_drain")
    crd_rooms.established(admin, recordings.definition("Drain", want["schema"], scope="Namespaced"))
    v3 = admin.get("/openapi/v3/apis/drain.example.com/v1").json()["components"]["schemas"]
    assert recordings.undescribed(v3["com.example.drain.v1.Drain"]) == want["v3"]
    v2 = admin.get("/openapi/v2").json()["definitions"]
    assert recordings.undescribed(v2["com.example.drain.v1.Drain"]) == want["v2"]


def test_everything_discovered_is_described(admin: API, any_kind: Kind) -> None:
    """What discovery says can be listed can be, and an object of it can be explained."""
    if "list" in any_kind.verbs:
        assert admin.list(any_kind, limit="1").status_code == 200
    index = admin.get("/openapi/v3").json()["paths"]
    path = any_kind.base_path.removeprefix("/")
    document = admin.get(index[path]["serverRelativeURL"])
    assert document.headers["cache-control"] == "public, immutable"
    wanted = {"group": any_kind.group, "version": any_kind.version, "kind": any_kind.name}
    schemas = document.json()["components"]["schemas"].values()
    assert [one for schema in schemas for one in schema.get("x-kubernetes-group-version-kind", []) if one == wanted]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield path, method, operation


def references(value: Any) -> Iterator[str]:
    match value:
        case {"$ref": str(target), **rest}:
            yield target
            yield from references(rest)
        case dict():
            for child in value.values():
                yield from references(child)
        case list():
            for child in value:
                yield from references(child)
        case _:
            return


def documents(admin: API) -> Iterator[dict[str, Any]]:
    """Every document there is."""
    yield admin.get("/openapi/v2").json()
    for entry in admin.get("/openapi/v3").json()["paths"].values():
        yield admin.get(entry["serverRelativeURL"]).json()


def test_documents_are_whole(admin: API) -> None:
    """Every reference leads somewhere, no identifier is used twice, and every component is used."""
    crd_rooms.established(admin, recordings.definition("Whole", scope="Namespaced", subresources=recordings.SCALED))
    for document in documents(admin):
        roots = {
            "#/definitions/": document.get("definitions", {}),
            "#/components/schemas/": document.get("components", {}).get("schemas", {}),
            "#/parameters/": document.get("parameters", {}),
        }
        there = {f"{root}{name}" for root, named in roots.items() for name in named}
        used = set(references(document))
        assert used <= there
        kinds = {name for name in there - used if "Status" in name or name.startswith("#/parameters/")}
        named = {key for key, value in roots["#/definitions/"].items() if "x-kubernetes-group-version-kind" in value}
        assert there - used - kinds <= {f"#/definitions/{name}" for name in named}
        identifiers = [operation["operationId"] for _, _, operation in operations(document)]
        assert len(identifiers) == len(set(identifiers))


def test_one_schema_for_each_kind(admin: API) -> None:
    """No group, version and kind has two definitions in version 2: Argo CD's parser would take either."""
    found: dict[tuple[str, str, str], str] = {}
    for name, schema in admin.get("/openapi/v2").json()["definitions"].items():
        for one in schema.get("x-kubernetes-group-version-kind", []):
            gvk = (one["group"], one["version"], one["kind"])
            assert gvk not in found, (gvk, name, found.get(gvk))
            found[gvk] = name
    assert found["krate.a5c.ai", "v1alpha1", "Repository"] == "ai.a5c.krate.v1alpha1.Repository"
    assert found["", "v1", "ConfigMap"] == "io.k8s.api.core.v1.ConfigMap"


def test_everything_is_described(admin: API) -> None:
    """Every operation and parameter has a description, and so has every field of Krate's own kinds."""
    for document in documents(admin):
        for path, method, operation in operations(document):
            assert operation["description"], (path, method)
            for parameter in operation.get("parameters", []):
                assert parameter.get("description") or parameter.get("$ref") or parameter["name"] == "body"
    schema = admin.get(V3).json()["components"]["schemas"]["ai.a5c.krate.v1alpha1.Repository"]
    assert list(undescribed_fields(schema)) == []


def undescribed_fields(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, child in schema.get("properties", {}).items():
        where = f"{path}.{name}"
        if not child.get("description"):
            yield where
        yield from undescribed_fields(child, where)
    if "items" in schema:
        yield from undescribed_fields(schema["items"], f"{path}[]")


@pytest.mark.parametrize(
    ("path", "strategic"),
    [
        ("/apis/krate.a5c.ai/v1alpha1/namespaces/{namespace}/repositories/{name}", False),
        ("/apis/policies.kyverno.io/v1/validatingpolicies/{name}", False),
        ("/api/v1/namespaces/{namespace}/configmaps/{name}", True),
    ],
)
def test_patches(admin: API, path: str, strategic: bool) -> None:  # noqa: FBT001 - a column of the table
    """A patch says what kubectl looks for: its parameters, and strategic merge for Kubernetes' own kinds alone."""
    group = "/".join(path.split("/")[1 : 3 if path.startswith("/api/") else 4])
    patch = admin.get(f"/openapi/v3/{group}").json()["paths"][path]["patch"]
    names = [one["name"] for one in patch["parameters"]]
    assert names == ["dryRun", "fieldManager", "fieldValidation", "force"]
    want = {"application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"}
    more = {"application/strategic-merge-patch+json"} if strategic else set[str]()
    assert patch["requestBody"]["content"].keys() == want | more


def test_builtin_groups(admin: API) -> None:
    """Kubernetes' own groups say how they are discovered and watched, as upstream's do; custom ones do not."""
    rbac = {(path, method): one["operationId"] for path, method, one in
            operations(admin.get("/openapi/v3/apis/rbac.authorization.k8s.io/v1").json())}  # fmt: skip
    base = "/apis/rbac.authorization.k8s.io/v1"
    assert rbac[f"{base}/", "get"] == "getRbacAuthorizationV1APIResources"
    assert rbac[f"{base}/watch/roles", "get"] == "watchRbacAuthorizationV1RoleListForAllNamespaces"
    assert (
        rbac[f"{base}/namespaces/{{namespace}}/roles", "delete"] == "deleteRbacAuthorizationV1CollectionNamespacedRole"
    )
    index = admin.get("/openapi/v3").json()["paths"]
    assert {"api", "api/v1", "apis", "apis/rbac.authorization.k8s.io", "version"} <= index.keys()
    assert "apis/krate.a5c.ai" not in index
    found = {path: one["operationId"] for name in ("api", "apis", "apis/rbac.authorization.k8s.io", "version")
             for path, _, one in operations(admin.get(f"/openapi/v3/{name}").json())}  # fmt: skip
    assert found == {
        "/api/": "getCoreAPIVersions",
        "/apis/": "getAPIVersions",
        "/apis/rbac.authorization.k8s.io/": "getRbacAuthorizationAPIGroup",
        "/version/": "getCodeVersion",
    }


def test_hashes(admin: API) -> None:
    """The right hash makes a document eternal, a stale one gets what there is now: no redirect, no promise."""
    listed = admin.get("/openapi/v3").json()["paths"][V3.removeprefix("/openapi/v3/")]["serverRelativeURL"]
    digest = listed.partition("?hash=")[2]
    assert listed == f"{V3}?hash={digest}"
    right = admin.get(listed)
    assert right.headers["cache-control"] == "public, immutable"
    assert right.headers["expires"].endswith(" UTC")
    for stale in ("0" * 128, digest.lower(), ""):
        answer = admin.get(V3, params={"hash": stale})
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache, private")
        assert answer.content == right.content
        assert "expires" not in answer.headers
    assert (right.headers["etag"], right.headers["vary"]) == (f'"{digest}"', "Accept")
    same = admin.get(listed, headers={"if-none-match": f'"x", W/"{digest}"'})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", f'"{digest}"')


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("*/*", 200),
        ("application/*", 200),
        (f"{PROTOBUF},application/json", 200),
        ("text/html,application/json;q=0.1", 200),
        ("", 200),
        (PROTOBUF, 406),
        ("application/yaml", 406),
        ("text/html", 406),
        ("nonsense", 406),
    ],
)
def test_formats(admin: API, accept: str, status: int) -> None:
    """Documents are JSON; who wants nothing but another format gets nothing, without a body."""
    for path in ("/openapi/v2", V3):
        answer = admin.get(path, headers={"accept": accept})
        assert answer.status_code == status
        assert answer.headers.get("content-type") == ("application/json" if status == 200 else None)
        assert bool(answer.content) is (status == 200)
    assert admin.get("/openapi/v3", headers={"accept": accept}).status_code == 200


@pytest.mark.parametrize(
    "path", ["", "apis/nobody/v1", "apis/krate.a5c.ai", "apis/krate.a5c.ai/v1alpha1/", "apis/krate.a5c.ai/v1alpha1/x"]
)
def test_unknown_documents(admin: API, path: str) -> None:
    """What is not in the index is not found, without a body."""
    answer = admin.get(f"/openapi/v3/{path}")
    assert (answer.status_code, answer.content, answer.headers.get("content-type")) == (404, b"", None)


def test_documents_follow_definitions(admin: API) -> None:
    """A new definition is described at once; documents of other groups stay the same; a changed one changes its own."""
    before = admin.get("/openapi/v3").json()["paths"]
    body = recordings.definition("Follower", scope="Namespaced")
    crd_rooms.established(admin, body)
    after = admin.get("/openapi/v3").json()["paths"]
    assert {path: one for path, one in after.items() if before.get(path) != one}.keys() == {
        "apis/follower.example.com/v1"
    }
    assert "com.example.follower.v1.Follower" in admin.get("/openapi/v2").json()["definitions"]
    where = f"{crd_rooms.PATH}/{body['metadata']['name']}"
    text = [{"op": "add", "path": "/spec/versions/0/schema/openAPIV3Schema/description", "value": "New."}]
    changed = admin.patch(where, json=text, headers={"content-type": "application/json-patch+json"})
    assert changed.status_code == 200, changed.text

    def described() -> str:
        schemas = admin.get("/openapi/v3/apis/follower.example.com/v1").json()["components"]["schemas"]
        return schemas["com.example.follower.v1.Follower"].get("description", "")

    crd_rooms.until(lambda: described() == "New.")


def test_documents_need_no_database(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Discovery and OpenAPI are served while the database is down; readiness and objects tell of it."""
    with ServedAPI(tmp_path_factory.mktemp("down")) as served, served.admin() as admin:
        served.run(served.core.store.close)
        aggregated = {"accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}
        for path in ("/api", "/apis"):
            assert admin.get(path).json()["kind"] in {"APIVersions", "APIGroupList"}
            assert admin.get(path, headers=aggregated).json()["kind"] == "APIGroupDiscoveryList"
        assert admin.get("/apis/krate.a5c.ai/v1alpha1").json()["kind"] == "APIResourceList"
        for entry in admin.get("/openapi/v3").json()["paths"].values():
            assert admin.get(entry["serverRelativeURL"]).status_code == 200
        assert admin.get("/openapi/v2").status_code == 200
        assert (admin.get("/readyz").status_code, admin.get("/livez").status_code) == (500, 200)
        assert admin.get("/api/v1/namespaces").status_code == 503
