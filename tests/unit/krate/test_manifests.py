"""From rows to XRDs and CRDs."""

from dataclasses import replace
from typing import Any

import pytest

from krate import kinds, manifests, names, schema
from krate.kinds import Column, Form, Kind, Scope
from krate.models import Model, Resource
from krate_cel import environment

COMPOSITES = [kind for kind in kinds.KINDS if kind.form is Form.COMPOSITE]
CONFIGS = [kind for kind in kinds.KINDS if kind.form is Form.CONFIG]


class ToySpec(Model):
    """What the toy should be."""

    colour: str
    """Colour of the toy."""
    namespace: str | None = None
    """Where it stands."""


class ToyStatus(Model):
    """What the toy is."""

    dust: int = 0
    """Grains."""


class Toy(Resource):
    """A toy."""

    spec: ToySpec
    """What the toy should be."""
    status: ToyStatus = ToyStatus()
    """What the toy is."""


TOY = Kind(
    "Toy",
    "toys",
    "example.org",
    "v1",
    Toy,
    Form.CONFIG,
    short_names=("t",),
    categories=("play",),
    columns=(
        Column("Colour", "spec.colour"),
        kinds.AGE,
        Column("Ready", "status.conditions[type=Ready].status", priority=1),
    ),
    selectable=("spec.colour",),
    subresources=(kinds.STATUS,),
    immutable=("spec.colour", "spec.namespace"),
    max_name=50,
)
RULES = [
    {
        "rule": "self.spec.colour == oldSelf.spec.colour",
        "message": "spec.colour is immutable once set",
        "fieldPath": ".spec.colour",
    },
    {
        "rule": "!has(oldSelf.spec.__namespace__) || (has(self.spec.__namespace__) && "
        "self.spec.__namespace__ == oldSelf.spec.__namespace__)",
        "message": "spec.namespace is immutable once set",
        "fieldPath": ".spec.namespace",
    },
]
SPEC = {
    "type": "object",
    "description": "What the toy should be.",
    "properties": {
        "colour": {"type": "string", "description": "Colour of the toy."},
        "namespace": {"type": "string", "description": "Where it stands."},
    },
    "required": ["colour"],
}
STATUS = {
    "type": "object",
    "description": "What the toy is.",
    "properties": {"dust": {"type": "integer", "description": "Grains."}},
}


def test_a_whole_crd() -> None:
    """Everything that a row says is in its CRD."""
    properties = schema.structural(Toy)["properties"]
    assert manifests.crd(TOY) == {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "toys.example.org"},
        "spec": {
            "group": "example.org",
            "names": {
                "kind": "Toy",
                "listKind": "ToyList",
                "plural": "toys",
                "singular": "toy",
                "shortNames": ["t"],
                "categories": ["play"],
            },
            "scope": "Namespaced",
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "additionalPrinterColumns": [
                        {"name": "Colour", "type": "string", "jsonPath": ".spec.colour"},
                        {
                            "name": "Age",
                            "type": "date",
                            "jsonPath": ".metadata.creationTimestamp",
                            "description": "Time since creation.",
                        },
                        {
                            "name": "Ready",
                            "type": "string",
                            "jsonPath": ".status.conditions[?(@.type=='Ready')].status",
                            "priority": 1,
                        },
                    ],
                    "subresources": {"status": {}},
                    "selectableFields": [{"jsonPath": ".spec.colour"}],
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "description": "A toy.",
                            "properties": {
                                "apiVersion": properties["apiVersion"],
                                "kind": properties["kind"],
                                "metadata": {
                                    "type": "object",
                                    "properties": {"name": {"type": "string", "maxLength": 50}},
                                },
                                "spec": SPEC,
                                "status": STATUS,
                            },
                            "required": ["spec"],
                            "x-kubernetes-validations": RULES,
                        }
                    },
                }
            ],
        },
    }


COMPOSITE_TOY = replace(TOY, form=Form.COMPOSITE, scope=Scope.CLUSTER)


def test_a_whole_xrd() -> None:
    """An XRD says what survives in it: no columns of Crossplane's own, no selectable fields, no conditions."""
    assert manifests.definition(COMPOSITE_TOY) == {
        "apiVersion": "apiextensions.crossplane.io/v2",
        "kind": "CompositeResourceDefinition",
        "metadata": {"name": "toys.example.org"},
        "spec": {
            "group": "example.org",
            "scope": "Cluster",
            "names": manifests.crd(TOY)["spec"]["names"],
            "enforcedCompositionRef": {"name": "toys.example.org"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "referenceable": True,
                    "additionalPrinterColumns": [{"name": "Colour", "type": "string", "jsonPath": ".spec.colour"}],
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "description": "A toy.",
                            "x-kubernetes-validations": RULES,
                            "required": ["spec"],
                            "properties": {
                                "metadata": {
                                    "type": "object",
                                    "properties": {"name": {"type": "string", "maxLength": 50}},
                                },
                                "spec": SPEC,
                                "status": STATUS,
                            },
                        }
                    },
                }
            ],
        },
    }


def test_what_crossplane_derives() -> None:
    """The derived CRD adds Crossplane's columns, category, settings and conditions, and limits names to labels.

    `derived` was compared with pkg/xcrd of crossplane-runtime 2.4.0 for all three composites: equal.
    """
    found = manifests.derived(COMPOSITE_TOY)["spec"]
    version = found["versions"][0]
    root = version["schema"]["openAPIV3Schema"]
    assert found["names"]["categories"] == ["play", "composite"]
    assert [column["name"] for column in version["additionalPrinterColumns"]] == [
        "Colour",
        "SYNCED",
        "READY",
        "COMPOSITION",
        "COMPOSITIONREVISION",
        "AGE",
    ]
    assert "selectableFields" not in version
    assert root["properties"]["metadata"]["properties"]["name"]["maxLength"] == 50
    assert set(root["properties"]["spec"]["properties"]) == {"colour", "namespace", "crossplane"}
    assert set(root["properties"]["status"]["properties"]) == {"dust", "conditions"}
    references = root["properties"]["spec"]["properties"]["crossplane"]["properties"]["resourceRefs"]["items"]
    assert "namespace" in references["properties"]
    assert root["x-kubernetes-validations"] == RULES


@pytest.mark.parametrize(
    ("make", "kind"),
    [(manifests.crd, COMPOSITE_TOY), (manifests.definition, TOY), (manifests.derived, kinds.PULL_REQUEST)],
    ids=["composite as CRD", "CRD as composite", "forge data"],
)
def test_a_manifest_of_the_wrong_form(make: Any, kind: Kind) -> None:
    """A kind is declared in one way only."""
    with pytest.raises(ValueError, match=f"{kind.name} is {kind.form}"):
        make(kind)


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
    make = manifests.derived if kind.form is Form.COMPOSITE else manifests.crd
    return make(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


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
