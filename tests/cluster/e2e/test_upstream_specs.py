"""Kubernetes' own end-to-end tests against `krate up`: every spec of `specs.txt` passes.

What is listed needs no node, no pod and no kind that only a cluster has. Specs mostly wait, so that several processes
share them; serial ones have the server for themselves.
"""

import json
import re
import subprocess
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest

import cluster_tools
from processes import Up

pytestmark = cluster_tools.needed("e2e", "kubectl")

SPECS: Final = tuple((Path(__file__).parent / "specs.txt").read_text().splitlines())
SERIAL: Final = tuple(spec for spec in SPECS if "[Serial]" in spec)
PARALLEL: Final = tuple(spec for spec in SPECS if "[Serial]" not in spec)
SHARES: Final = 4


@pytest.fixture
def up(tmp_path: Path) -> Generator[Up]:
    with Up(tmp_path) as running:
        yield running


def outcomes(up: Up, specs: Sequence[str], report: Path) -> dict[str, str]:
    """How each of some specs ended; what their program printed stands beside the report."""
    options = {
        "kubeconfig": up.kubeconfig,
        "kubectl-path": cluster_tools.path("kubectl"),
        "provider": "skeleton",
        "allowed-not-ready-nodes": -1,
        "minStartupPods": 0,
        "dump-logs-on-failure": "false",
        "ginkgo.focus": "|".join(f"{re.escape(spec)}(?: \\[|$)" for spec in specs),
        "ginkgo.json-report": report,
        "ginkgo.no-color": "true",
        "ginkgo.succinct": "true",
    }
    program = cluster_tools.path("e2e")
    with report.with_suffix(".out").open("wb") as output:
        arguments = [f"--{name}={value}" for name, value in options.items()]
        subprocess.run([program, *arguments], stdout=output, stderr=subprocess.STDOUT, check=False)
    told = json.loads(report.read_text())[0]["SpecReports"]
    return {name(one): one["State"] for one in told if one["State"] != "skipped" and one["LeafNodeType"] == "It"}


def name(report: dict[str, Any]) -> str:
    """A spec as `specs.txt` names it."""
    return " ".join([*report["ContainerHierarchyTexts"], report["LeafNodeText"]])


def test_specs(up: Up, tmp_path: Path) -> None:
    """Each listed spec runs, and passes."""
    with ThreadPoolExecutor(SHARES) as pool:
        shares = [
            pool.submit(outcomes, up, PARALLEL[number::SHARES], tmp_path / f"share-{number}.json")
            for number in range(SHARES)
        ]
    found = outcomes(up, SERIAL, tmp_path / "serial.json")
    for share in shares:
        found |= share.result()
    assert found == dict.fromkeys(SPECS, "passed")
