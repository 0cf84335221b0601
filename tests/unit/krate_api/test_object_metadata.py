"""Metadata: what may stand in it, what only the server writes, and how names are made."""

import re
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krate import kinds
from krate_api.registry import metadata, metadata_rules
from krate_api.resources import Resource
from krate_api.schemas import objectmeta
from krate_api.schemas.godecoding import Malformed
from krate_api.strategies.interface import Strategy

KIND = kinds.CONFIG_MAP
RESOURCE = Resource(KIND, Strategy())
OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "1"}


def coerced(meta: Any) -> tuple[dict[str, Any], list[str]]:
    """Metadata as it is read, and the unknown paths."""
    return objectmeta.coerce(meta, "metadata")


KEPT: dict[str, tuple[dict[str, Any] | None, dict[str, Any], list[str]]] = {
    "everything users write": (
        {"name": "a", "generateName": "b", "namespace": "c", "labels": {"x": "y"}, "annotations": {"x": "y"},
         "finalizers": ["x/y"], "ownerReferences": [OWNER]},
        {"name": "a", "generateName": "b", "namespace": "c", "labels": {"x": "y"}, "annotations": {"x": "y"},
         "finalizers": ["x/y"], "ownerReferences": [OWNER]},
        [],
    ),
    "what is empty or null goes": (
        {"name": "a", "generateName": "", "labels": {}, "annotations": None, "finalizers": [], "ownerReferences": None,
         "creationTimestamp": None, "deletionTimestamp": None, "deletionGracePeriodSeconds": None},
        {"name": "a"},
        [],
    ),
    "who manages fields stays": (
        {"name": "a", "managedFields": [{"manager": "x"}]}, {"name": "a", "managedFields": [{"manager": "x"}]}, [],
    ),
    "null is absent": (None, {}, []),
    "what is unknown goes with a word": ({"name": "a", "bogus": 1, "zz": {}}, {"name": "a"},
                                         ["metadata.bogus", "metadata.zz"]),
    "unknown members of owners": (
        {"ownerReferences": [{**OWNER, "bogus": 1}]}, {"ownerReferences": [OWNER]},
            ["metadata.ownerReferences[0].bogus"],
    ),
    "owners with all they may have": (
        {"ownerReferences": [{**OWNER, "controller": True, "blockOwnerDeletion": False}]},
        {"ownerReferences": [{**OWNER, "controller": True, "blockOwnerDeletion": False}]}, [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_coerce(name: str) -> None:
    """Metadata keeps what it knows and holds something."""
    sent, want, unknown = KEPT[name]
    assert coerced(sent) == (want, unknown)


WRONG: dict[str, tuple[Any, str]] = {
    "metadata": ([], "json: cannot unmarshal array into Go value of type v1.ObjectMeta"),
    "name": ({"name": 5}, "json: cannot unmarshal number into Go struct field ObjectMeta.name of type string"),
    "labels": (
        {"labels": "x"},
        "json: cannot unmarshal string into Go struct field ObjectMeta.labels of type map[string]string",
    ),
    "label": (
        {"labels": {"a": 1}}, "json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string",
    ),
    "annotation": (
        {"annotations": {"a": {}}},
        "json: cannot unmarshal object into Go struct field ObjectMeta.annotations of type string",
    ),
    "finalizers": (
        {"finalizers": {"a": 1}},
        "json: cannot unmarshal object into Go struct field ObjectMeta.finalizers of type []string",
    ),
    "finalizer": (
        {"finalizers": [1]}, "json: cannot unmarshal number into Go struct field ObjectMeta.finalizers of type string",
    ),
    "owners": (
        {"ownerReferences": "x"},
        "json: cannot unmarshal string into Go struct field ObjectMeta.ownerReferences of type []v1.OwnerReference",
    ),
    "owner": (
        {"ownerReferences": ["x"]},
        "json: cannot unmarshal string into Go struct field ObjectMeta.ownerReferences of type v1.OwnerReference",
    ),
    "controller": (
        {"ownerReferences": [{**OWNER, "controller": "yes"}]},
        "json: cannot unmarshal string into Go struct field OwnerReference.ownerReferences.controller of type bool",
    ),
    "uid of an owner": (
        {"ownerReferences": [{**OWNER, "uid": 5}]},
        "json: cannot unmarshal number into Go struct field OwnerReference.ownerReferences.uid of type types.UID",
    ),
    "generation": (
        {"generation": True}, "json: cannot unmarshal bool into Go struct field ObjectMeta.generation of type int64",
    ),
    "managed fields": (
        {"managedFields": [5]},
        "json: cannot unmarshal number into Go struct field ObjectMeta.managedFields of type v1.ManagedFieldsEntry",
    ),
    "time": (
        {"creationTimestamp": "foo"},
        'parsing time "foo" as "2006-01-02T15:04:05Z07:00": cannot parse "foo" as "2006"',
    ),
    "time of another type": ({"deletionTimestamp": 5}, "json: cannot unmarshal number into Go value of type string"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_coerce_refuses(name: str) -> None:
    """A member of another type is refused in the words of Go's decoder, which a real server was heard to say."""
    sent, text = WRONG[name]
    with pytest.raises(Malformed) as caught:
        coerced(sent)
    assert str(caught.value) == text


@given(st.dictionaries(st.sampled_from([*objectmeta.META.members, "bogus"]),
                       st.recursive(st.none() | st.booleans() | st.integers() | st.text(),
                                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(),
                                        inner, max_size=3)))
       | st.text() | st.none())  # fmt: skip
def test_any_metadata_is_read_or_refused(meta: Any) -> None:
    """Whatever stands in metadata, it is read or refused; what is read can be judged."""
    try:
        obj: dict[str, Any] = {"metadata": coerced(meta)[0]}
    except Malformed:
        return
    metadata.deduplicate_owners(obj, patched=False)
    assert all(cause.message for cause in metadata_rules.problems(obj, RESOURCE))
    assert all(cause.message for cause in metadata_rules.changed(obj, {"metadata": {"deletionTimestamp": "now"}}))


def test_begin() -> None:
    """A new object gets a uid, a time and a generation; what the client sent there is gone."""
    sent = {
        "name": "a", "uid": "mine", "generation": 7, "creationTimestamp": "2001-01-01T00:00:00Z",
        "deletionTimestamp": "x", "deletionGracePeriodSeconds": 3, "labels": {"a": "b"},
    }  # fmt: skip
    obj: dict[str, Any] = {"metadata": dict(sent)}
    metadata.begin(obj, namespace="acme", now="2026-11-25T10:00:00Z", generation=True)
    uid = obj["metadata"].pop("uid")
    assert uuid.UUID(uid).version == 4
    assert obj["metadata"] == {
        "name": "a",
        "namespace": "acme",
        "labels": {"a": "b"},
        "generation": 1,
        "creationTimestamp": "2026-11-25T10:00:00Z",
    }


def test_begin_cluster_scoped() -> None:
    """A cluster-scoped object has no namespace, and some kinds no generation."""
    obj: dict[str, Any] = {"metadata": {"name": "a", "namespace": "x"}}
    metadata.begin(obj, namespace="", now="now", generation=False)
    assert set(obj["metadata"]) == {"name", "uid", "creationTimestamp"}


OLD = {"name": "a", "namespace": "acme", "uid": "1", "generation": 2, "resourceVersion": "5",
       "creationTimestamp": "then", "labels": {"old": "x"}}  # fmt: skip


def test_restore() -> None:
    """An update keeps what the server wrote, whatever it says; labels and finalizers are the user's."""
    new: dict[str, Any] = {"metadata": {"name": "a", "generation": 9, "creationTimestamp": "never",
                                        "labels": {"new": "y"}, "finalizers": ["x/y"]}}  # fmt: skip
    metadata.restore(new, {"metadata": OLD})
    assert new["metadata"] == {**OLD, "labels": {"new": "y"}, "finalizers": ["x/y"]}
    assert metadata_rules.changed(new, {"metadata": OLD}) == []


def test_duplicate_owners_go_with_a_warning() -> None:
    """An owner that stands twice stands once, and the client is told."""
    other = {**OWNER, "uid": "2"}
    obj = {"metadata": {"ownerReferences": [OWNER, other, dict(reversed(OWNER.items()))]}}
    assert metadata.deduplicate_owners(obj, patched=False) == (
        ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may "
        "reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: 1"
    )
    assert obj == {"metadata": {"ownerReferences": [OWNER, other]}}
    assert metadata.deduplicate_owners({"metadata": {}}, patched=False) == ""


@pytest.mark.timeout(20)
def test_many_owners_are_deduplicated_in_their_length() -> None:
    """Owners as many as a body holds are compared by what they are, not each with each."""
    owners = [{"uid": str(number % 100_000)} for number in range(200_000)]
    obj = {"metadata": {"ownerReferences": owners}}
    assert metadata.deduplicate_owners(obj, patched=False).endswith(", 99999")
    assert len(obj["metadata"]["ownerReferences"]) == 100_000


def test_generated_names() -> None:
    """A generated name is 58 characters of the prefix at most, and five letters and digits that spell no word."""
    for prefix in ("web-", "x" * 100, ""):
        found = {metadata.generated_name(prefix) for _ in range(50)}
        assert all(re.fullmatch(re.escape(prefix[:58]) + "[bcdfghjklmnpqrstvwxz2456789]{5}", name) for name in found)
        assert len(found) > 45


def test_careless_finalizers_are_told_of() -> None:
    """New finalizers that others might choose too are told of, once they are new; Kubernetes' own are not."""
    obj = {"metadata": {"finalizers": ["plain", "e.com", "e.com/f", "orphan", "old"]}}
    ending = "to avoid accidental conflicts with other finalizer writers"
    assert metadata.finalizer_warnings(obj, {"metadata": {"finalizers": ["old"]}}) == [
        f'metadata.finalizers: "e.com": prefer a domain-qualified finalizer name including a path (/) {ending}',
        f'metadata.finalizers: "plain": prefer a domain-qualified finalizer name {ending}',
    ]
    assert metadata.finalizer_warnings({"metadata": {}}, None) == []
