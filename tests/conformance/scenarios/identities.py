"""Tokens and reviews: who somebody is and what they may do."""

from typing import Any

from conformance.recording import Session

AUTHZ = "/apis/authorization.k8s.io/v1"
AUTHN = "/apis/authentication.k8s.io/v1"
TOKEN = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}
REVIEW = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview"}
SPECS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("token", {}),
    ("token for an hour", {"expirationSeconds": 3600}),
    ("too short", {"expirationSeconds": 60}),
    ("too long", {"expirationSeconds": 2**33}),
    ("audiences", {"audiences": ["x", "y"]}),
    ("bound to nothing known", {"boundObjectRef": {"kind": "Node", "apiVersion": "v1", "name": "x"}}),
    ("bound to a missing secret", {"boundObjectRef": {"kind": "Secret", "apiVersion": "v1", "name": "x"}}),
    ("bound to another kind", {"boundObjectRef": {"kind": "ConfigMap", "apiVersion": "v1", "name": "x"}}),
)


def _without_token(body: Any) -> Any:
    return {
        **body,
        "status": {**body["status"], "token": bool(body["status"]["token"]), "expirationTimestamp": "<time>"},
    }


def _without_spec(body: Any) -> Any:
    status = body["status"]
    return {**body, "spec": {}, "status": {**status, "audiences": [], "user": {**status["user"], "extra": {}}}}


def tokens(s: Session) -> None:
    at = f"/api/v1/namespaces/{s.namespace}/serviceaccounts"
    s.post("create", at, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}})
    for label, spec in SPECS:
        s.post(label, f"{at}/a/token", {**TOKEN, "spec": spec}, view=_without_token)
    s.post("token of nobody", f"{at}/nope/token", {**TOKEN, "spec": {}})
    s.get("get token", f"{at}/a/token")
    found = s.quiet("POST", f"{at}/a/token", {**TOKEN, "spec": {}})["status"]["token"]
    reviews = f"{AUTHN}/tokenreviews"
    s.post("review", reviews, {**REVIEW, "spec": {"token": found}}, view=_without_spec)
    s.post(
        "review of nonsense",
        reviews,
        {**REVIEW, "spec": {"token": "x"}},
        view=lambda body: {**body, "status": {**body["status"], "error": "<error>"}},
    )
    s.post("review of nothing", reviews, {**REVIEW, "spec": {}})
    s.delete("delete", f"{at}/a")


def access(s: Session) -> None:
    def ask(label: str, plural: str, kind: str, spec: dict[str, Any], **options: Any) -> None:
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec}
        s.post(label, f"{AUTHZ}/{plural}", body, **options)

    attributes = {"namespace": s.namespace, "verb": "get", "group": "ref.example.com", "resource": "pulls"}
    own = ("selfsubjectaccessreviews", "SelfSubjectAccessReview")
    other = ("subjectaccessreviews", "SubjectAccessReview")
    nobody = {"impersonate-user": "nobody"}
    ask("own, as admin", *own, {"resourceAttributes": attributes})
    ask("own, as nobody", *own, {"resourceAttributes": attributes}, headers=nobody)
    ask("own, a path", *own, {"nonResourceAttributes": {"verb": "get", "path": "/openapi/v2"}}, headers=nobody)
    ask("own, nothing", *own, {})
    ask("own, both", *own, {"resourceAttributes": attributes, "nonResourceAttributes": {"verb": "get", "path": "/"}})
    ask("other", *other, {"user": "nobody", "resourceAttributes": attributes})
    ask("other, of a group", *other, {"groups": ["system:masters"], "resourceAttributes": attributes})
    ask("other, no subject", *other, {"resourceAttributes": attributes})
    ask("other, by nobody", *other, {"user": "nobody", "resourceAttributes": attributes}, headers=nobody)
    local = f"namespaces/{s.namespace}/localsubjectaccessreviews"
    ask("local", local, "LocalSubjectAccessReview", {"user": "nobody", "resourceAttributes": attributes})
    ask(
        "local, another namespace",
        local,
        "LocalSubjectAccessReview",
        {"user": "nobody", "resourceAttributes": {**attributes, "namespace": "x"}},
    )
    ask("rules, no namespace", "selfsubjectrulesreviews", "SelfSubjectRulesReview", {})
    whoami = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    s.post("who am I", f"{AUTHN}/selfsubjectreviews", whoami, headers={**nobody, "impersonate-group": "g"})


SCENARIOS = (tokens, access)
