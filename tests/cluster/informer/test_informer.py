"""client-go's informers, pager, RetryWatcher and leader election against `krate up`, while everything changes."""

import os
import re
from collections.abc import Generator
from pathlib import Path

import pytest
import yaml

import cluster_tools
import processes
from processes import Up

pytestmark = cluster_tools.needed("informer", "kubectl")

SECONDS = os.environ.get("KRATE_INFORMER_SECONDS", "20")
"""How long changes are made."""
NAMESPACES = ("judge-a", "judge-b")
KINDS = (
    "judge.example.com/v1/widgets/Widget",
    "/v1/configmaps/ConfigMap",
    "coordination.k8s.io/v1/leases/Lease",
    "krate.a5c.ai/v1alpha1/repositories/Repository",
)
WIDGETS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.judge.example.com"},
    "spec": {
        "group": "judge.example.com",
        "scope": "Namespaced",
        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


@pytest.fixture
def up(tmp_path: Path) -> Generator[Up]:
    """A `krate up` with two namespaces and a kind of our own."""
    with Up(tmp_path) as running:
        for name in NAMESPACES:
            kubectl(running, "create", "namespace", name)
        kubectl(running, "apply", "-f", "-", stdin=yaml.safe_dump(WIDGETS))
        kubectl(running, "wait", "--for=condition=Established", "crd/widgets.judge.example.com")
        yield running


def kubectl(up: Up, *arguments: str, stdin: str = "") -> str:
    program = str(cluster_tools.path("kubectl"))
    return processes.run(program, *arguments, environment={"KUBECONFIG": str(up.kubeconfig)}, stdin=stdin)


def test_informers_are_never_wrong(up: Up) -> None:
    """Restarted, throttled, cut off: stores equal fresh lists, and no change was missed or told twice."""
    command = [
        *(str(cluster_tools.path("informer")), "-kubeconfig", str(up.kubeconfig), "-seconds", SECONDS),
        *("-namespaces", ",".join(NAMESPACES), "-kinds", ",".join(KINDS)),
    ]
    detector = {"KUBE_WATCHLIST_INCONSISTENCY_DETECTOR": "true"}
    told = processes.run(*command, environment=detector, seconds=float(SECONDS) + 180)
    assert re.fullmatch(r"consistent: .*", told.strip()), told
