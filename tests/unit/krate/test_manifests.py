"""From rows to XRDs and CRDs."""

from dataclasses import replace
from typing import Any

import pytest

from krate import crossplane, kinds, manifests, schema
from krate.kinds import Column, Form, Kind, Scope
from krate.models import Model, Resource


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


NAMES = {
    "kind": "Toy",
    "listKind": "ToyList",
    "plural": "toys",
    "singular": "toy",
    "shortNames": ["t"],
    "categories": ["play"],
}
COLUMNS = [
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
]
METADATA = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 50}}}


def test_a_whole_crd() -> None:
    """Everything that a row says is in its CRD."""
    types = {name: schema.structural(Toy)["properties"][name] for name in ("apiVersion", "kind")}
    root = {
        "type": "object",
        "description": "A toy.",
        "properties": {**types, "metadata": METADATA, "spec": SPEC, "status": STATUS},
        "required": ["spec"],
        "x-kubernetes-validations": RULES,
    }
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "additionalPrinterColumns": COLUMNS,
        "subresources": {"status": {}},
        "selectableFields": [{"jsonPath": ".spec.colour"}],
        "schema": {"openAPIV3Schema": root},
    }
    assert manifests.crd(TOY) == {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "toys.example.org"},
        "spec": {"group": "example.org", "names": NAMES, "scope": "Namespaced", "versions": [version]},
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
            "names": NAMES,
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
                                "metadata": METADATA,
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
    """The derived CRD adds Crossplane's columns, category, settings and conditions, and limits names to labels."""
    found = crossplane.composite(manifests.definition(COMPOSITE_TOY))["spec"]
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
    [(manifests.crd, COMPOSITE_TOY), (manifests.definition, TOY), (manifests.definition, kinds.PULL_REQUEST)],
    ids=["composite as CRD", "CRD as composite", "forge data"],
)
def test_a_manifest_of_the_wrong_form(make: Any, kind: Kind) -> None:
    """A kind is declared in one way only."""
    with pytest.raises(ValueError, match=f"{kind.name} is {kind.form}"):
        make(kind)
