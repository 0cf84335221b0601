"""Which namespace an organisation may take, and that it keeps the one it has."""

from dataclasses import dataclass, field
from typing import Any

import pytest

import composites
import factories
from composed_organizations import compose, objects_of, organization, said


@dataclass(frozen=True)
class Claim:
    name: str
    organization: dict[str, Any]
    found: list[dict[str, Any]]
    want: tuple[str, str, str]
    emitted: bool = False
    observed: dict[str, Any] = field(default_factory=dict)


def owned(uid: str) -> dict[str, Any]:
    owner = {"apiVersion": "krate.a5c.ai/v1alpha1", "kind": "Organization", "name": "acme", "uid": uid}
    return {"metadata": {"ownerReferences": [{**owner, "controller": True}]}}


PENDING = ("False", "NamespacePending", "Namespace acme is not created yet")
FOREIGN = (
    "False",
    "NamespaceForeign",
    (
        "Namespace acme exists and is not this organisation's: choose another spec.namespace, or have its owner "
        "annotate it krate.a5c.ai/adopt=acme"
    ),
)
CLAIMS = (
    Claim("none of that name", organization(), [], PENDING, emitted=True),
    Claim("somebody else's", organization(), [composites.namespace()], FOREIGN),
    Claim("another composite's", organization(), [composites.namespace(**owned("other"))], FOREIGN),
    Claim("its own", organization(), [composites.namespace(**owned(composites.UID))], PENDING, emitted=True),
    Claim(
        "adopted by annotation",
        organization(),
        [composites.namespace(metadata={"annotations": {"krate.a5c.ai/adopt": "acme"}})],
        PENDING,
        emitted=True,
    ),
    Claim(
        "annotated for another organisation",
        organization(),
        [composites.namespace(metadata={"annotations": {"krate.a5c.ai/adopt": "other"}})],
        FOREIGN,
    ),
    *(
        Claim(
            f"reserved: {name}",
            organization(spec={"namespace": name}),
            [],
            ("False", "NamespaceForeign", f"Namespace {name} is reserved: choose another spec.namespace"),
        )
        for name in ("default", "kube-system", "kube-anything", "krate-system")
    ),
    Claim(
        "an adoption does not open a reserved namespace",
        organization(spec={"namespace": "kube-system"}),
        [composites.namespace("kube-system", metadata={"annotations": {"krate.a5c.ai/adopt": "acme"}})],
        ("False", "NamespaceForeign", "Namespace kube-system is reserved: choose another spec.namespace"),
    ),
    Claim(
        "no namespace can be called like that",
        composites.existing(factories.make_organization("acme.example")),
        [],
        (
            "False",
            "NamespaceForeign",
            "acme.example cannot be a namespace: choose a spec.namespace of lower-case letters, digits and '-'",
        ),
    ),
    Claim(
        "terminating",
        organization(),
        [
            composites.namespace(
                metadata={"deletionTimestamp": "2026-11-25T10:00:00Z", **owned(composites.UID)["metadata"]}
            )
        ],
        ("False", "NamespacePending", "Namespace acme is being deleted: wait until it is gone"),
    ),
)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_claims(claim: Claim) -> None:
    """A namespace is taken when nobody has it, when it is the organisation's, or when its owner hands it over."""
    answer = compose(claim.organization, claim.observed, {"namespace": claim.found, "teams": []})
    assert said(answer.desired)["NamespaceReady"] == claim.want
    assert bool(answer.desired.resources) == claim.emitted


def test_a_deleted_organization_composes_nothing_new() -> None:
    """While it is being deleted an organisation keeps what there is and adds nothing."""
    xr = organization(metadata={"deletionTimestamp": "2026-11-25T10:00:00Z"})
    assert compose(xr).desired.resources == {}


def test_the_namespace_stays() -> None:
    """An organisation that lives in a namespace stays there, and says that it cannot move."""
    xr = organization()
    observed = composites.observed(compose(xr), xr)
    moved = organization(spec={"namespace": "elsewhere"})
    answer = compose(moved, observed, {"namespace": [observed["namespace"]], "teams": []})
    assert objects_of(answer.desired)["namespace"]["metadata"]["name"] == "acme"
    assert said(answer.desired)["NamespaceReady"] == (
        "False",
        "NamespaceForeign",
        "The organisation lives in namespace acme and cannot move: set spec.namespace back",
    )
