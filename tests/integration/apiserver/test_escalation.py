"""Nobody grants what they do not hold, and aggregated roles give exactly what the design says."""

import contextlib
from collections.abc import Iterator
from typing import Any

import api_answers
import served_api
from api_answers import failure
from api_users import NewUser, rule
from krate import kinds, names
from krate.kinds import Kind
from served_api import API

REVIEW = kinds.SELF_SUBJECT_ACCESS_REVIEW


GRANTS = [rule("get", "create", "update", "patch", kind=kind) for kind in (kinds.ROLE, kinds.ROLE_BINDING)]


def role(name: str, *rules: dict[str, object], kind: Kind = kinds.ROLE, **parts: Any) -> dict[str, Any]:
    return {**served_api.typed(kind), "metadata": {"name": name}, "rules": list(rules), **parts}


def binding(name: str, ref: str, subject: str = "bob", kind: str = "Role") -> dict[str, Any]:
    return {
        **served_api.typed(kinds.ROLE_BINDING),
        "metadata": {"name": name},
        "roleRef": {"kind": kind, "name": ref},
        "subjects": [{"kind": "User", "name": subject}],
    }


def test_nobody_grants_what_they_do_not_hold(admin: API, user: NewUser, namespace: str) -> None:
    """Writing a role needs holding its rules; binding one needs holding them too; neither can be worked around."""
    held = rule("get", kind=kinds.CONFIG_MAP)
    bob = user("bob", rules=[*GRANTS, held], namespace=namespace)
    assert bob.create(kinds.ROLE, role("mine", held), namespace=namespace).status_code == 201
    more = rule("get", "delete", kind=kinds.CONFIG_MAP)
    refused = bob.create(kinds.ROLE, role("more", more), namespace=namespace)
    text = (
        'roles.rbac.authorization.k8s.io "more" is forbidden: user "bob" (groups=["system:authenticated"]) is '
        "attempting to grant RBAC permissions not currently held:\n"
        '{APIGroups:[""], Resources:["configmaps"], Verbs:["delete"]}'
    )
    assert (refused.status_code, refused.json()["message"]) == (403, text)
    for patch in ([more], [rule("*", kind=kinds.CONFIG_MAP)], [rule("get", kind=kinds.SECRET)]):
        assert bob.change(kinds.ROLE, "mine", {"rules": patch}, namespace=namespace).status_code == 403
    api_answers.created(admin, kinds.ROLE, role("strong", rule("*", kind=kinds.SECRET)), namespace)
    assert bob.create(kinds.ROLE_BINDING, binding("b", "strong"), namespace=namespace).status_code == 403
    assert (
        bob.create(
            kinds.ROLE_BINDING, binding("c", "cluster-admin", kind="ClusterRole"), namespace=namespace
        ).status_code
        == 403
    )
    assert bob.create(kinds.ROLE_BINDING, binding("d", "mine", "eve"), namespace=namespace).status_code == 201
    assert bob.read(kinds.SECRET, "x", namespace=namespace).status_code == 403


def test_binding_to_a_role_that_comes_later(admin: API, user: NewUser, namespace: str) -> None:
    """A binding to a role that does not exist needs `bind` on it: whoever makes the role later must not be a trap."""
    bob = user("bob", rules=GRANTS, namespace=namespace)
    answer = bob.create(kinds.ROLE_BINDING, binding("early", "later"), namespace=namespace)
    text = 'rolebindings.rbac.authorization.k8s.io "later" not found'
    assert (answer.status_code, failure(answer)["message"]) == (404, text)


def test_bind_and_escalate(admin: API, user: NewUser, namespace: str) -> None:
    """`bind` on a role lets somebody bind it, `escalate` lets somebody write any role, each no more than that."""
    api_answers.created(admin, kinds.ROLE, role("strong", rule("get", kind=kinds.SECRET)), namespace)
    binder = user("binder", rules=[*GRANTS, rule("bind", kind=kinds.ROLE, names=["strong"])], namespace=namespace)
    writer = user("writer", rules=[*GRANTS, rule("escalate", kind=kinds.ROLE)], namespace=namespace)
    assert binder.create(kinds.ROLE_BINDING, binding("b", "strong"), namespace=namespace).status_code == 201
    assert (
        binder.create(kinds.ROLE, role("own", rule("get", kind=kinds.SECRET)), namespace=namespace).status_code == 403
    )
    assert writer.create(kinds.ROLE, role("own", rule("*", kind=kinds.SECRET)), namespace=namespace).status_code == 201
    assert writer.create(kinds.ROLE_BINDING, binding("w", "own"), namespace=namespace).status_code == 403


