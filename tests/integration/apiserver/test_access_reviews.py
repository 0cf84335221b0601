"""Access reviews, row by row as kube-apiserver 1.36 was recorded to answer them."""

from typing import Any

import httpx2
import pytest

import served_api
from api_answers import failure, unmanaged
from api_users import NewUser, grant, revoke, rule
from krate import kinds
from krate.kinds import Kind
from served_api import API, typed

GROUP = "authorization.k8s.io"
PODS = {"verb": "get", "resource": "pods"}
PATH = {"path": "/x", "verb": "get"}


def asked(client: API, kind: Kind, spec: dict[str, Any], *, namespace: str = "", **meta: Any) -> httpx2.Response:
    return client.create(
        kind, {**typed(kind), **({"metadata": meta} if meta else {}), "spec": spec}, namespace=namespace
    )


def invalid(field: str, text: str, reason: str = "FieldValueInvalid") -> dict[str, str]:
    return {"reason": reason, "message": text, "field": field}


def required(field: str, text: str) -> dict[str, str]:
    return invalid(field, f"Required value: {text}", "FieldValueRequired")


NOTHING = invalid(
    "spec.resourceAttributes",
    "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified",
)
BOTH = invalid(
    "spec.nonResourceAttributes",
    'Invalid value: {"Path":"/x","Verb":"get"}: cannot be specified in combination with resourceAttributes',
)
NO_USER = invalid("spec.user", 'Invalid value: "": at least one of user or group must be specified')
NOT_EMPTY = invalid("metadata", 'Invalid value: {"name":"x"}: must be empty')
FIELDS, LABELS = "spec.resourceAttributes.fieldSelector", "spec.resourceAttributes.labelSelector"
VALUES_NEEDED = "must be specified when `operator` is 'In' or 'NotIn'"
VALUES_FORBIDDEN = "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"

INVALID: dict[str, tuple[Kind, dict[str, Any], dict[str, Any], list[dict[str, str]]]] = {
    "nothing": (kinds.SUBJECT_ACCESS_REVIEW, {}, {}, [NOTHING, NO_USER]),
    "nothing about oneself": (kinds.SELF_SUBJECT_ACCESS_REVIEW, {}, {}, [NOTHING]),
    "both": (
        kinds.SUBJECT_ACCESS_REVIEW,
        {"user": "bob", "resourceAttributes": PODS, "nonResourceAttributes": PATH},
        {},
        [BOTH],
    ),
    "both about oneself": (
        kinds.SELF_SUBJECT_ACCESS_REVIEW,
        {"resourceAttributes": PODS, "nonResourceAttributes": PATH},
        {},
        [BOTH],
    ),
    "a name": (kinds.SUBJECT_ACCESS_REVIEW, {"user": "bob", "resourceAttributes": PODS}, {"name": "x"}, [NOT_EMPTY]),
    "empty selectors": (
        kinds.SELF_SUBJECT_ACCESS_REVIEW,
        {"resourceAttributes": {**PODS, "fieldSelector": {}, "labelSelector": {}}},
        {},
        [
            required(f"{at}.requirements", f"when {at} is specified, requirements or rawSelector is required")
            for at in (FIELDS, LABELS)
        ],
    ),
    "selectors that contradict themselves": (
        kinds.SELF_SUBJECT_ACCESS_REVIEW,
        {
            "resourceAttributes": {
                **PODS,
                "fieldSelector": {"requirements": [{"key": "", "operator": "Exists", "values": ["x"]}]},
                "labelSelector": {"rawSelector": "a", "requirements": [{"key": "a", "operator": "In"}]},
            }
        },
        {},
        [
            required(f"{FIELDS}.requirements[0].key", "must be specified"),
            invalid(f"{FIELDS}.requirements[0].values", VALUES_FORBIDDEN, "FieldValueForbidden"),
            invalid(f"{LABELS}.rawSelector", 'Invalid value: "a": may not specified at the same time as requirements'),
            required(f"{LABELS}.requirements[0].values", VALUES_NEEDED),
        ],
    ),
    "a local one of no namespace": (
        kinds.LOCAL_SUBJECT_ACCESS_REVIEW,
        {"user": "bob", "resourceAttributes": PODS},
        {},
        [invalid("spec.resourceAttributes.namespace", 'Invalid value: "": must match metadata.namespace')],
    ),
    "a local one about a path": (
        kinds.LOCAL_SUBJECT_ACCESS_REVIEW,
        {"user": "bob", "nonResourceAttributes": PATH},
        {"name": "x"},
        [
            invalid(
                "metadata", 'Invalid value: {"name":"x","namespace":"default"}: must be empty except for namespace'
            ),
            invalid(
                "spec.nonResourceAttributes",
                'Invalid value: {"Path":"/x","Verb":"get"}: disallowed on this kind of request',
            ),
        ],
    ),
}


