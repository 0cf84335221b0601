"""Tokens of ServiceAccounts and reviews of tokens, as kube-apiserver 1.36 was recorded to answer."""

import base64
import json
from typing import Any

import httpx2
import pytest

import served_api
from api_answers import created, failure, unmanaged
from krate import clock, kinds
from served_api import API, ServedAPI, typed

GROUP = "authentication.k8s.io"
OURS = "https://kubernetes.default.svc"


@pytest.fixture
def robot(admin: API, namespace: str) -> dict[str, Any]:
    """A ServiceAccount, beside a Secret `s`."""
    created(admin, kinds.SECRET, {**typed(kinds.SECRET), "metadata": {"name": "s"}}, namespace)
    return created(
        admin, kinds.SERVICE_ACCOUNT, {**typed(kinds.SERVICE_ACCOUNT), "metadata": {"name": "robot"}}, namespace
    )


def asked(admin: API, namespace: str, body: dict[str, Any] | None, name: str = "robot") -> httpx2.Response:
    head = {"kind": "TokenRequest", "apiVersion": f"{GROUP}/v1"}
    path = served_api.item(kinds.SERVICE_ACCOUNT, name, namespace, "token")
    return admin.post(path, json={**head, **body} if body is not None else {})


def token(admin: API, namespace: str, **spec: Any) -> str:
    answer = asked(admin, namespace, {"spec": spec})
    assert answer.status_code == 201, answer.text
    return answer.json()["status"]["token"]


def reviewed(admin: API, text: str, *audiences: str) -> dict[str, Any]:
    spec = {"token": text, **({"audiences": list(audiences)} if audiences else {})}
    answer = admin.create(kinds.TOKEN_REVIEW, {**typed(kinds.TOKEN_REVIEW), "spec": spec})
    assert answer.status_code == 201, answer.text
    return answer.json()["status"]


def payload(text: str) -> dict[str, Any]:
    return json.loads(base64.urlsafe_b64decode(text.split(".")[1] + "=="))


BOUND = {"kind": "Secret", "apiVersion": "v1", "name": "s"}


def test_issued(admin: API, robot: dict[str, Any], namespace: str) -> None:
    """The answer says everything about the token; a body that says nothing is one with all defaults."""
    for body in ({"spec": {}}, {}, None):
        answer = asked(admin, namespace, body)
        found = answer.json()
        said = payload(found["status"].pop("token"))
        until = clock.parse(found["status"].pop("expirationTimestamp")).timestamp()
        assert said["exp"] - said["iat"] == 3600
        assert said["exp"] == until
        made = found["metadata"].pop("creationTimestamp")
        assert clock.parse(made).timestamp() == said["iat"]
        meta = {"name": "robot", "namespace": namespace, "uid": robot["metadata"]["uid"]}
        spec = {"audiences": [OURS], "expirationSeconds": 3600, "boundObjectRef": None}
        want = {"kind": "TokenRequest", "apiVersion": f"{GROUP}/v1", "metadata": meta, "spec": spec, "status": {}}
        assert (answer.status_code, unmanaged(found)) == (201, want)


def conflict(kind: str, name: str, text: str, **group: str) -> tuple[int, dict[str, Any]]:
    resource = f"{kind}.{group['group']}" if group else kind
    message = f'Operation cannot be fulfilled on {resource} "{name}": {text}'
    return 409, {"message": message, "reason": "Conflict", "details": {"name": name, **group, "kind": kind}}


def bad(text: str) -> tuple[int, dict[str, Any]]:
    return 400, {"message": text, "reason": "BadRequest"}


def missing(kind: str, name: str) -> tuple[int, dict[str, Any]]:
    return 404, {"message": f'{kind} "{name}" not found', "reason": "NotFound", "details": {"name": name, "kind": kind}}


def wrong(field: str, text: str, name: str = "") -> tuple[int, dict[str, Any]]:
    cause = {"reason": "FieldValueInvalid", "message": f"Invalid value: {text}", "field": field}
    named = {"name": name} if name else {}
    details = {**named, "group": GROUP, "kind": "TokenRequest", "causes": [cause]}
    message = f'TokenRequest.{GROUP} "{name}" is invalid: {field}: Invalid value: {text}'
    return 422, {"message": message, "reason": "Invalid", "details": details}