def test_changing_nothing_of_the_rules_is_no_escalation(admin: API, user: NewUser, namespace: str) -> None:
    """Labels of a role may be changed by whoever may change the object; of a binding only what lets it go."""
    api_answers.created(admin, kinds.ROLE, role("strong", rule("*", kind=kinds.SECRET)), namespace)
    bob = user("bob", rules=GRANTS, namespace=namespace)
    patch = {"metadata": {"labels": {"a": "b"}}}
    assert bob.change(kinds.ROLE, "strong", patch, namespace=namespace).status_code == 200
    api_answers.created(admin, kinds.ROLE_BINDING, binding("b", "strong", "eve"), namespace)
    assert bob.change(kinds.ROLE_BINDING, "b", patch, namespace=namespace).status_code == 403
    finalizers = {"metadata": {"finalizers": ["e.com/f"]}}
    assert bob.change(kinds.ROLE_BINDING, "b", finalizers, namespace=namespace).status_code == 200


def test_aggregated_roles_are_not_for_everybody(admin: API, user: NewUser) -> None:
    """Who could write an aggregation rule would hold every role that is labelled for it."""
    grants = [rule("create", "update", "patch", kind=kinds.CLUSTER_ROLE)]
    bob = user("bob", rules=grants)
    selectors = {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}
    body = role("wide", kind=kinds.CLUSTER_ROLE, aggregationRule=selectors)
    answer = bob.create(kinds.CLUSTER_ROLE, body)
    text = 'clusterroles.rbac.authorization.k8s.io "wide" is forbidden: must have cluster-admin privileges to use the '
    assert (answer.status_code, answer.json()["message"]) == (403, text + "aggregationRule")


def test_aggregation_is_not_taken_away_by_everybody(admin: API, user: NewUser) -> None:
    """Who could take an aggregation rule away would keep what was gathered from ever being taken back."""
    bob = user("bob", rules=[rule("get", "update", "patch", kind=kinds.CLUSTER_ROLE)])
    selectors = {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}
    api_answers.created(admin, kinds.CLUSTER_ROLE, role("gathered", kind=kinds.CLUSTER_ROLE, aggregationRule=selectors))
    answer = bob.change(kinds.CLUSTER_ROLE, "gathered", {"aggregationRule": None})
    assert answer.status_code == 403
    assert answer.json()["message"].endswith("must have cluster-admin privileges to use the aggregationRule")
    labels = {"metadata": {"labels": {"a": "b"}}}
    assert bob.change(kinds.CLUSTER_ROLE, "gathered", labels).status_code == 200


def test_rules_of_billions(admin: API, user: NewUser, namespace: str) -> None:
    """A rule that means more permissions than can be compared is refused at once, and answers go on meanwhile."""
    bob = user("bob", rules=GRANTS, namespace=namespace)
    many = [f"x{number}" for number in range(2000)]
    body = role("huge", {"verbs": many, "apiGroups": many, "resources": many, "resourceNames": many})
    answer = bob.create(kinds.ROLE, body, namespace=namespace)
    assert answer.status_code == 403
    assert "more than can be compared" in answer.json()["message"]
    assert admin.create(kinds.ROLE, body, namespace=namespace).status_code == 201
    assert bob.create(kinds.ROLE_BINDING, binding("b", "huge"), namespace=namespace).status_code == 403


def test_role_of_a_binding_cannot_change(admin: API, namespace: str) -> None:
    """A binding stays with its role: 422."""
    for name in ("one", "two"):
        api_answers.created(admin, kinds.ROLE, role(name), namespace)
    api_answers.created(admin, kinds.ROLE_BINDING, binding("b", "one"), namespace)
    answer = admin.change(kinds.ROLE_BINDING, "b", {"roleRef": {"name": "two"}}, namespace=namespace)
    shown = '{"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"two"}'
    cause = {
        "reason": "FieldValueInvalid",
        "message": f"Invalid value: {shown}: cannot change roleRef",
        "field": "roleRef",
    }
    assert (answer.status_code, failure(answer)["details"]["causes"]) == (422, [cause])


def may(client: API, verb: str, kind: Kind, namespace: str = "", *, name: str = "", sub: str = "") -> bool:
    """`kubectl auth can-i`."""
    spec = {
        "resourceAttributes": {
            "verb": verb, "group": kind.group, "version": kind.version, "resource": kind.plural,
            "namespace": namespace, "name": name, "subresource": sub,
        }
    }  # fmt: skip
    answer = client.create(REVIEW, {**served_api.typed(REVIEW), "metadata": {}, "spec": spec})
    assert answer.status_code == 201, answer.text
    return answer.json()["status"]["allowed"]