@pytest.mark.parametrize("name", INVALID)
def test_invalid(admin: API, name: str) -> None:
    """What asks nothing, two things or something else is refused with every problem."""
    kind, spec, meta, causes = INVALID[name]
    answer = asked(admin, kind, spec, namespace="default" if kind.namespaced else "", **meta)
    problems = ", ".join(f"{cause['field']}: {cause['message']}" for cause in causes)
    text = f"[{problems}]" if len(causes) > 1 else problems
    assert (answer.status_code, failure(answer)) == (
        422,
        {
            "message": f'.{GROUP} "" is invalid: {text}',
            "reason": "Invalid",
            "details": {"group": GROUP, "causes": causes},
        },
    )


ANSWERED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a stranger": ({"user": "bob", "resourceAttributes": PODS}, {"allowed": False}),
    "a path of a group": (
        {"user": "bob", "groups": ["system:authenticated"], "nonResourceAttributes": {"verb": "get", "path": "/api"}},
        {
            "allowed": True,
            "reason": 'RBAC: allowed by ClusterRoleBinding "system:discovery" of ClusterRole "system:discovery" to '
            'Group "system:authenticated"',
        },
    ),
    "masters": ({"groups": ["system:masters"], "nonResourceAttributes": PATH}, {"allowed": True}),
    "requirements of tomorrow": (
        {
            "user": "bob",
            "resourceAttributes": {
                **PODS,
                "fieldSelector": {"requirements": [{"key": "a", "operator": "Foo", "values": ["x"]}]},
                "labelSelector": {
                    "requirements": [{"key": "a", "operator": "Foo"}, {"key": "b", "operator": "Exists"}]
                },
            },
        },
        {
            "allowed": False,
            "evaluationError": f"{FIELDS} ignored due to parse error; {LABELS} partially ignored due to parse error",
        },
    ),
    "selectors that cannot be read": (
        {
            "user": "bob",
            "resourceAttributes": {
                **PODS,
                "fieldSelector": {"rawSelector": "xx"},
                "labelSelector": {"rawSelector": "a b c"},
            },
        },
        {
            "allowed": False,
            "evaluationError": f"{FIELDS} ignored due to parse error; {LABELS} ignored due to parse error",
        },
    ),
}


@pytest.mark.parametrize("name", ANSWERED)
def test_answered(admin: API, name: str) -> None:
    """The answer repeats the question, and says why where there is something to say."""
    spec, status = ANSWERED[name]
    answer = asked(admin, kinds.SUBJECT_ACCESS_REVIEW, spec, generation=0, name="")
    want = {**typed(kinds.SUBJECT_ACCESS_REVIEW), "metadata": {}, "spec": spec, "status": status}
    assert (answer.status_code, unmanaged(answer.json())) == (201, want)


def test_local(admin: API, namespace: str) -> None:
    """A local review is about its namespace, whether that exists or not, and never about another."""
    for where in (namespace, "nope"):
        spec = {"user": "bob", "resourceAttributes": {**PODS, "namespace": where}}
        answer = asked(admin, kinds.LOCAL_SUBJECT_ACCESS_REVIEW, spec, namespace=where)
        found = unmanaged(answer.json())["metadata"]
        assert (answer.status_code, found) == (201, {"namespace": where})
    answer = asked(admin, kinds.LOCAL_SUBJECT_ACCESS_REVIEW, {"user": "bob"}, namespace=namespace, namespace_="x")
    assert answer.status_code == 422
    body = {**typed(kinds.LOCAL_SUBJECT_ACCESS_REVIEW), "metadata": {"namespace": "nope"}, "spec": {}}
    answer = admin.create(kinds.LOCAL_SUBJECT_ACCESS_REVIEW, body, namespace=namespace)
    text = "the namespace of the provided object does not match the namespace sent on the request"
    assert (answer.status_code, failure(answer)["message"]) == (400, text)


