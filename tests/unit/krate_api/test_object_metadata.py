"""Metadata: what may stand in it, what only the server writes, and how names are made."""

import re
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krate import kinds, names
from krate.errors import Cause, CauseType
from krate_api.registry import metadata, metadata_rules
from krate_api.resources import Resource
from krate_api.strategies.interface import Strategy

KIND = kinds.CONFIG_MAP
RESOURCE = Resource(KIND, Strategy())
OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "1"}


def normalised(meta: Any) -> tuple[dict[str, Any], list[str]]:
    """Metadata after normalising, and the unknown paths."""
    obj: dict[str, Any] = {"metadata": meta}
    return obj, metadata.normalise(obj)


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
    "what nobody sends goes without a word": ({"name": "a", "selfLink": "/x"}, {"name": "a"}, []),
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
def test_normalise(name: str) -> None:
    """Metadata keeps what it knows and holds something."""
    sent, want, unknown = KEPT[name]
    assert normalised(sent) == ({"metadata": want}, unknown)


def test_absent_metadata_is_empty() -> None:
    """An object without metadata has an empty one."""
    obj: dict[str, Any] = {}
    assert metadata.normalise(obj) == []
    assert obj == {"metadata": {}}


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
def test_normalise_refuses(name: str) -> None:
    """A member of another type is refused in the words of Go's decoder, which a real server was heard to say."""
    sent, text = WRONG[name]
    with pytest.raises(metadata.WrongType) as caught:
        normalised(sent)
    assert str(caught.value) == text


@given(st.dictionaries(st.sampled_from([*metadata.MEMBERS, "bogus"]),
                       st.recursive(st.none() | st.booleans() | st.integers() | st.text(),
                                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(),
                                        inner, max_size=3)))
       | st.text() | st.none())  # fmt: skip
def test_any_metadata_is_normalised_or_refused(meta: Any) -> None:
    """Whatever stands in metadata, it is normalised or refused; what is normalised can be judged."""
    try:
        obj, _ = normalised(meta)
    except metadata.WrongType:
        return
    metadata.deduplicate_owners(obj)
    assert all(cause.message for cause in metadata_rules.problems(obj, RESOURCE))
    assert all(cause.message for cause in metadata_rules.changed(obj, GOING))


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


def test_nobody_marks_an_object_as_deleted_by_writing_it() -> None:
    """A uid, a time of deletion and a grace period that are not those of the stored object stay, and are refused."""
    sent = {"name": "a", "uid": "2", "deletionTimestamp": "now", "deletionGracePeriodSeconds": 5}
    new: dict[str, Any] = {"metadata": dict(sent)}
    metadata.restore(new, {"metadata": OLD})
    assert metadata_rules.changed(new, {"metadata": OLD}) == [
        invalid("uid", 'Invalid value: "2": field is immutable'),
        invalid("deletionTimestamp", 'Invalid value: "now": field is immutable'),
        invalid("deletionGracePeriodSeconds", "Invalid value: 5: field is immutable"),
    ]
    going = {"metadata": {**OLD, "deletionTimestamp": "then", "deletionGracePeriodSeconds": 0}}
    new = {"metadata": {"name": "a"}}
    metadata.restore(new, going)
    assert new["metadata"] == {key: value for key, value in going["metadata"].items() if key != "labels"}


def causes(**meta: Any) -> list[Cause]:
    return metadata_rules.problems({"metadata": {"name": "a", **meta}}, RESOURCE)


def invalid(field: str, message: str, kind: CauseType = CauseType.INVALID) -> Cause:
    return Cause(kind, message, f"metadata.{field}")


