"""Definitions that Argo CD, Crossplane, KubeVela, Kyverno, kro and Kubernetes publish: applied, explained, lived in."""

import json
from collections.abc import Iterator

import pytest

import processes
import stock_kubectl
from processes import Up
from published_samples import SAMPLES, Sample


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with Up(tmp_path_factory.mktemp("samples")) as running:
        yield running


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.resource)
def test_a_published_definition(up: Up, sample: Sample) -> None:
    """Established and explained; an object of it is made, may not become wrong, and goes; then the definition does."""

    def kubectl(*arguments: str, stdin: str = "") -> str:
        environment = {"KUBECONFIG": str(up.kubeconfig)}
        return processes.run(stock_kubectl.find(), *arguments, environment=environment, stdin=stdin).strip()

    resource = sample.resource
    assert kubectl("apply", "-f", str(sample.path)).endswith(f"/{resource} created")
    kubectl("wait", "--for=condition=Established", f"crd/{resource}", "--timeout=20s")
    assert sample.line in kubectl("explain", f"{resource}.{sample.explained}")
    assert kubectl("apply", "-f", "-", stdin=json.dumps(sample.body)) == f"{sample.printed} created"
    with pytest.raises(processes.CommandFailed) as refused:
        kubectl("patch", resource, "a", "--type=merge", "-p", json.dumps(sample.wrong))
    said = str(refused.value).partition(f'The {sample.body["kind"]} "a" is invalid: ')[2]
    assert said.strip() == sample.told
    assert json.loads(kubectl("get", resource, "a", "-o", "json"))["metadata"]["generation"] == 1
    kubectl("delete", resource, "a")
    kubectl("delete", "crd", resource)
    assert kubectl("get", "crd", "-o", "name") == ""
