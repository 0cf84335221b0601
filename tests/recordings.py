"""Documents that a real kube-apiserver 1.36 published, as data: for suites that cannot wait for one.

`surroundings.published` of the conformance suite compares the same definitions with a running one. Descriptions are
left out, because those of Kubernetes' types are their authors' words, and ours are ours.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "recorded"
STATUS: dict[str, Any] = {"status": {}}
SCALED: dict[str, Any] = {
    **STATUS,
    "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"},
}


def read(name: str) -> dict[str, Any]:
    """A recording."""
    return json.loads((_FOLDER / f"{name}.json").read_text())


def definition(kind: str, schema: Mapping[str, Any] | None = None, *, scope: str, **version: Any) -> dict[str, Any]:
    """A definition of one version in a group that is named after it."""
    plural, group = f"{kind.lower()}s", f"{kind.lower()}.example.com"
    body = {"openAPIV3Schema": dict(schema or {"type": "object"})}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": scope,
            "names": {"plural": plural, "kind": kind},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": body, **version}],
        },
    }


def small(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The definition of the small kind: one for the whole cluster, without subresources."""
    found = definition("Dot", schema, scope="Cluster")
    found["metadata"]["name"] = "dots.small.example.com"
    found["spec"] |= {"group": "small.example.com"}
    found["spec"]["names"] |= {"shortNames": ["d"], "categories": ["shapes"]}
    return found


def undescribed(value: Any) -> Any:
    """A document without its descriptions; a property of that name is none."""
    if isinstance(value, dict):
        kept = {key: one for key, one in value.items() if not (key == "description" and isinstance(one, str))}
        return {key: undescribed(one) for key, one in kept.items()}
    return [undescribed(one) for one in value] if isinstance(value, list) else value