def test_reviews_say_what_requests_find(admin: API, user: NewUser, namespace: str) -> None:
    """A review of oneself answers as the request would be answered."""
    bob = user("bob", rules=[rule("get", kind=kinds.CONFIG_MAP, names=["a"])], namespace=namespace)
    assert may(bob, "get", kinds.CONFIG_MAP, namespace, name="a")
    assert not may(bob, "get", kinds.CONFIG_MAP, namespace, name="b")
    assert not may(bob, "get", kinds.CONFIG_MAP, namespace)
    assert not may(bob, "get", kinds.CONFIG_MAP, name="a")
    assert may(admin, "*", kinds.CONFIG_MAP)
    path = {"nonResourceAttributes": {"path": "/version", "verb": "get"}}
    answer = bob.create(REVIEW, {**served_api.typed(REVIEW), "metadata": {}, "spec": path})
    assert answer.json()["status"] == {
        "allowed": True,
        "reason": 'RBAC: allowed by ClusterRoleBinding "system:discovery" of ClusterRole "system:discovery" to '
        'Group "system:authenticated"',
    }
    for spec in ({}, {**path, "resourceAttributes": {"verb": "get"}}):
        refused = bob.create(REVIEW, {**served_api.typed(REVIEW), "metadata": {}, "spec": spec})
        assert (refused.status_code, failure(refused)["reason"]) == (422, "Invalid")


@contextlib.contextmanager
def filled_role(admin: API, name: str) -> Iterator[None]:
    """An aggregated role holds its parts, as the controller writes them."""
    found = admin.read(kinds.CLUSTER_ROLE, name).json()
    rules: list[Any] = []
    for selector in found["aggregationRule"]["clusterRoleSelectors"]:
        label = ",".join(f"{key}={value}" for key, value in selector["matchLabels"].items())
        for part in admin.list(kinds.CLUSTER_ROLE, labelSelector=label).json()["items"]:
            rules += part.get("rules", [])
    assert admin.change(kinds.CLUSTER_ROLE, name, {"rules": rules}).status_code == 200
    yield
    assert admin.change(kinds.CLUSTER_ROLE, name, {"rules": []}).status_code == 200


DEVELOPER: dict[tuple[str, Kind, str], bool] = {
    ("get", kinds.REPOSITORY, ""): True,
    ("list", kinds.PULL_REQUEST, ""): True,
    ("create", kinds.PULL_REQUEST, ""): True,
    ("patch", kinds.COMMENT, ""): True,
    ("create", kinds.CHECK, ""): True,
    ("get", kinds.PULL_REQUEST, "diff"): True,
    ("get", kinds.REPOSITORY, "git"): False,
    ("update", kinds.REPOSITORY, "git"): False,
    ("create", kinds.REPOSITORY, "merge"): False,
    ("get", kinds.REPOSITORY_CONTENT, "blob"): False,
    ("create", kinds.REPOSITORY, ""): False,
    ("patch", kinds.PULL_REQUEST, "status"): False,
    ("create", kinds.PULL_REQUEST, "merge"): False,
    ("get", kinds.SECRET, ""): False,
    ("get", kinds.CONFIG_MAP, ""): False,
    ("list", kinds.USER, ""): False,
}


def test_aggregated_roles_act_once_they_are_filled(admin: API, user: NewUser, namespace: str) -> None:
    """The developer role gives nothing while its rules are empty, and exactly the design's rights when filled."""
    dave = user("dave")
    bound = binding("developers", names.ClusterRole.DEVELOPER, "dave", "ClusterRole")
    api_answers.created(admin, kinds.ROLE_BINDING, bound, namespace)
    questions = {key: key for key in DEVELOPER}
    assert not any(may(dave, verb, kind, namespace, name="x", sub=sub) for verb, kind, sub in questions)
    with filled_role(admin, names.ClusterRole.DEVELOPER):
        found = {key: may(dave, key[0], key[1], namespace, name="x", sub=key[2]) for key in questions}
    assert found == DEVELOPER


def test_repository_roles_are_of_one_repository(admin: API, user: NewUser, namespace: str) -> None:
    """A Writer of one repository is a stranger to the next."""
    writes = rule("update", kind=kinds.REPOSITORY, sub="git", names=["web"])
    walt = user("walt", rules=[writes], namespace=namespace)
    assert may(walt, "update", kinds.REPOSITORY, namespace, name="web", sub="git")
    assert not may(walt, "update", kinds.REPOSITORY, namespace, name="api", sub="git")
    assert not may(walt, "update", kinds.REPOSITORY, namespace, name="web")
