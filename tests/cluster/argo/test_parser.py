"""Argo CD's way of reading OpenAPI (kubectl's and apimachinery's parsers over gnostic's protobuf) before `krate up`."""

import json
import re
from pathlib import Path

import cluster_tools
import processes
from conformance import definitions
from krate import kinds
from processes import Up

pytestmark = cluster_tools.needed("argo", "kubectl")

PULL = {
    "apiVersion": definitions.VERSION,
    "kind": "Pull",
    "metadata": {"name": "a"},
    "spec": {"title": "t", "reviewers": [{"name": "x", "ok": True}], "tags": ["q"]},
}


def test_every_kind_and_object_is_understood(tmp_path: Path) -> None:
    """Every kind has a type, every object is of it, and whatever a manager owns is found by it."""
    with Up(tmp_path) as up:
        environment = {"KUBECONFIG": str(up.kubeconfig)}

        def kubectl(*arguments: str, stdin: str = "") -> str:
            return processes.run(str(cluster_tools.path("kubectl")), *arguments, environment=environment, stdin=stdin)

        kubectl("apply", "-f", "-", stdin=json.dumps(definitions.PULLS))
        kubectl("wait", "--for=condition=Established", f"crd/{definitions.PULLS['metadata']['name']}")
        for manager in ("one", "two"):
            apply = ("apply", "--server-side", f"--field-manager={manager}", "-f", "-")
            kubectl(*apply, stdin=json.dumps(PULL))
        told = processes.run(str(cluster_tools.path("argo")), "-kubeconfig", str(up.kubeconfig))
    first, last = told.splitlines()
    known = set(first.split()[1:])
    table = {".".join(filter(None, (kind.name, kind.group))) for kind in kinds.KINDS}
    assert known == {*table, f"Pull.{definitions.GROUP}", "CompositeResourceDefinition.apiextensions.crossplane.io"}
    objects, managers = (int(count) for count in re.findall(r"\d+", last))
    assert objects > len(kinds.KINDS)
    assert managers > 1
