"""Schemas of our XRDs and CRDs: what may stand in them, and what their rules mean."""

from typing import Any

import pytest

from krate import crossplane, kinds, manifests, names, schema
from krate.kinds import Form, Kind
from krate_cel import environment

COMPOSITES = [kind for kind in kinds.KINDS if kind.form is Form.COMPOSITE]
CONFIGS = [kind for kind in kinds.KINDS if kind.form is Form.CONFIG]


def evaluate(rule: str, new: dict[str, Any], old: dict[str, Any]) -> bool:
    """A transition rule, as an API server evaluates it: escaped names are the fields' names there."""
    found = environment.Environment({"self": environment.Type.DYN, "oldSelf": environment.Type.DYN})
    program = found.compile(rule.replace("__namespace__", "namespace_"), returns=environment.Returns.BOOL)
    return bool(program.evaluate({"self": renamed(new), "oldSelf": renamed(old)}))


def renamed(obj: dict[str, Any]) -> dict[str, Any]:
    spec = {("namespace_" if key == "namespace" else key): value for key, value in obj["spec"].items()}
    return {"spec": spec}


@pytest.mark.parametrize(
    ("old", "new", "want"),
    [
        ({}, {}, True),
        ({}, {"namespace": "a"}, True),
        ({"namespace": "a"}, {"namespace": "a"}, True),
        ({"namespace": "a"}, {"namespace": "b"}, False),
        ({"namespace": "a"}, {}, False),
    ],
    ids=["absent", "set once", "unchanged", "changed", "removed"],
)
def test_immutability(old: dict[str, Any], new: dict[str, Any], want: Any) -> None:
    """Once set, a value neither changes nor goes: CEL's engine judges the generated rule."""
    (rule,) = manifests.immutability(kinds.ORGANIZATION)
    assert evaluate(rule["rule"], {"spec": new}, {"spec": old}) is want


@pytest.mark.parametrize("kind", COMPOSITES, ids=lambda kind: kind.name)
def test_what_an_xrd_may_carry(kind: Kind) -> None:
    """Nothing stands in our XRDs that Crossplane would drop without a word."""
    version = manifests.definition(kind)["spec"]["versions"][0]
    root = version["schema"]["openAPIV3Schema"]
    assert set(version) <= {"name", "served", "referenceable", "additionalPrinterColumns", "schema"}
    assert set(root) <= {"type", "description", "x-kubernetes-validations", "required", "properties"}
    assert set(root["properties"]) <= {"metadata", "spec", "status"}
    spec = set(root["properties"]["spec"])
    assert spec <= {"type", "description", "required", "oneOf", "x-kubernetes-validations", "properties"}
    assert set(root["properties"]["status"]) <= {"type", "description", "properties"}


def nodes(node: Any) -> Any:
    """Every schema below a node."""
    yield node
    for child in node.get("properties", {}).values():
        yield from nodes(child)
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            yield from nodes(node[key])


def root_of(kind: Kind) -> dict[str, Any]:
    composite = kind.form is Form.COMPOSITE
    found = crossplane.composite(manifests.definition(kind)) if composite else manifests.crd(kind)
    return found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


@pytest.mark.parametrize("kind", [*COMPOSITES, *CONFIGS], ids=lambda kind: kind.name)
def test_schemas_are_structural(kind: Kind) -> None:
    """Every node has a type, keys of map lists are required or defaulted, and every field of ours is described."""
    root = root_of(kind)
    for node in nodes(root):
        assert "type" in node
        for key in node.get("x-kubernetes-list-map-keys", ()):
            assert key in node["items"].get("required", ()) or "default" in node["items"]["properties"][key]
    crossplanes = [root["properties"]["spec"]["properties"].get("crossplane", {}), root["properties"]["status"]]
    described = [
        node for part in ("spec", "status") for node in fields(root["properties"][part]) if node not in crossplanes
    ]
    assert [name for name, node in described if not node.get("description")] == []


def fields(node: dict[str, Any], path: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Fields below a node, without what Crossplane adds."""
    found: list[tuple[str, dict[str, Any]]] = []
    for name, child in node.get("properties", {}).items():
        if name not in {"crossplane", "conditions"}:
            found.append((f"{path}.{name}", child))
            found.extend(fields(child.get("items", child), f"{path}.{name}"))
    return found


def test_an_optional_object_has_no_default() -> None:
    """A part that nobody wrote does not spring into existence because its fields have defaults."""
    defaults = schema.structural(kinds.ORGANIZATION.model)["properties"]["spec"]["properties"]["defaults"]
    assert "default" not in defaults
    assert "default" not in defaults["properties"]["branchProtection"]


def test_names() -> None:
    """A limit on names that no object could reach is not written down."""
    assert root_of(kinds.REPOSITORY)["properties"]["metadata"]["properties"]["name"]["maxLength"] == 50
    assert root_of(kinds.BRANCH_PROTECTION)["properties"]["metadata"] == {"type": "object"}
    assert kinds.BRANCH_PROTECTION.max_name == names.MAX_SUBDOMAIN
