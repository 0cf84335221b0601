"""The genuine kubectl 1.36 before `krate up`: what the comparison with a real server does not play, in sequences."""

import json

import pytest
import yaml

import cluster_tools
from genuine_kubectl import Kubectl
from processes import until

pytestmark = cluster_tools.needed("kubectl")

OURS = ("configmaps", "-l", "app")
"""What a test made: every namespace has certificates, too."""


def config_map(name: str, **data: str) -> str:
    meta = {"name": name, "labels": {"app": name}}
    return yaml.safe_dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data})


def data(kubectl: Kubectl, name: str) -> dict[str, str]:
    return json.loads(kubectl("get", "configmap", name, "-o", "json")).get("data", {})


def test_creators(kubectl: Kubectl) -> None:
    """Every creator of a kind we serve makes it, and a token of an account is accepted."""
    made = [
        kubectl("create", "configmap", "c", "--from-literal=a=1"),
        kubectl("create", "secret", "generic", "s", "--from-literal=a=1"),
        kubectl("create", "serviceaccount", "bot"),
        kubectl("create", "role", "reader", "--verb=get,list", "--resource=configmaps"),
        kubectl("create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={kubectl.namespace}:bot"),
    ]
    assert made == [
        "configmap/c created",
        "secret/s created",
        "serviceaccount/bot created",
        "role.rbac.authorization.k8s.io/reader created",
        "rolebinding.rbac.authorization.k8s.io/reader created",
    ]
    token = kubectl("create", "token", "bot")
    assert kubectl("get", "configmaps", "-o", "name", "--token", token).splitlines()
    can = ("--as", f"system:serviceaccount:{kubectl.namespace}:bot")
    assert kubectl("auth", "can-i", "list", "configmaps", *can) == "yes"
    assert "no" in kubectl.refused("auth", "can-i", "list", "secrets", *can)


def test_server_side_apply(kubectl: Kubectl) -> None:
    """Who applied owns; another is told of the conflict, and takes the field by force; what is given up goes."""
    apply = ("apply", "--server-side", "-f", "-")
    assert kubectl(*apply, stdin=config_map("c", a="1", b="1")) == "configmap/c serverside-applied"
    conflict = kubectl.refused(*apply, "--field-manager=other", stdin=config_map("c", a="2"))
    assert 'conflict with "kubectl": .data.a' in conflict
    kubectl(*apply, "--field-manager=other", "--force-conflicts", stdin=config_map("c", a="2"))
    assert data(kubectl, "c") == {"a": "2", "b": "1"}
    kubectl(*apply, stdin=config_map("c"))
    assert data(kubectl, "c") == {"a": "2"}


def test_client_side_apply_becomes_server_side(kubectl: Kubectl) -> None:
    """Fields applied by the client before belong to the same person afterwards, and can be given up."""
    kubectl("apply", "-f", "-", stdin=config_map("c", a="1", b="1"))
    assert (
        kubectl("apply", "--server-side", "-f", "-", stdin=config_map("c", a="2")) == "configmap/c serverside-applied"
    )
    assert data(kubectl, "c") == {"a": "2"}


def test_apply_prunes(kubectl: Kubectl) -> None:
    """What was applied by label and is no more in the files goes."""
    prune = ("apply", "--prune", "-l", "app=c", "--prune-allowlist=core/v1/ConfigMap", "-f", "-")
    two = config_map("c", a="1") + "---\n" + config_map("d", a="1").replace("app: d", "app: c")
    kubectl("apply", "-f", "-", stdin=two)
    assert "configmap/d pruned" in kubectl(*prune, stdin=config_map("c", a="1"))
    assert kubectl("get", *OURS, "-o", "name") == "configmap/c"


def test_edits(kubectl: Kubectl) -> None:
    """What an editor leaves is sent: to the object, and to what was applied last."""
    kubectl("apply", "-f", "-", stdin=config_map("c", a="one"))
    assert kubectl("edit", "configmap", "c", editor="sed -i s/one/two/") == "configmap/c edited"
    assert data(kubectl, "c") == {"a": "two"}
    kubectl("apply", "edit-last-applied", "configmap/c", editor="sed -i s/two/three/")
    assert '"three"' in kubectl("apply", "view-last-applied", "configmap/c", "-o", "json")


def test_watches(kubectl: Kubectl) -> None:
    """A watch prints every event with its type, also when it began before there was anything."""
    watching = ("get", *OURS, "-w", "--output-watch-events", "-o", "jsonpath={.type} {.object.data.a}{'\\n'}")
    with kubectl.started(*watching) as running:
        assert running.stdout is not None
        # The first event says that the watch has begun.
        until("a first event", lambda: kubectl("apply", "-f", "-", stdin=config_map("c", a="1")))
        lines = [running.stdout.readline()]
        kubectl("patch", "configmap", "c", "--type=merge", "-p", '{"data":{"a":"2"}}')
        kubectl("delete", "configmap", "c")
        lines += [running.stdout.readline() for _ in range(2)]
        running.terminate()
    assert [line.strip() for line in lines] == ["ADDED 1", "MODIFIED 2", "DELETED 2"]


