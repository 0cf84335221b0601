"""Definitions that others publish (`corpora/definitions`), one object of each, and what its schema refuses."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "corpora" / "definitions"


@dataclass(frozen=True)
class Sample:
    """A definition, an object that it accepts, and a change of it that it refuses."""

    resource: str
    explained: str
    """What `kubectl explain` prints of the members of a field: the field, and a line."""
    line: str
    spec: Mapping[str, Any]
    wrong: Mapping[str, Any]
    """A merge patch."""
    told: str
    """Why it is refused, in kube-apiserver's words as kubectl prints them, behind `The KIND "NAME" is invalid: `."""

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.resource}.yaml"

    @property
    def definition(self) -> dict[str, Any]:
        return yaml.safe_load(self.path.read_text(encoding="utf-8"))

    @property
    def printed(self) -> str:
        """How kubectl names the object."""
        spec = self.definition["spec"]
        return f"{spec['names']['singular']}.{spec['group']}/a"

    @property
    def body(self) -> dict[str, Any]:
        """The object, in the version that is stored."""
        spec = self.definition["spec"]
        version = next(one["name"] for one in spec["versions"] if one["storage"])
        api_version = f"{spec['group']}/{version}"
        return {"apiVersion": api_version, "kind": spec["names"]["kind"], "metadata": {"name": "a"}, "spec": self.spec}


SAMPLES = (
    Sample(
        "appprojects.argoproj.io",
        "spec.roles",
        "name\t<string> -required-",
        {"sourceRepos": ["*"], "destinations": [{"namespace": "*", "server": "https://kubernetes.default.svc"}]},
        {"spec": {"roles": [{"description": "nameless"}]}},
        "spec.roles[0].name: Required value",
    ),
    Sample(
        "compositions.apiextensions.crossplane.io",
        "spec.compositeTypeRef",
        "kind\t<string> -required-",
        {
            "compositeTypeRef": {"apiVersion": "example.org/v1", "kind": "XBucket"},
            "pipeline": [{"step": "one", "functionRef": {"name": "function-one"}}],
        },
        {"spec": {"compositeTypeRef": {"kind": "XOther"}}},
        "spec.compositeTypeRef: Invalid value: Value is immutable",
    ),
    Sample(
        "usages.protection.crossplane.io",
        "spec.of",
        "resourceRef\t<Object>",
        {"of": {"apiVersion": "v1", "kind": "ConfigMap", "resourceRef": {"name": "kept"}}, "reason": "kept"},
        {"spec": {"reason": None}},
        'spec: Invalid value: either "spec.by" or "spec.reason" must be specified.',
    ),
    Sample(
        "applications.core.oam.dev",
        "spec.components",
        "name\t<string> -required-",
        {"components": [{"name": "web", "type": "webservice", "properties": {"image": "nginx", "port": 80}}]},
        {"spec": {"components": [{"name": "web", "type": 5}]}},
        'spec.components[0].type: Invalid value: "integer": spec.components[0].type in body must be of type string: '
        '"integer"',
    ),
    Sample(
        "globalcontextentries.kyverno.io",
        "spec.apiCall",
        "enum: GET, POST",
        {"kubernetesResource": {"version": "v1", "resource": "configmaps"}},
        {"spec": {"apiCall": {"method": "PUT"}}},
        '* <nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives\n'
        '* spec.apiCall.method: Unsupported value: "PUT": supported values: "GET", "POST"',
    ),
    Sample(
        "resourcegraphdefinitions.kro.run",
        "spec.schema",
        "kind\t<string> -required-",
        {"schema": {"apiVersion": "v1alpha1", "kind": "Shop", "spec": {"name": "string"}}, "resources": []},
        {"spec": {"schema": {"kind": "Store"}}},
        'spec.schema.kind: Invalid value: "Store": kind is immutable',
    ),
    Sample(
        "volumesnapshots.snapshot.storage.k8s.io",
        "spec.source",
        "persistentVolumeClaimName\t<string>",
        {"source": {"persistentVolumeClaimName": "data"}},
        {"spec": {"source": {"persistentVolumeClaimName": None, "volumeSnapshotContentName": "other"}}},
        "spec.source: Invalid value: persistentVolumeClaimName is required once set",
    ),
)
