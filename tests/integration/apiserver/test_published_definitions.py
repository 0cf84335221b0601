"""Definitions that others publish: all of them are accepted and established, as on kube-apiserver.

They are read from Go's module cache, where `make tools` puts them, and skipped where they are not.
"""

import functools
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import crd_rooms
from krate import kinds
from served_api import API, until

PROJECTS = {
    "kyverno": "github.com/kyverno/kyverno@v1.19.1/config/crds",
    "crossplane": "github.com/crossplane/crossplane/v2@v2.4.0/cluster/crds",
    "argo-cd": "github.com/argoproj/argo-cd/v3@v3.5.7/manifests/crds",
    "kubevela": "github.com/oam-dev/kubevela@v1.10.9/charts/vela-core/crds",
}


@functools.cache
def modules() -> Path:
    """Go's module cache; a folder that does not exist where there is no Go."""
    go = shutil.which("go")
    found = subprocess.run((go, "env", "GOMODCACHE"), capture_output=True, check=True).stdout if go else b"/nowhere"
    return Path(found.decode().strip())


def definitions(folder: Path) -> Iterator[dict[str, Any]]:
    """The definitions below a folder."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path in sorted(folder.rglob("*.yaml")):
        if path.name == "kustomization.yaml":
            continue
        for body in yaml.load_all(path.read_text(), loader):
            if body and body["kind"] == "CustomResourceDefinition":
                yield body


@pytest.mark.parametrize("project", PROJECTS)
def test_published_definitions_are_established(admin: API, project: str) -> None:
    """Every definition of the project is established without a warning, and its objects can be listed."""
    folder = modules() / PROJECTS[project]
    if not folder.is_dir():
        pytest.skip(f"no {PROJECTS[project]} in the module cache")
    found = list(definitions(folder))
    assert found
    rows = {kind.resource for kind in kinds.KINDS}
    for body in found:
        answer = admin.post(crd_rooms.PATH, json=body)
        assert (answer.status_code, answer.headers.get_list("warning")) == (201, []), answer.text
    for body in found:
        stored = crd_rooms.wait(admin, body)
        assert crd_rooms.condition(stored, "NonStructuralSchema") == {}
        for version in body["spec"]["versions"]:
            if not version["served"] or body["metadata"]["name"] in rows:
                continue
            where = crd_rooms.collection(body, version=version["name"])
            until(lambda where=where: admin.get(where).status_code == 200)