SECONDS = "spec.expirationSeconds"
REFUSED: dict[str, tuple[dict[str, Any], tuple[int, dict[str, Any]]]] = {
    "too short": (
        {"spec": {"expirationSeconds": 599}},
        wrong(SECONDS, "599: may not specify a duration less than 10 minutes"),
    ),
    "too long": (
        {"spec": {"expirationSeconds": 4294967297}},
        wrong(SECONDS, "4294967297: may not specify a duration larger than 2^32 seconds"),
    ),
    "another name": (
        {"metadata": {"name": "x"}},
        wrong("metadata.name", '"x": must match the service account name if specified', "robot"),
    ),
    "another namespace": (
        {"metadata": {"namespace": "x"}},
        bad("the namespace of the provided object does not match the namespace sent on the request"),
    ),
    "another account": (
        {"metadata": {"uid": "x"}},
        conflict(
            "TokenRequest",
            "robot",
            "the UID in the token request (x) does not match the UID of the service account (UID)",
            group=GROUP,
        ),
    ),
    "a missing Secret": ({"spec": {"boundObjectRef": {**BOUND, "name": "nope"}}}, missing("secrets", "nope")),
    "a missing Pod": ({"spec": {"boundObjectRef": {**BOUND, "kind": "Pod"}}}, missing("pods", "s")),
    "a missing Node": ({"spec": {"boundObjectRef": {**BOUND, "kind": "Node"}}}, missing("nodes", "s")),
    "another Secret": (
        {"spec": {"boundObjectRef": {**BOUND, "uid": "q"}}},
        conflict(
            "Secret",
            "s",
            "the UID in the bound object reference (q) does not match the UID in record. The object might have been "
            "deleted and then recreated",
        ),
    ),
    "another kind": (
        {"spec": {"boundObjectRef": {"kind": "Foo", "apiVersion": "a/v1", "name": "s"}}},
        bad("cannot bind token to object of type a/v1, Kind=Foo"),
    ),
    "no kind": ({"spec": {"boundObjectRef": {}}}, bad("cannot bind token to object of type /, Kind=")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(admin: API, robot: dict[str, Any], namespace: str, name: str) -> None:
    """Requests that cannot be carried out, in upstream's words."""
    body, want = REFUSED[name]
    answer = asked(admin, namespace, body)
    found = json.loads(json.dumps(failure(answer)).replace(robot["metadata"]["uid"], "UID"))
    assert (answer.status_code, found) == want


def test_other_bodies(admin: API, robot: dict[str, Any], namespace: str) -> None:
    """An account that is missing, another kind, and other verbs."""
    answer = asked(admin, namespace, {}, "nope")
    assert (answer.status_code, failure(answer)) == missing("serviceaccounts", "nope")
    path = served_api.item(kinds.SERVICE_ACCOUNT, "robot", namespace, "token")
    answer = admin.post(path, json={"kind": "Foo", "apiVersion": "v1"})
    text = 'Foo in version "v1" cannot be handled as a TokenRequest: no kind "Foo" is registered for version "v1"'
    assert (answer.status_code, failure(answer)["message"]) == (400, text)
    assert admin.get(path).status_code == 405
    assert asked(admin, namespace, {"spec": {"expirationSeconds": "x"}}).status_code == 422
    assert asked(admin, namespace, {"metadata": "x"}).status_code in {400, 422}


def test_works(served: ServedAPI, admin: API, robot: dict[str, Any], namespace: str) -> None:
    """The token is its account: here, and in a review."""
    text = token(admin, namespace)
    user = {
        "username": f"system:serviceaccount:{namespace}:robot",
        "uid": robot["metadata"]["uid"],
        "groups": ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"],
        "extra": {"authentication.kubernetes.io/credential-id": [f"JTI={payload(text)['jti']}"]},
    }
    with served.client(token=text) as client:
        me = client.create(kinds.SELF_SUBJECT_REVIEW, typed(kinds.SELF_SUBJECT_REVIEW)).json()["status"]
    assert me == {"userInfo": user}
    assert reviewed(admin, text) == {"authenticated": True, "user": user, "audiences": [OURS]}
    assert reviewed(admin, text, "x", OURS)["audiences"] == [OURS]
    error = f'[invalid bearer token, token audiences ["{OURS}"] is invalid for the target audiences ["x"]]'
    assert reviewed(admin, text, "x") == {"user": {}, "error": error}
    assert reviewed(admin, "bad") == {"user": {}, "error": "invalid bearer token"}
    answer = admin.create(kinds.TOKEN_REVIEW, {**typed(kinds.TOKEN_REVIEW), "spec": {}})
    assert failure(answer) == {
        "message": "token is required for TokenReview in authentication",
        "reason": "BadRequest",
    }


def test_for_others(served: ServedAPI, admin: API, robot: dict[str, Any], namespace: str) -> None:
    """A token for somebody else opens nothing here, and can be reviewed by them."""
    text = token(admin, namespace, audiences=["vault", "bank"])
    with served.client(token=text) as client:
        assert client.get("/version").status_code == 401
    assert "authenticated" not in reviewed(admin, text)
    assert reviewed(admin, text, "bank")["audiences"] == ["bank"]


def test_ends(served: ServedAPI, admin: API, robot: dict[str, Any], namespace: str) -> None:
    """A token ends with its time, with the Secret it is bound to, with its account, and stays ended."""
    plain, bound = token(admin, namespace), token(admin, namespace, boundObjectRef=BOUND)
    long = token(admin, namespace, expirationSeconds=36000)

    def good(text: str) -> bool:
        return "authenticated" in reviewed(admin, text)

    assert [good(text) for text in (plain, bound, long)] == [True, True, True]
    with served.clock.later(hours=2):
        assert [good(text) for text in (plain, bound, long)] == [False, False, True]
    admin.remove(kinds.SECRET, "s", namespace=namespace)
    created(admin, kinds.SECRET, {**typed(kinds.SECRET), "metadata": {"name": "s"}}, namespace)
    assert [good(text) for text in (plain, bound, long)] == [True, False, True]
    admin.remove(kinds.SERVICE_ACCOUNT, "robot", namespace=namespace)
    created(admin, kinds.SERVICE_ACCOUNT, {**typed(kinds.SERVICE_ACCOUNT), "metadata": {"name": "robot"}}, namespace)
    assert [good(text) for text in (plain, bound, long)] == [False, False, False]
    with served.client(token=plain) as client:
        assert client.get("/version").status_code == 401


def test_discovery(admin: API) -> None:
    """The subresource says whose kind its body is."""
    found = {one["name"]: one for one in admin.get("/api/v1").json()["resources"]}
    assert found["serviceaccounts/token"] == {
        "name": "serviceaccounts/token",
        "singularName": "",
        "namespaced": True,
        "group": GROUP,
        "version": "v1",
        "kind": "TokenRequest",
        "verbs": ["create"],
    }


def test_judged_and_told(admin: API, robot: dict[str, Any], namespace: str) -> None:
    """Admission sees a token request as one; who made a token stands in the history, a dry run does not."""
    assert robot["metadata"]["name"] == "robot"
    path = served_api.item(kinds.SERVICE_ACCOUNT, "robot", namespace, "token")
    assert admin.post(path, json={}, params={"dryRun": "All"}).status_code == 201
    assert asked(admin, namespace, {"spec": {"expirationSeconds": 700}}).status_code == 201

    def found() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = admin.list(kinds.ACTIVITY, namespace=namespace).json()["items"]
        return [one["status"] for one in items if one["status"]["object"]["subresource"] == "token"]

    served_api.until(lambda: bool(found()))
    (only,) = found()
    command = f"kubectl create token robot -n {namespace} --duration 700s"
    assert (only["verb"], only["decision"], only["command"]) == ("create", "Allowed", command)


def test_refused_by_a_policy(admin: API, robot: dict[str, Any], namespace: str) -> None:
    """A policy about serviceaccounts/token sees the TokenRequest and may refuse it."""
    assert robot["metadata"]["name"] == "robot"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["serviceaccounts/token"]}
    check = {
        "expression": "object.spec.expirationSeconds < 7200",
        "messageExpression": "request.kind.group + '/' + request.kind.kind + ' for too long'",
    }
    policy = {
        **typed(kinds.VALIDATING_ADMISSION_POLICY),
        "metadata": {"name": "short-tokens"},
        "spec": {"matchConstraints": {"resourceRules": [rule]}, "validations": [check]},
    }
    binding = {
        **typed(kinds.VALIDATING_ADMISSION_POLICY_BINDING),
        "metadata": {"name": "short-tokens"},
        "spec": {"policyName": "short-tokens", "validationActions": ["Deny"]},
    }
    for kind, body in (
        (kinds.VALIDATING_ADMISSION_POLICY, policy),
        (kinds.VALIDATING_ADMISSION_POLICY_BINDING, binding),
    ):
        assert admin.create(kind, body).status_code == 201
    try:
        served_api.until(lambda: asked(admin, namespace, {"spec": {"expirationSeconds": 9000}}).status_code == 422)
        refused = asked(admin, namespace, {"spec": {"expirationSeconds": 9000}}).json()
        assert refused["message"].endswith("authentication.k8s.io/TokenRequest for too long")
        assert asked(admin, namespace, {"spec": {"expirationSeconds": 700}}).status_code == 201
    finally:
        admin.remove(kinds.VALIDATING_ADMISSION_POLICY_BINDING, "short-tokens")
        admin.remove(kinds.VALIDATING_ADMISSION_POLICY, "short-tokens")
