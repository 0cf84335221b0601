"""Impersonation: who may act as whom, in the words that kube-apiserver 1.36 was recorded to say."""

from typing import Any

import pytest

import served_api
from api_answers import failure
from api_users import NewUser
from krate import kinds
from served_api import API, typed

AUTHENTICATION = "authentication.k8s.io"
EXTRA = "Impersonate-Extra-Acme%2Ecom%2fFoo"
Headers = list[tuple[str, str]]


def whoami(client: API, headers: Headers) -> dict[str, Any]:
    path = served_api.collection(kinds.SELF_SUBJECT_REVIEW)
    answer = client.post(path, json=typed(kinds.SELF_SUBJECT_REVIEW), headers=headers)
    return answer.json()["status"]["userInfo"] if answer.status_code == 201 else failure(answer)


ROBOT = "system:serviceaccount:default:robot"
ACCOUNTS = ["system:serviceaccounts", "system:serviceaccounts:default"]
BECOMES: dict[str, tuple[Headers, list[str], dict[str, Any]]] = {
    "a user": ([("Impersonate-User", "carol")], ["system:authenticated"], {}),
    "a user in groups": (
        [("Impersonate-User", "carol"), ("Impersonate-Group", "g"), ("Impersonate-Group", "h")],
        ["g", "h", "system:authenticated"],
        {},
    ),
    "without authentication": (
        [("Impersonate-User", "carol"), ("Impersonate-Group", "system:unauthenticated")],
        ["system:unauthenticated"],
        {},
    ),
    "nobody": ([("Impersonate-User", "system:anonymous")], ["system:unauthenticated"], {}),
    "an account": ([("Impersonate-User", ROBOT)], [*ACCOUNTS, "system:authenticated"], {}),
    "an account in groups": (
        [("Impersonate-User", ROBOT), ("Impersonate-Group", "g")],
        ["g", "system:authenticated"],
        {},
    ),
    "with everything": (
        [("impersonate-user", "carol"), ("IMPERSONATE-UID", "7"), (EXTRA, "v1"), (EXTRA, "v2")],
        ["system:authenticated"],
        {"uid": "7", "extra": {"acme.com/foo": ["v1", "v2"]}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BECOMES)
def test_becomes(admin: API, name: str) -> None:
    """A member of system:masters becomes whom the headers say, with their groups, and nothing of their own."""
    headers, groups, more = BECOMES[name]
    review = kinds.SELF_SUBJECT_REVIEW.plural
    answer = whoami(admin, headers)
    if "system:unauthenticated" in groups:
        assert answer["message"].startswith(f'{review}.{AUTHENTICATION} is forbidden: User "{headers[0][1]}" cannot')
    else:
        assert answer == {"username": headers[0][1], "groups": groups, **more}


WITHOUT_USER: dict[str, tuple[Headers, str]] = {
    "a group": (
        [("Impersonate-Group", "a")],
        'UID:"", Groups:[]string{"a"}, Extra:map[string][]string(nil)',
    ),
    "everything": (
        [("Impersonate-Group", "a"), ("Impersonate-Uid", "7"), ("Impersonate-Extra-Foo", "x")],
        'UID:"7", Groups:[]string{"a"}, Extra:map[string][]string{"foo":[]string{"x"}}',
    ),
    "an empty user": (
        [("Impersonate-User", ""), ("Impersonate-Uid", "7")],
        'UID:"7", Groups:[]string(nil), Extra:map[string][]string(nil)',
    ),
}


@pytest.mark.parametrize("name", WITHOUT_USER)
def test_without_a_user(admin: API, name: str) -> None:
    """Groups, uids and extras of nobody are refused."""
    headers, shown = WITHOUT_USER[name]
    text = f'requested &user.DefaultInfo{{Name:"", {shown}}} without impersonating a user name'
    assert whoami(admin, headers) == {"message": text, "reason": "BadRequest"}


def test_needs_rights(user: NewUser, namespace: str) -> None:
    """Without a right the refusal names the way that was tried first, and acting as oneself needs it too."""
    bob = user("bob")
    path = served_api.collection(kinds.CONFIG_MAP, namespace)
    what = f'resource "configmaps" in API group "" in the namespace "{namespace}"'
    for headers, verb in (
        ({"Impersonate-User": "carol"}, "impersonate-on:user-info:list"),
        ({"Impersonate-User": "bob"}, "impersonate-on:user-info:list"),
        ({"Impersonate-User": ROBOT}, "impersonate-on:serviceaccount:list"),
    ):
        answer = bob.get(path, headers=headers)
        text = f'configmaps is forbidden: User "bob" cannot {verb} {what}'
        assert (answer.status_code, failure(answer)["message"]) == (403, text)
    answer = bob.get(path, headers={"Impersonate-User": ROBOT, "Impersonate-Group": "g"})
    text = (
        'serviceaccounts "robot" is forbidden: User "bob" cannot impersonate resource "serviceaccounts" in API group '
        '"" in the namespace "default"'
    )
    assert (answer.status_code, failure(answer)["message"]) == (403, text)


def rule(verb: str, resource: str, *names: str, group: str = "") -> dict[str, Any]:
    found = {"verbs": [verb], "apiGroups": [group], "resources": [resource]}
    return {**found, "resourceNames": list(names)} if names else found


RIGHTS: dict[str, tuple[list[dict[str, Any]], Headers, bool]] = {
    "the user": ([rule("impersonate", "users", "carol")], [("Impersonate-User", "carol")], True),
    "another user": ([rule("impersonate", "users", "dave")], [("Impersonate-User", "carol")], False),
    "not the group": (
        [rule("impersonate", "users")],
        [("Impersonate-User", "carol"), ("Impersonate-Group", "g")],
        False,
    ),
    "the group": (
        [rule("impersonate", "users"), rule("impersonate", "groups", "g")],
        [("Impersonate-User", "carol"), ("Impersonate-Group", "g")],
        True,
    ),
    "not the uid": ([rule("impersonate", "users")], [("Impersonate-User", "carol"), ("Impersonate-Uid", "7")], False),
    "the uid": (
        [rule("impersonate", "users"), rule("impersonate", "uids", "7", group=AUTHENTICATION)],
        [("Impersonate-User", "carol"), ("Impersonate-Uid", "7")],
        True,
    ),
    "another extra": (
        [rule("impersonate", "users"), rule("impersonate", "userextras/bar", group=AUTHENTICATION)],
        [("Impersonate-User", "carol"), ("Impersonate-Extra-Foo", "x")],
        False,
    ),
    "the extra": (
        [rule("impersonate", "users"), rule("impersonate", "userextras/foo", "x", group=AUTHENTICATION)],
        [("Impersonate-User", "carol"), ("Impersonate-Extra-Foo", "x")],
        True,
    ),
    "an account is no user": ([rule("impersonate", "users")], [("Impersonate-User", ROBOT)], False),
    "the account": ([rule("impersonate", "serviceaccounts", "robot")], [("Impersonate-User", ROBOT)], True),
    "masters, with the verb of old": (
        [rule("impersonate", "users"), rule("impersonate", "groups")],
        [("Impersonate-User", "carol"), ("Impersonate-Group", "system:masters")],
        True,
    ),
    "not for this request": (
        [rule("impersonate:user-info", "users", group=AUTHENTICATION)],
        [("Impersonate-User", "carol")],
        False,
    ),
    "for this request": (
        [
            rule("impersonate:user-info", "users", group=AUTHENTICATION),
            rule("impersonate-on:user-info:create", kinds.SELF_SUBJECT_REVIEW.plural, group=AUTHENTICATION),
        ],
        [("Impersonate-User", "carol")],
        True,
    ),
    "masters never, in the new way": (
        [
            rule("impersonate:user-info", "*", group=AUTHENTICATION),
            rule("impersonate-on:user-info:create", kinds.SELF_SUBJECT_REVIEW.plural, group=AUTHENTICATION),
        ],
        [("Impersonate-User", "carol"), ("Impersonate-Group", "system:masters")],
        False,
    ),
    "the account, for this request": (
        [
            rule("impersonate:serviceaccount", "serviceaccounts", group=AUTHENTICATION),
            rule("impersonate-on:serviceaccount:create", kinds.SELF_SUBJECT_REVIEW.plural, group=AUTHENTICATION),
        ],
        [("Impersonate-User", ROBOT)],
        True,
    ),
}


@pytest.mark.parametrize("name", RIGHTS)
def test_rights(user: NewUser, name: str) -> None:
    """Everything that is asked for must be allowed, one by one."""
    rules, headers, allowed = RIGHTS[name]
    assert (whoami(user("erin", rules=rules), headers).get("username") == headers[0][1]) is allowed


def test_rights_are_those_of_the_impersonated(admin: API, user: NewUser, namespace: str) -> None:
    """What is allowed, and what is written, is as the impersonated user; the history names both."""
    answer = admin.get("/metrics", headers={"Impersonate-User": "carol"})
    assert failure(answer)["message"] == 'forbidden: User "carol" cannot get path "/metrics"'
    user("carol", rules=[rule("create", "configmaps")], namespace=namespace)
    body = {**typed(kinds.CONFIG_MAP), "metadata": {"name": "x"}}
    made = admin.post(
        served_api.collection(kinds.CONFIG_MAP, namespace), json=body, headers={"Impersonate-User": "carol"}
    )
    assert made.status_code == 201
    assert admin.get(served_api.item(kinds.CONFIG_MAP, "x", namespace), headers={"Impersonate-User": "carol"}).is_error

    def both() -> set[tuple[str, str, str]]:
        found = admin.list(kinds.ACTIVITY, namespace=namespace).json()["items"]
        seen = [item["status"] for item in found]
        return {(one["actor"], one.get("impersonator", ""), one["decision"]) for one in seen}

    wanted = {("carol", "krate-admin", "Allowed"), ("carol", "krate-admin", "Denied")}
    served_api.until(lambda: wanted <= both())


def test_other_headers(admin: API, user: NewUser) -> None:
    """Headers that only look like it are no impersonation."""
    assert whoami(admin, [("Impersonate-Foo", "carol")])["username"] == "krate-admin"
    assert whoami(user("bob"), [("Impersonate_User", "carol")])["username"] == "bob"
