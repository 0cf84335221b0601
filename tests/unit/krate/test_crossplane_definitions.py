"""What Crossplane derives from an XRD, by its own published tests (recorded/xcrd.json says from where)."""

import json
from pathlib import Path
from typing import Any

import pytest

from krate import crossplane

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "recorded" / "xcrd.json").read_text())["cases"]
DERIVE = {"composite": crossplane.composite, "claim": crossplane.claim}


def cases(*kinds: str) -> Any:
    found = [case for case in CASES if case["kind"] in kinds]
    return pytest.mark.parametrize("case", found, ids=lambda case: f"{case['kind']}-{case['name']}")


def as_sets(value: Any) -> Any:
    """Schemas whose lists of required fields have no order."""
    if isinstance(value, dict):
        return {key: sorted(item) if key == "required" else as_sets(item) for key, item in value.items()}
    return [as_sets(item) for item in value] if isinstance(value, list) else value


@cases("composite", "claim")
def test_a_definition_is_derived(case: dict[str, Any]) -> None:
    """The definition is Crossplane's, member by member."""
    if case["error"]:
        with pytest.raises(crossplane.Underivable, match=case["error"].rpartition(": ")[2]) as raised:
            DERIVE[case["kind"]](case["xrd"])
        assert str(raised.value) == case["error"]
        return
    found = DERIVE[case["kind"]](case["xrd"])
    want = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", **case["crd"]}
    assert as_sets(found) == as_sets(want)


@cases("names")
def test_claim_names_must_differ(case: dict[str, Any]) -> None:
    """Claims need names, and names of their own."""
    with pytest.raises(crossplane.Underivable) as raised:
        crossplane.claim(case["xrd"])
    assert str(raised.value) == f"invalid resource claim names: {case['error']}"


@cases("metadata")
def test_labels_and_annotations(case: dict[str, Any]) -> None:
    """Labels are those of the XRD and those it asks for; annotations are only those it asks for."""
    xrd = case["xrd"]
    names = {"kind": "Test", "plural": "tests"}
    xrd["spec"] = {**xrd["spec"], "group": "e.com", "names": names, "versions": []}
    found, want = crossplane.composite(xrd)["metadata"], case["crd"]["metadata"]
    assert [found.get(key) for key in ("labels", "annotations")] == [want.get(key) for key in ("labels", "annotations")]
