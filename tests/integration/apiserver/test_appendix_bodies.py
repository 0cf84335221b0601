"""Bodies that cannot be taken, media types and addresses of nothing, as kube-apiserver 1.36 was recorded answering."""

from typing import Any

import pytest

import served_api
from api_answers import about, failure, repository
from krate import kinds
from served_api import API

GR = "repositories.krate.a5c.ai"


MALFORMED = {
    "truncated JSON": (b'{"apiVersion": ', "application/json"),
    "YAML as JSON": (b"apiVersion: v1\nkind: ConfigMap\n", "application/json"),
    "nothing": (b"", "application/json"),
    "a list": (b"[]", "application/json"),
    "a number": (b"5", "application/json"),
    "null": (b"null", "application/json"),
    "broken UTF-8": (b'{"kind": "\xff"}', "application/json"),
    "NaN": (b'{"kind": NaN}', "application/json"),
    "broken YAML": (b"a: [", "application/yaml"),
    "two documents": (b"a: 1\n---\nb: 2\n", "application/yaml"),
    "YAML of other types": (b"a: !!python/object:os.system {}", "application/yaml"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_body(admin: API, namespace: str, name: str) -> None:
    """A body that is no object: 400 that names the kind expected."""
    content, media = MALFORMED[name]
    path = served_api.collection(kinds.CONFIG_MAP, namespace)
    answer = admin.post(path, content=content, headers={"content-type": media})
    message = failure(answer)["message"]
    prefix = "the object provided is unrecognized (must be of type ConfigMap): "
    assert (answer.status_code, message[: len(prefix)]) == (400, prefix)


TYPES = {
    "other version": (
        {"apiVersion": "krate.a5c.ai/v2", "kind": "Repository"},
        400,
        "the API version in the data (krate.a5c.ai/v2) does not match the expected API version (krate.a5c.ai/v1alpha1)",
    ),
    "no version": (
        {"kind": "Repository"},
        400,
        "the API version in the data () does not match the expected API version (krate.a5c.ai/v1alpha1)",
    ),
    "other kind": (
        {"apiVersion": "krate.a5c.ai/v1alpha1", "kind": "Team", "metadata": {"name": "x"}},
        422,
        'Team.krate.a5c.ai "x" is invalid: kind: Invalid value: "Team": must be Repository',
    ),
}


@pytest.mark.parametrize("name", TYPES)
def test_type_of_the_body(admin: API, namespace: str, name: str) -> None:
    """The body must be of the version and kind of the address."""
    body, code, message = TYPES[name]
    answer = admin.create(kinds.REPOSITORY, body, namespace=namespace)
    assert (answer.status_code, failure(answer)["message"]) == (code, message)


def test_type_of_native_bodies(admin: API, namespace: str) -> None:
    """A body of a type that Kubernetes itself defines may leave out which it is, as typed clients do."""
    made = admin.create(kinds.CONFIG_MAP, {"metadata": {"name": "untyped"}}, namespace=namespace)
    assert (made.status_code, made.json()["kind"], made.json()["apiVersion"]) == (201, "ConfigMap", "v1")
    other = admin.create(kinds.CONFIG_MAP, {"apiVersion": "v2", "metadata": {"name": "other"}}, namespace=namespace)
    assert (other.status_code, failure(other)["reason"]) == (400, "BadRequest")


def test_media_types(admin: API, namespace: str) -> None:
    """A body in another form: 415 that lists the forms; an Accept of another form: 406 that does."""
    path = served_api.collection(kinds.REPOSITORY, namespace)
    refused = admin.post(path, content=b"x", headers={"content-type": "text/plain"})
    assert (refused.status_code, failure(refused)) == (
        415,
        {
            "message": "the body of the request was in an unknown format - accepted media types include: "
            "application/json, application/yaml",
            "reason": "UnsupportedMediaType",
        },
    )
    unacceptable = admin.get(path, headers={"accept": "text/html"})
    assert (unacceptable.status_code, failure(unacceptable)) == (
        406,
        {
            "message": "only the following media types are accepted: application/json, application/yaml",
            "reason": "NotAcceptable",
        },
    )


def test_yaml_both_ways(admin: API, namespace: str) -> None:
    """YAML is taken and given."""
    content = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: text}\ndata: {when: '2026-01-01', why: '1:30'}\n"
    path = served_api.collection(kinds.CONFIG_MAP, namespace)
    made = admin.post(path, content=content, headers={"content-type": "application/yaml", "accept": "application/yaml"})
    assert (made.status_code, made.headers["content-type"]) == (201, "application/yaml")
    assert "kind: ConfigMap\n" in made.text
    stored = admin.read(kinds.CONFIG_MAP, "text", namespace=namespace).json()
    assert stored["data"] == {"when": "2026-01-01", "why": "1:30"}


def test_missing_namespace(admin: API) -> None:
    """POST into a namespace that does not exist: 404 about the namespace."""
    answer = admin.create(kinds.REPOSITORY, repository(), namespace="nope")
    assert (answer.status_code, failure(answer)) == (
        404,
        {
            "message": 'namespaces "nope" not found',
            "reason": "NotFound",
            "details": {"name": "nope", "kind": "namespaces"},
        },
    )


def test_missing_object_and_unknown_resource(admin: API, namespace: str) -> None:
    """GET of what is missing: a Status; of a resource nobody knows: plain text, never a framework's JSON."""
    missing = admin.read(kinds.REPOSITORY, "missing", namespace=namespace)
    assert (missing.status_code, failure(missing)) == (
        404,
        {"message": f'{GR} "missing" not found', "reason": "NotFound", "details": about("missing")},
    )
    for path in (
        f"/apis/krate.a5c.ai/v1alpha1/namespaces/{namespace}/bicycles",
        f"/apis/krate.a5c.ai/v9/namespaces/{namespace}/repositories",
        "/apis/nobody.example.com/v1/things",
        f"/apis/krate.a5c.ai/v1alpha1/namespaces/{namespace}/organizations",
        f"/apis/krate.a5c.ai/v1alpha1/namespaces/{namespace}/repositories/web/status/more",
        "/apis/krate.a5c.ai/v1alpha1/repositories/web",
        "/nothing",
    ):
        answer = admin.get(path)
        assert (answer.status_code, answer.text) == (404, "404 page not found\n"), path
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_nothing_below_kubernetes_own_groups(admin: API, namespace: str) -> None:
    """There, what is not found is told as a Status about nothing in particular."""
    want = {"message": "the server could not find the requested resource", "reason": "NotFound", "details": {}}
    for path in (
        "/api/v9",
        "/api/v1/nothings",
        f"/api/v1/namespaces/{namespace}/configmaps/web/bell",
        f"/api/v1/namespaces/{namespace}/configmaps/web/bell/more",
        "/api/v1/configmaps/web",
        "/apis/rbac.authorization.k8s.io/v9",
        f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/clusterroles",
        "/version/x",
    ):
        answer = admin.get(path)
        assert (answer.status_code, failure(answer)) == (404, want), path


def test_unknown_subresource(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """A subresource that a custom resource does not have: a Status that does not find the object."""
    answer = admin.get(served_api.item(kinds.REPOSITORY, "web", namespace, "bell"))
    want = {"message": f'{GR} "web" not found', "reason": "NotFound", "details": about("web")}
    assert (answer.status_code, failure(answer)) == (404, want)


VERBS = {
    "create a status": ("POST", "web/status", 405, "create is not supported on resources of kind", True),
    "delete a status": ("DELETE", "web/status", 405, "delete is not supported on resources of kind", True),
    "ask for options": ("OPTIONS", "", 405, " is not supported on resources of kind", True),
    "replace a collection": ("PUT", "", 400, "name must be provided", False),
    "patch a collection": ("PATCH", "", 400, "name must be provided", False),
}


@pytest.mark.parametrize("name", VERBS)
def test_verbs_that_a_custom_resource_does_not_have(admin: API, namespace: str, name: str) -> None:
    """They are named, as custom resources of kube-apiserver name them."""
    method, below, code, message, about_kind = VERBS[name]
    path = served_api.collection(kinds.REPOSITORY, namespace) + (f"/{below}" if below else "")
    found = failure(answer := admin.request(method, path))
    details = {"details": {"group": "krate.a5c.ai", "kind": "repositories"}} if about_kind else {}
    reason = "MethodNotAllowed" if about_kind else "BadRequest"
    whole = f'{message} "{GR}"' if about_kind else message
    assert (answer.status_code, found) == (code, {"message": whole, "reason": reason, **details})


def test_verbs_that_a_built_in_does_not_have(admin: API, namespace: str) -> None:
    """They are refused without a name, as typed resources of kube-apiserver refuse them."""
    answer = admin.put(served_api.collection(kinds.CONFIG_MAP, namespace), json={})
    message = "the server does not allow this method on the requested resource"
    assert (answer.status_code, failure(answer)) == (
        405,
        {"message": message, "reason": "MethodNotAllowed", "details": {}},
    )


def test_collections_of_all_namespaces_are_not_written(admin: API) -> None:
    """Creating or deleting without a namespace leads nowhere for custom resources."""
    for method in ("POST", "DELETE"):
        answer = admin.request(method, served_api.collection(kinds.REPOSITORY), json=repository())
        assert (answer.status_code, answer.text) == (404, "404 page not found\n")
