"""Kinds that somebody brings, through the kubectl that people have: defined, used, kept over a restart, taken away."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

import crd_rooms
import stock_kubectl
from conformance.definitions import PULLS, WIDGETS, pull, widget
from processes import Up, run


class Cluster(Up):
    """A `krate up` and a kubectl."""

    def kubectl(self, *arguments: str, stdin: Any = "") -> str:
        """What kubectl prints; it must succeed."""
        text = stdin if isinstance(stdin, str) else json.dumps(stdin)
        return run(
            stock_kubectl.find(), *arguments, environment={"KUBECONFIG": str(self.kubeconfig)}, stdin=text
        ).strip()

    def define(self, definition: dict[str, Any]) -> None:
        """Apply a definition and wait until kubectl says that it is established."""
        self.kubectl("apply", "-f", "-", stdin=definition)
        name = definition["metadata"]["name"]
        self.kubectl("wait", "--for=condition=established", f"crd/{name}", "--timeout=30s")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster")) as found:
        found.define(PULLS)
        found.define(WIDGETS)
        yield found


def test_a_definition_is_listed_like_any_object(cluster: Cluster) -> None:
    """`kubectl get crd` prints what kube-apiserver prints: a name and a time."""
    head, *rows = cluster.kubectl("get", "crd").splitlines()
    assert head.split(maxsplit=1) == ["NAME", "CREATED AT"]
    assert [row.split()[0] for row in rows] == ["pulls.ref.example.com", "widgets.ref.example.com"]


def test_a_kind_is_discovered(cluster: Cluster) -> None:
    """`kubectl api-resources` knows short names, categories and scope."""
    rows = cluster.kubectl("api-resources", "--api-group=ref.example.com", "-o", "wide", "--no-headers").splitlines()
    assert [row.split()[:5] for row in rows] == [
        ["pulls", "pl", "ref.example.com/v1", "true", "Pull"],
        [
            "widgets",
            "ref.example.com/v1",
            "false",
            "Widget",
            "delete,deletecollection,get,list,patch,create,update,watch",
        ],
    ]


def test_objects_by_every_name(cluster: Cluster) -> None:
    """An object is applied, printed in its columns, selected, described, explained, changed and deleted."""
    cluster.kubectl("apply", "-f", "-", stdin=pull("a", n=3))
    wide = cluster.kubectl("get", "pl", "a", "-o", "wide").splitlines()
    assert (wide[0].split(), wide[1].split()[:3]) == (["NAME", "STATE", "N", "AGE"], ["a", "open", "3"])
    assert cluster.kubectl("get", "ref", "-o", "name") == "pull.ref.example.com/a"
    selected = cluster.kubectl("get", "pulls", "--field-selector", "spec.state=closed", "-o", "name")
    assert selected == ""
    cluster.kubectl("patch", "pull/a", "--type=merge", "-p", '{"spec":{"state":"closed"}}')
    assert cluster.kubectl("get", "pulls", "--field-selector", "spec.state=closed", "-o", "name") == (
        "pull.ref.example.com/a"
    )
    assert "State:" in cluster.kubectl("describe", "pull", "a")
    assert "What it is about." in cluster.kubectl("explain", "pull.spec.title")
    cluster.kubectl("wait", "--for=jsonpath={.spec.state}=closed", "pull/a", "--timeout=5s")
    cluster.kubectl("delete", "pull", "a")
    assert cluster.kubectl("get", "pulls", "-o", "name") == ""


def test_versions(cluster: Cluster) -> None:
    """Both versions show the object; the older one warns."""
    cluster.kubectl("create", "-f", "-", stdin=widget("both", replicas=2))
    found = json.loads(cluster.kubectl("get", "widgets.v1beta1.ref.example.com", "both", "-o", "json"))
    assert (found["apiVersion"], found["spec"]["replicas"]) == ("ref.example.com/v1beta1", 2)


def test_everything_is_there_after_a_restart(cluster: Cluster) -> None:
    """Definitions and objects outlive the process: when it is ready again, they are served."""
    cluster.kubectl("apply", "-f", "-", stdin=pull("kept", n=7))
    before = json.loads(cluster.kubectl("get", "pull", "kept", "-o", "json"))
    cluster.stop()
    cluster.start()
    assert json.loads(cluster.kubectl("get", "pull", "kept", "-o", "json")) == before
    new = json.loads(cluster.kubectl("create", "--dry-run=server", "-o", "json", "-f", "-", stdin=pull("new")))
    assert new["spec"]["state"] == "open"
    cluster.kubectl("delete", "pull", "kept")


def test_the_last_of_a_kind(cluster: Cluster) -> None:
    """`kubectl delete crd` waits until the objects and the definition are gone, and a new one begins empty."""
    body = crd_rooms.definition(group="end.example.com", kind="Ending")
    cluster.define(body)
    cluster.kubectl("apply", "-n", "default", "-f", "-", stdin=crd_rooms.thing(body))
    cluster.kubectl("delete", "crd", "endings.end.example.com", "--timeout=30s")
    assert cluster.kubectl("api-resources", "--api-group=end.example.com", "-o", "name", "--cached=false") == ""
    cluster.define(body)
    assert cluster.kubectl("get", "endings", "-o", "name") == ""
    cluster.kubectl("delete", "crd", "endings.end.example.com", "--timeout=30s")
