"""kubectl on what a control plane owes its clients: rights, identities, tokens, secrets and cascades."""

import itertools
import json
from typing import Any

import pytest

import stock_kubectl
from kubectl_world import World
from processes import until

pytestmark = stock_kubectl.needed()
_NUMBERS = itertools.count(1)


@pytest.fixture
def namespace(world: World) -> str:
    """A namespace of the test's own."""
    name = f"plane-{next(_NUMBERS)}"
    world.kubectl("create", "namespace", name)
    return name


def lines(text: str) -> list[list[str]]:
    """A table, split into words."""
    return [line.split() for line in text.splitlines()]


def test_can_i(world: World, namespace: str) -> None:
    """`auth can-i` answers for oneself, for others with --as, and lists what a role gives."""
    assert world.kubectl("auth", "can-i", "*", "*") == "yes"
    where = ("-n", namespace)
    world.kubectl("create", "role", "reader", "--verb=get,list", "--resource=configmaps", *where)
    world.kubectl("create", "rolebinding", "reader", "--role=reader", "--user=carol", *where)
    assert world.kubectl("auth", "can-i", "list", "configmaps", "--as=carol", *where) == "yes"
    assert world.kubectl("auth", "can-i", "list", "secrets", "--as=carol", *where, wrong=True).startswith("no")
    listed = lines(world.kubectl("auth", "can-i", "--list", "--as=carol", *where))
    assert ["configmaps", "[]", "[]", "[get", "list]"] in listed
    assert ["selfsubjectrulesreviews.authorization.k8s.io", "[]", "[]", "[create]"] in listed


def test_who_am_i(world: World) -> None:
    """`auth whoami` says who kubectl is, and who --as makes of it."""
    mine = json.loads(world.kubectl("auth", "whoami", "-o", "json"))["status"]["userInfo"]
    assert (mine["username"], mine["groups"]) == ("krate-admin", ["system:masters", "system:authenticated"])
    asked = ("--as=carol", "--as-group=crew", "--as-uid=7")
    carol = json.loads(world.kubectl("auth", "whoami", "-o", "json", *asked))["status"]["userInfo"]
    assert carol == {"username": "carol", "uid": "7", "groups": ["crew", "system:authenticated"]}
    path = "/api/v1/namespaces/default/configmaps"
    refused = world.kubectl("get", "--raw", path, "--as=carol", kubeconfig=world.alice, wrong=True)
    assert 'User "alice" cannot impersonate-on:user-info:list resource "configmaps"' in refused


def test_tokens(world: World, namespace: str) -> None:
    """`create token` gives a token that is its account, until the account or the bound Secret goes."""
    where = ("-n", namespace)
    world.kubectl("create", "serviceaccount", "robot", *where)
    world.kubectl("create", "secret", "generic", "s", "--from-literal=k=v", *where)
    plain = world.kubectl("create", "token", "robot", "--duration=1h", *where)
    bound = world.kubectl("create", "token", "robot", "--bound-object-kind=Secret", "--bound-object-name=s", *where)
    whoami = ("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}", "--kubeconfig=/dev/null")
    server = json.loads(world.kubectl("config", "view", "--raw", "-o", "json"))["clusters"][0]["cluster"]["server"]

    def who(token: str, *, wrong: bool = False) -> str:
        return world.kubectl(
            *whoami, f"--token={token}", f"--server={server}", "--insecure-skip-tls-verify", wrong=wrong
        )

    account = f"system:serviceaccount:{namespace}:robot"
    assert [who(plain), who(bound)] == [account, account]
    world.kubectl("delete", "secret", "s", *where)
    assert "Unauthorized" in who(bound, wrong=True) or "logged in" in who(bound, wrong=True)
    assert who(plain) == account
    short = world.kubectl("create", "token", "robot", "--duration=1m", *where, wrong=True)
    assert "may not specify a duration less than 10 minutes" in short


def owned(world: World, namespace: str, *, held: bool = False) -> None:
    """A ConfigMap `root` that owns a ConfigMap `child`."""
    where = ("-n", namespace)
    world.kubectl("create", "configmap", "root", *where)
    uid = world.kubectl("get", "configmap", "root", "-o", "jsonpath={.metadata.uid}", *where)
    ref = {"apiVersion": "v1", "kind": "ConfigMap", "name": "root", "uid": uid, "blockOwnerDeletion": True}
    metadata: dict[str, Any] = {"name": "child", "namespace": namespace, "ownerReferences": [ref]}
    if held:
        metadata["finalizers"] = ["example.com/hold"]
    world.kubectl("create", "-f", "-", stdin={"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})


def there(world: World, namespace: str) -> list[str]:
    found = world.kubectl("get", "configmaps", "-o", "jsonpath={.items[*].metadata.name}", "-n", namespace).split()
    return [name for name in found if name != "kube-root-ca.crt"]


def test_cascades(world: World, namespace: str) -> None:
    """`delete --cascade`: dependents go after their owner, before it, or stay without it."""
    where = ("-n", namespace)
    owned(world, namespace)
    world.kubectl("delete", "configmap", "root", *where)
    until("the child is collected", lambda: there(world, namespace) == [])
    owned(world, namespace, held=True)
    world.kubectl("delete", "configmap", "root", "--cascade=foreground", "--wait=false", *where)
    until(
        "the child is asked to go",
        lambda: bool(world.kubectl("get", "cm", "child", "-o", "jsonpath={.metadata.deletionTimestamp}", *where)),
    )
    assert there(world, namespace) == ["child", "root"]
    world.kubectl("patch", "configmap", "child", "--type=merge", "-p", '{"metadata":{"finalizers":null}}', *where)
    world.kubectl("wait", "--for=delete", "configmap/root", "--timeout=20s", *where)
    owned(world, namespace)
    world.kubectl("delete", "configmap", "root", "--cascade=orphan", *where)
    until("the owner is gone", lambda: there(world, namespace) == ["child"])
    assert world.kubectl("get", "cm", "child", "-o", "jsonpath={.metadata.ownerReferences}", *where) == ""


def test_creations(world: World, namespace: str) -> None:
    """`kubectl create` of what a control plane keeps, one of each sort."""
    where = ("-n", namespace)
    for words in (
        ("secret", "generic", "a", "--from-literal=k=v"),
        ("secret", "docker-registry", "b", "--docker-username=u", "--docker-password=p"),
        ("configmap", "c", "--from-literal=k=v"),
        ("serviceaccount", "d"),
        ("role", "e", "--verb=get", "--resource=configmaps"),
        ("rolebinding", "f", "--clusterrole=view", f"--serviceaccount={namespace}:d"),
    ):
        assert world.kubectl("create", *words, *where).endswith("created")
    types = world.kubectl("get", "secrets", "-o", "jsonpath={.items[*].type}", *where)
    assert types.split() == ["Opaque", "kubernetes.io/dockerconfigjson"]
    account = f"--as=system:serviceaccount:{namespace}:d"
    assert world.kubectl("auth", "can-i", "list", "configmaps", account, *where) == "yes"
    assert world.kubectl("auth", "can-i", "get", "secrets", account, *where, wrong=True).startswith("no")
    world.kubectl("wait", "--for=create", "serviceaccount/default", "--timeout=20s", *where)
    world.kubectl("delete", "namespace", namespace, "--timeout=30s")
    refused = world.kubectl("delete", "namespace", "default", wrong=True)
    assert 'namespaces "default" is forbidden: this namespace may not be deleted' in refused
