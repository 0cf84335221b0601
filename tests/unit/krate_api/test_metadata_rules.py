"""What metadata may be stored, in upstream's words; what an update may not change."""

from typing import Any

import pytest

from krate import kinds, names
from krate.errors import Cause, CauseType
from krate_api.registry import metadata, metadata_rules
from krate_api.resources import Resource
from krate_api.strategies.interface import Strategy

RESOURCE = Resource(kinds.CONFIG_MAP, Strategy())
OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "1"}


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
        {"ownerReferences": [{"apiVersion": "v1", "kind": "", "name": "a", "uid": ""}]},
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


OLD = {"name": "a", "namespace": "acme", "uid": "1", "generation": 2, "resourceVersion": "5",
       "creationTimestamp": "then", "labels": {"old": "x"}}  # fmt: skip


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