PROBLEMS: dict[str, tuple[dict[str, Any], list[Cause]]] = {
    "none": ({"labels": {"a/b": "c"}, "annotations": {"A/b": "any thing\n"}, "finalizers": ["a/b", "orphan"]}, []),
    "name": ({"name": "A"}, [invalid("name", f'Invalid value: "A": {names.SUBDOMAIN_RULE}')]),
    "label key": (
        {"labels": {"-": "c"}}, [invalid("labels", f'Invalid value: "-": name part {names.LABEL_KEY_RULE}')],
    ),
    "label value": ({"labels": {"a": "-"}}, [invalid("labels", f'Invalid value: "-": {names.LABEL_VALUE_RULE}')]),
    "annotation key": (
        {"annotations": {"a b": ""}},
            [invalid("annotations", f'Invalid value: "a b": name part {names.LABEL_KEY_RULE}')],
    ),
    "finalizer": (
        {"finalizers": ["a b"]}, [invalid("finalizers", f'Invalid value: "a b": name part {names.LABEL_KEY_RULE}')],
    ),
    "both policies": (
        {"finalizers": ["orphan", "foregroundDeletion"]},
        [invalid("finalizers", 'Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and '
                               "foregroundDeletion cannot be both set")],
    ),
    "incomplete owner": (
        {"ownerReferences": [{"apiVersion": "v1", "kind": "", "name": "a"}]},
        [
            invalid("ownerReferences.kind", 'Invalid value: "": must not be empty'),
            invalid("ownerReferences.uid", 'Invalid value: "": must not be empty'),
        ],
    ),
    "owner of no version": (
        {"ownerReferences": [{**OWNER, "apiVersion": "a/b/c"}]},
        [invalid("ownerReferences.apiVersion", 'Invalid value: "a/b/c": version must not be empty')],
    ),
    "an event as owner": (
        {"ownerReferences": [{**OWNER, "kind": "Event"}]},
        [invalid("ownerReferences", 'Invalid value: {"apiVersion":"v1","kind":"Event","name":"a","uid":"1"}: '
                                    "/v1, Kind=Event is disallowed from being an owner")],
    ),
    "no name": (
        {"name": ""}, [invalid("name", "Required value: name or generateName is required", CauseType.REQUIRED)],
    ),
    "a prefix that begins no name": (
        {"generateName": "Bx-"}, [invalid("generateName", f'Invalid value: "Bx-": {names.SUBDOMAIN_RULE}')],
    ),
    "a prefix with a hyphen behind it": ({"generateName": "web-"}, []),
    "two controllers": (
        {"ownerReferences": [{**OWNER, "controller": True}, {**OWNER, "uid": "2", "controller": True}]},
        [invalid("ownerReferences",
                 'Invalid value: [{"apiVersion":"v1","kind":"ConfigMap","name":"a","uid":"1","controller":true},'
                 '{"apiVersion":"v1","kind":"ConfigMap","name":"a","uid":"2","controller":true}]: '
                 'Only one reference can have Controller set to true. Found "true" in references for ConfigMap/a and '
                 "ConfigMap/a")],
    ),
    "annotations of the limit": ({"annotations": {"a": "x" * (256 * 1024 - 1)}}, []),
    "annotations beyond the limit": (
        {"annotations": {"a": "é" * (128 * 1024)}},
        [invalid("annotations", "Too long: may not be more than 262144 bytes", CauseType.TOO_LONG)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROBLEMS)
def test_problems(name: str) -> None:
    """What cannot be metadata has its cause, its field and upstream's sentence."""
    meta, want = PROBLEMS[name]
    assert causes(**meta) == want


GOING = {"metadata": {"deletionTimestamp": "now", "finalizers": ["a/b"]}}


def test_no_new_finalizers_while_deleting() -> None:
    """An object that is going keeps or loses finalizers, and gets none."""
    staying: dict[str, Any] = {"metadata": {"finalizers": ["a/b"]}}
    more: dict[str, Any] = {"metadata": {"finalizers": ["a/b", "e.com/g", "e.com/h"]}}
    text = (
        "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers "
        '[]string{"e.com/g", "e.com/h"}'
    )
    assert metadata_rules.changed(more, staying) == []
    for obj in (staying, {"metadata": {}}):
        assert metadata_rules.changed({"metadata": {**obj["metadata"], "deletionTimestamp": "now"}}, GOING) == []
    more["metadata"]["deletionTimestamp"] = "now"
    assert metadata_rules.changed(more, GOING) == [invalid("finalizers", text, CauseType.FORBIDDEN)]


def test_duplicate_owners_go_with_a_warning() -> None:
    """An owner that stands twice stands once, and the client is told."""
    other = {**OWNER, "uid": "2"}
    obj = {"metadata": {"ownerReferences": [OWNER, other, dict(reversed(OWNER.items()))]}}
    assert metadata.deduplicate_owners(obj) == (
        ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may "
        "reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: 1"
    )
    assert obj == {"metadata": {"ownerReferences": [OWNER, other]}}
    assert metadata.deduplicate_owners({"metadata": {}}) == ""


@pytest.mark.timeout(20)
def test_many_owners_are_deduplicated_in_their_length() -> None:
    """Owners as many as a body holds are compared by what they are, not each with each."""
    owners = [{"uid": str(number % 100_000)} for number in range(200_000)]
    obj = {"metadata": {"ownerReferences": owners}}
    assert metadata.deduplicate_owners(obj).endswith(", 99999")
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
