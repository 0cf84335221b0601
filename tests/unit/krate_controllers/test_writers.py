"""Who holds Writer, as far as RBAC objects tell: yes, no, or cannot tell."""

from collections.abc import Sequence
from typing import Any

import pytest

import factories
from krate import errors, kinds
from krate.kinds import Kind
from krate_controllers.writers import Writers, allows_writing
from krate_kube.actions import Action
from krate_kube.interface import Object
from krate_kube.memory import MemoryClient

RBAC = "rbac.authorization.k8s.io"
GIT = {"verbs": ["update"], "apiGroups": ["krate.a5c.ai"], "resources": ["repositories/git"]}
FETCH = {**GIT, "verbs": ["get"]}
EVERYTHING = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}


@pytest.mark.parametrize(
    ("rule", "want"),
    [
        (GIT, True),
        ({**GIT, "resourceNames": ["web"]}, True),
        ({**GIT, "resourceNames": ["api"]}, False),
        (EVERYTHING, True),
        (FETCH, False),
        ({**GIT, "apiGroups": [""]}, False),
        ({**GIT, "resources": ["repositories"]}, False),
        ({"verbs": ["get"], "nonResourceURLs": ["*"]}, False),
    ],
    ids=["all repositories", "this one", "another", "everything", "fetch", "other group", "the object", "a path"],
)
def test_rules(rule: dict[str, Any], want: bool) -> None:  # noqa: FBT001 - a table's column
    """Writer is update on repositories/git of the repository's name, wildcards included."""
    assert allows_writing(rule, "web") is want


def role(name: str, *rules: dict[str, Any], kind: Kind = kinds.ROLE) -> Object:
    return factories.make(kind, name, rules=list(rules))


def subject(kind: str, name: str) -> dict[str, Any]:
    return {"kind": kind, "name": name, **({"namespace": "krate-system"} if kind == "ServiceAccount" else {})}


def bind(name: str, ref: str, *subjects: dict[str, Any], to: str = "Role", kind: Kind = kinds.ROLE_BINDING) -> Object:
    return factories.make(kind, name, roleRef={"apiGroup": RBAC, "kind": to, "name": ref}, subjects=list(subjects))


def user(name: str, *groups: str) -> Object:
    return factories.make(kinds.USER, name, spec={"username": name}, status={"groups": list(groups)})


OBJECTS = (
    role("writers", {**GIT, "resourceNames": ["web"]}),
    role("readers", FETCH),
    role("everything", EVERYTHING, kind=kinds.CLUSTER_ROLE),
    bind("writers", "writers", subject("User", "bob"), subject("Group", "core"), subject("ServiceAccount", "bot")),
    bind("readers", "readers", subject("User", "eve")),
    bind("admins", "everything", subject("User", "ada"), to="ClusterRole"),
    bind("root", "everything", subject("Group", "platform"), to="ClusterRole", kind=kinds.CLUSTER_ROLE_BINDING),
    *(user(name) for name in ("bob", "ada", "eve")),
    user("carl", "core"),
    user("pia", "platform"),
)


async def answers(client: MemoryClient, *users: str, repository: str = "web") -> list[bool | None]:
    lookup = Writers(client)
    return [await lookup("acme", repository, name) for name in users]


def make(objects: Sequence[Object] = OBJECTS) -> MemoryClient:
    client = MemoryClient(namespaces=["acme"])
    client.seed(*objects)
    return client


async def test_clear_answers() -> None:
    """By name, by group, by cluster role and everywhere: yes; a known user without any: no."""
    users = ("bob", "carl", "ada", "pia", "system:serviceaccount:krate-system:bot", "eve")
    assert await answers(make(), *users) == [True, True, True, True, True, False]
    assert await answers(make(), "bob", "ada", repository="api") == [False, True]


async def test_groups_that_only_a_login_tells() -> None:
    """Of a user that Krate does not sign in nobody knows the groups, so a no cannot be told."""
    assert await answers(make(), "stranger") == [None]


async def test_what_cannot_be_read() -> None:
    """Without the right to read cluster-wide grants a yes is still a yes, and a no cannot be told."""
    client = make()

    def refuse(action: Action) -> None:
        if action.kind is kinds.CLUSTER_ROLE_BINDING:
            raise errors.Forbidden("no")

    client.interceptor = refuse
    assert await answers(client, "bob", "eve") == [True, None]


async def test_people() -> None:
    """For messages: users that bindings name, system identities left out."""
    assert await Writers(make()).people("acme", "web") == ("ada", "bob")
