"""Objects that are made to hurt: answers stay small, and nothing recurses too deeply."""

import json
from typing import Any

import pytest

from krate import errors
from krate_api.apply import managedfields
from krate_api.apply.elements import Unreadable
from krate_api.apply.fieldmanager import FieldManager

V1 = "forge.example/v1"
FREE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
NUMBERS = {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "integer"}}
SCHEMA = {"type": "object", "properties": {"spec": FREE, "numbers": NUMBERS}}
FIELDS = FieldManager({V1: SCHEMA}, api_version=V1, kind="Pull")
NOW = "2026-01-01T00:00:00Z"
LIMIT = 1024 * 1024


def pull(**more: Any) -> dict[str, Any]:
    return {"apiVersion": V1, "kind": "Pull", "metadata": {"name": "a"}, **more}


def size(error: errors.StatusError) -> int:
    return len(json.dumps(error.status()))


def test_many_conflicts_below_a_long_name():
    """A thousand fields below a name of a megabyte are a thousand conflicts and a small answer."""
    name = "x" * LIMIT
    live = FIELDS.apply(None, pull(spec={name: {str(n): 1 for n in range(1000)}}), manager="a", force=False, now=NOW)
    patch = pull(spec={name: {str(n): 2 for n in range(1000)}})
    with pytest.raises(errors.Conflict, match="1000 conflicts") as caught:
        FIELDS.apply(live, patch, manager="b", force=False, now=NOW)
    assert size(caught.value) < 4 * LIMIT


def test_many_mistakes():
    """Of many mistakes some are told."""
    with pytest.raises(errors.BadRequest) as caught:
        FIELDS.apply(None, pull(numbers=[1] * 50_000), manager="b", force=False, now=NOW)
    assert size(caught.value) < LIMIT


def test_large_sets():
    """A set of many items is owned item by item, and given up item by item."""
    live = FIELDS.apply(None, pull(numbers=list(range(20_000))), manager="a", force=False, now=NOW)
    found = FIELDS.apply(live, pull(numbers=list(range(0, 20_000, 2))), manager="a", force=False, now=NOW)
    owned = found["metadata"]["managedFields"][0]["fieldsV1"]["f:numbers"]
    assert (found["numbers"], len(owned)) == (list(range(0, 20_000, 2)), 10_000)


@pytest.mark.parametrize("depth", [300, 900, 2000])
def test_a_deep_annotation(depth: int):
    """Kubectl's annotation may hold anything; what is too deep to be understood says nothing."""
    deep = '{"a":' * depth + "1" + "}" * depth
    annotation = f'{{"apiVersion":"{V1}","kind":"Pull","metadata":{{"name":"a"}},"spec":{deep}}}'
    live = pull(spec={"title": "x"})
    live["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": annotation}
    FIELDS.update(None, live, manager="old", now=NOW)
    with pytest.raises(errors.Conflict):
        FIELDS.apply(live, pull(spec={"title": "y"}), manager="kubectl", force=False, now=NOW)


@pytest.mark.parametrize("element", ["", "f", "x", "k:[]", "k:{", "v:", f"v:{'[' * 5000}", "i:x", f"i:{'9' * 5000}"])
def test_elements_that_mean_nothing(element: str):
    """A path element that cannot be read is an error, however long or deep."""
    entry = {"operation": "Apply", "apiVersion": V1, "fieldsType": "FieldsV1", "fieldsV1": {element: {}}}
    with pytest.raises(Unreadable):
        managedfields.decode([entry])