def test_waits(kubectl: Kubectl) -> None:
    """A wait for creation, for a value and for deletion ends when it has happened."""
    with kubectl.started("wait", "--for=create", "configmap/c", "--timeout=30s") as created:
        kubectl("apply", "-f", "-", stdin=config_map("c", a="1"))
        assert created.wait(30) == 0
    with kubectl.started("wait", "--for=jsonpath={.data.a}=2", "configmap/c", "--timeout=30s") as changed:
        kubectl("patch", "configmap", "c", "-p", '{"data":{"a":"2"}}')
        assert changed.wait(30) == 0
    with kubectl.started("wait", "--for=delete", "configmap/c", "--timeout=30s") as deleted:
        kubectl("delete", "configmap", "c", "--wait=false")
        assert deleted.wait(30) == 0


@pytest.mark.parametrize(("policy", "left"), [("background", ""), ("foreground", ""), ("orphan", "configmap/child")])
def test_cascades(kubectl: Kubectl, policy: str, left: str) -> None:
    """What an object owns goes with it, or stays alone."""
    kubectl("apply", "-f", "-", stdin=config_map("owner"))
    uid = kubectl("get", "configmap", "owner", "-o", "jsonpath={.metadata.uid}")
    child = yaml.safe_load(config_map("child"))
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}
    child["metadata"]["ownerReferences"] = [owner]
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(child))
    kubectl("delete", "configmap", "owner", f"--cascade={policy}", "--timeout=30s")
    until("the rest", lambda: kubectl("get", *OURS, "-o", "name") == left)


def test_diff_and_dry_runs(kubectl: Kubectl) -> None:
    """A difference is shown and changes nothing; where there is none, nothing is said."""
    kubectl("apply", "-f", "-", stdin=config_map("c", a="1"))
    changed = kubectl.refused("diff", "-f", "-", stdin=config_map("c", a="2"))
    assert [line for line in changed.splitlines() if line.startswith(("-  a:", "+  a:"))] == ['-  a: "1"', '+  a: "2"']
    assert kubectl("diff", "-f", "-", stdin=config_map("c", a="1")) == ""
    dry = kubectl("apply", "--dry-run=server", "-f", "-", stdin=config_map("c", a="2"))
    assert dry == "configmap/c configured (server dry run)"
    assert data(kubectl, "c") == {"a": "1"}


def test_many(kubectl: Kubectl) -> None:
    """Objects in chunks, labelled all at once, sorted, selected and deleted by label."""
    kubectl("create", "-f", "-", stdin="---\n".join(config_map(f"c{number}", a=str(9 - number)) for number in range(7)))
    names = [f"configmap/c{number}" for number in range(7)]
    assert kubectl("get", *OURS, "-o", "name", "--chunk-size=2").splitlines() == names
    kubectl("label", *OURS, "tier=web")
    kubectl("annotate", "configmaps", "-l", "app in (c1,c2)", "e.com/note=1")
    noted = "jsonpath={range .items[?(@.metadata.annotations.e\\.com/note)]}{.metadata.name} {end}"
    assert kubectl("get", "configmaps", "-o", noted).split() == ["c1", "c2"]
    assert kubectl("get", *OURS, "--sort-by={.data.a}", "-o", "name").splitlines() == names[::-1]
    kubectl("delete", "configmaps", "-l", "tier=web,app notin (c3)")
    assert kubectl("get", *OURS, "--field-selector=metadata.name!=c9", "-o", "name") == "configmap/c3"


def test_events(kubectl: Kubectl) -> None:
    """`kubectl events` shows what is told about an object, and describe does, too."""
    kubectl("apply", "-f", "-", stdin=config_map("c"))
    about = json.loads(kubectl("get", "configmap", "c", "-o", "json"))["metadata"]
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "c.1", "namespace": kubectl.namespace},
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            **{k: about[k] for k in ("name", "namespace", "uid")},
        },
        "reason": "Seen",
        "message": "it was seen",
        "type": "Normal",
        "count": 1,
        "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:00:00Z",
    }
    kubectl("create", "-f", "-", stdin=json.dumps(event))
    for told in (kubectl("events", "--for=configmap/c", "--no-headers"), kubectl("describe", "configmap", "c")):
        assert "Seen" in told
        assert "it was seen" in told


def test_raw_and_resources(kubectl: Kubectl) -> None:
    """Addresses by hand, and every kind that is listed can be listed."""
    assert json.loads(kubectl("get", "--raw", "/version"))["minor"] == "36"
    assert kubectl("get", "--raw", "/readyz") == "ok"
    listed = kubectl("api-resources", "--verbs=list", "-o", "name").splitlines()
    assert {"configmaps", "leases.coordination.k8s.io", "customresourcedefinitions.apiextensions.k8s.io"} <= set(listed)
    found = json.loads(kubectl("get", ",".join(listed), "-o", "json"))
    assert found["kind"] == "List"