def test_about_others_needs_a_right(admin: API, user: NewUser, namespace: str) -> None:
    """Who asks about others needs the right to; in a namespace it is enough to ask about that namespace."""
    bob = user("bob", rules=[rule("create", kind=kinds.LOCAL_SUBJECT_ACCESS_REVIEW)], namespace=namespace)
    answer = asked(bob, kinds.SUBJECT_ACCESS_REVIEW, {"user": "alice", "resourceAttributes": PODS})
    text = (
        f'subjectaccessreviews.{GROUP} is forbidden: User "bob" cannot create resource "subjectaccessreviews" in API '
        f'group "{GROUP}" at the cluster scope'
    )
    assert (answer.status_code, failure(answer)["message"]) == (403, text)
    granted = grant(admin, "alice", [rule("get", kind=kinds.SECRET)], namespace=namespace)
    attributes = {"verb": "get", "resource": "secrets", "namespace": namespace}
    answer = asked(
        bob, kinds.LOCAL_SUBJECT_ACCESS_REVIEW, {"user": "alice", "resourceAttributes": attributes}, namespace=namespace
    )
    reason = f'RBAC: allowed by RoleBinding "{granted}/{namespace}" of Role "{granted}" to User "alice"'
    assert answer.json()["status"] == {"allowed": True, "reason": reason}
    revoke(admin, granted, namespace=namespace)


def test_rules(user: NewUser, namespace: str) -> None:
    """Everybody can list what they may do in a namespace, as the roles say it."""
    given = {"verbs": ["list", "get"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["s"]}
    bob = user("bob", rules=[given], namespace=namespace)
    answer = asked(bob, kinds.SELF_SUBJECT_RULES_REVIEW, {"namespace": namespace})
    body = answer.json()
    status = body.pop("status")
    assert (answer.status_code, body) == (201, {**typed(kinds.SELF_SUBJECT_RULES_REVIEW), "metadata": {}, "spec": {}})
    assert status["incomplete"] is False
    assert given in status["resourceRules"]
    selves = ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]
    assert {"verbs": ["create"], "apiGroups": [GROUP], "resources": selves} in status["resourceRules"]
    paths = [path for one in status["nonResourceRules"] for path in one["nonResourceURLs"]]
    assert {"/api", "/apis/*", "/openapi/*", "/version", "/version/"} <= set(paths)
    elsewhere = asked(bob, kinds.SELF_SUBJECT_RULES_REVIEW, {"namespace": "default"}).json()["status"]
    assert given not in elsewhere["resourceRules"]
    answer = asked(bob, kinds.SELF_SUBJECT_RULES_REVIEW, {})
    assert failure(answer) == {"message": "no namespace on request", "reason": "BadRequest"}


def test_rules_of_masters(admin: API) -> None:
    """Members of system:masters may do everything, and it says so, beside what everybody may."""
    status = asked(admin, kinds.SELF_SUBJECT_RULES_REVIEW, {"namespace": "default"}).json()["status"]
    everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
    assert status["resourceRules"].count(everything) == 1
    assert status["nonResourceRules"].count({"verbs": ["*"], "nonResourceURLs": ["*"]}) == 1
    public = ["/healthz", "/livez", "/readyz", "/version", "/version/"]
    assert {"verbs": ["get"], "nonResourceURLs": public} in status["nonResourceRules"]


def test_nothing_is_stored(admin: API) -> None:
    """Reviews are answers: they cannot be listed or read."""
    for kind in (kinds.SUBJECT_ACCESS_REVIEW, kinds.SELF_SUBJECT_RULES_REVIEW, kinds.TOKEN_REVIEW):
        assert admin.get(served_api.collection(kind)).status_code == 405
