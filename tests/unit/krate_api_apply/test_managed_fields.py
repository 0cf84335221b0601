"""The rules of metadata.managedFields that are Kubernetes' own (AM/pkg/util/managedfields)."""

import copy
import json
from typing import Any

import pytest

from krate import errors
from krate_api.apply import fieldmanager, managedfields, scale
from krate_api.apply.fieldmanager import FieldManager
from krate_api.apply.fieldsets import FieldSet

V1 = "forge.example/v1"
SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "title": {"type": "string"},
                "replicas": {"type": "integer"},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "reviewers": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "items": {"type": "object", "properties": {"name": {"type": "string"}, "ok": {"type": "boolean"}}},
                },
            },
        },
        "status": {"type": "object", "properties": {"phase": {"type": "string"}}},
    },
}
MAIN = FieldManager({V1: SCHEMA}, api_version=V1, kind="Pull", reset={V1: FieldSet.of(("status",))})
STATUS = FieldManager(
    {V1: SCHEMA}, api_version=V1, kind="Pull", subresource="status", reset={V1: FieldSet.of(("metadata",), ("spec",))}
)


def at(second: int) -> str:
    return f"2026-01-01T00:00:{second:02d}Z"


def pull(spec: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"apiVersion": V1, "kind": "Pull", "metadata": {"name": "a"}, "spec": spec or {}, **more}


def entry(manager: str, operation: str, fields: dict[str, Any], second: int | None, **more: str) -> dict[str, Any]:
    found = {"manager": manager, "operation": operation, "apiVersion": V1, "fieldsType": "FieldsV1", "fieldsV1": fields}
    return found | ({} if second is None else {"time": at(second)}) | more


def updated(live: Any, new: Any, manager: str, second: int, by: FieldManager = MAIN) -> dict[str, Any]:
    new = copy.deepcopy(new)
    by.update(live, new, manager=manager, now=at(second))
    new["metadata"].setdefault("uid", "1")
    return new


def entries(obj: dict[str, Any]) -> Any:
    return obj["metadata"].get("managedFields")


def spec(*names: str) -> dict[str, Any]:
    return {"f:spec": {f"f:{name}": {} for name in names}}


def test_create_owns_what_it_sent():
    """Who creates owns the spec and its fields, and nothing that names the object."""
    found = updated(None, pull({"title": "x"}), "alice", 1)
    assert entries(found) == [entry("alice", "Update", {"f:spec": {".": {}, "f:title": {}}}, 1)]


def test_update_takes_what_it_changed_and_gives_up_what_it_removed():
    """An update owns what it changed or added, others lose it; what it removed belongs to nobody."""
    first = updated(None, pull({"title": "x", "replicas": 1, "labels": {"a": "1"}}), "alice", 1)
    found = updated(first, pull({"title": "y", "labels": {"a": "1"}}), "bob", 2)
    assert entries(found) == [
        entry("alice", "Update", {"f:spec": {".": {}, "f:labels": {".": {}, "f:a": {}}}}, 1),
        entry("bob", "Update", spec("title"), 2),
    ]


def test_an_update_that_changes_nothing_moves_no_time():
    """Writing what is there already owns nothing new."""
    first = updated(None, pull({"title": "x"}), "alice", 1)
    assert entries(updated(first, pull({"title": "x"}), "bob", 2)) == entries(first)


@pytest.mark.parametrize("sent", [[], [{}]], ids=["empty", "one empty entry"])
def test_reset(sent: Any):
    """A client resets the owners with an empty list; from then on nobody is tracked until somebody applies."""
    first = updated(None, pull({"title": "x"}), "alice", 1)
    reset = pull({"title": "y"})
    reset["metadata"]["managedFields"] = sent
    found = updated(first, reset, "bob", 2)
    assert entries(found) is None
    assert entries(updated(found, pull({"title": "z"}), "bob", 3)) is None
    applied = MAIN.apply(found, pull({"title": "y", "replicas": 1}), manager="carol", force=False, now=at(4))
    assert entries(applied) == [
        entry("carol", "Apply", spec("replicas", "title"), 4),
        entry("before-first-apply", "Update", {"f:spec": {".": {}, "f:title": {}}}, 4),
    ]


@pytest.mark.parametrize(
    "sent",
    [
        None,
        [{"manager": "x", "operation": "Other"}],
        [{"manager": 1}],
        "text",
        [{"operation": "Apply", "time": "never"}],
    ],
)
def test_entries_that_are_none_count_as_absent(sent: Any):
    """Clients that know nothing of managedFields, or send nonsense, do not delete them."""
    first = updated(None, pull({"title": "x"}), "alice", 1)
    new = pull({"title": "x"})
    new["metadata"]["managedFields"] = sent
    assert entries(updated(first, new, "bob", 2)) == entries(first)


def test_entries_of_the_request_count_on_the_main_endpoint_only():
    """A client may edit the owners in an update; on a subresource it may not."""
    first = updated(None, pull({"title": "x"}), "alice", 1)
    mine = [entry("carol", "Apply", spec("title"), 5)]
    new = pull({"title": "x"})
    new["metadata"]["managedFields"] = copy.deepcopy(mine)
    assert entries(updated(first, new, "bob", 6)) == mine
    new = pull({"title": "x"})
    new["metadata"]["managedFields"] = mine
    assert entries(updated(first, new, "bob", 6, by=STATUS)) == entries(first)


def test_status_has_owners_of_its_own():
    """/status tracks status alone, under its subresource; the main endpoint tracks everything else."""
    first = updated(None, pull({"title": "x"}, status={"phase": "Lost"}), "alice", 1)
    new = pull({"title": "ignored"}, status={"phase": "Open"})
    found = updated(first, new, "controller", 2, by=STATUS)
    assert entries(first) == [entry("alice", "Update", {"f:spec": {".": {}, "f:title": {}}}, 1)]
    assert entries(found) == [
        *entries(first),
        entry("controller", "Update", {"f:status": {"f:phase": {}}}, 2, subresource="status"),
    ]


def test_ten_updaters_are_enough():
    """The oldest updaters beyond ten become one; appliers are not counted."""
    live = MAIN.apply(None, pull({"title": "x"}), manager="applier", force=False, now=at(0))
    for number in range(1, 13):
        labels = {f"l{other}": "x" for other in range(1, number + 1)}
        live = updated(live, pull({"title": "x", "labels": labels}), f"m{number:02d}", number)
    ancient = {"f:spec": {"f:labels": {".": {}, "f:l1": {}, "f:l2": {}, "f:l3": {}}}}
    rest = [entry(f"m{n:02d}", "Update", {"f:spec": {"f:labels": {f"f:l{n}": {}}}}, n) for n in range(4, 13)]
    assert entries(live) == [
        entry("applier", "Apply", spec("title"), 0),
        entry("ancient-changes", "Update", ancient, 3),
        *rest,
    ]


def test_the_same_value_is_shared():
    """Who applies what is there already becomes an owner, at no time."""
    first = MAIN.apply(None, pull({"title": "x"}), manager="a", force=False, now=at(1))
    found = MAIN.apply(first, pull({"title": "x"}), manager="b", force=False, now=at(2))
    assert entries(found) == [
        entry("b", "Apply", spec("title"), None),
        entry("a", "Apply", spec("title"), 1),
    ]


def test_a_noop_apply_changes_nothing():
    """Applying again what one applied gives the stored object itself."""
    first = MAIN.apply(None, pull({"title": "x"}), manager="a", force=False, now=at(1))
    assert MAIN.apply(first, pull({"title": "x"}), manager="a", force=False, now=at(2)) == first


def test_times_alone_are_no_change():
    """A write whose only difference are the times of the owners gets the old times back; any other keeps its own."""
    old = pull({"title": "x"})
    old["metadata"]["managedFields"] = [entry("a", "Update", spec("title"), 1)]
    new = copy.deepcopy(old)
    new["metadata"]["managedFields"][0]["time"] = at(2)
    other = copy.deepcopy(new)
    other["spec"]["title"] = "y"
    fieldmanager.unmoved(new, old)
    fieldmanager.unmoved(other, old)
    assert (new, entries(other)[0]["time"]) == (old, at(2))


ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"


def client_side(title: str) -> dict[str, Any]:
    """An object as `kubectl apply` without --server-side leaves it."""
    config = pull({"title": title, "replicas": 1})
    config["metadata"]["annotations"] = {}
    obj = pull({"title": title, "replicas": 1})
    obj["metadata"]["annotations"] = {ANNOTATION: json.dumps(config)}
    return updated(None, obj, "kubectl-client-side-apply", 1)


def test_kubectl_moves_from_client_side_to_server_side():
    """What the annotation says kubectl applied, and is still so, is no conflict for kubectl; the annotation follows."""
    live = client_side("x")
    found = MAIN.apply(live, pull({"title": "y"}), manager="kubectl", force=False, now=at(2))
    annotation = found["metadata"]["annotations"][ANNOTATION]
    applied = '{"apiVersion":"forge.example/v1","kind":"Pull","metadata":{"name":"a"},"spec":{"title":"y"}}\n'
    assert (found["spec"], annotation) == ({"title": "y", "replicas": 1}, applied)
    assert entries(found)[0] == entry("kubectl", "Apply", spec("title"), 2)


def test_others_keep_their_conflicts_with_kubectl():
    """Another manager, or a field that has changed since, is a conflict as ever."""
    live = client_side("x")
    using = 'conflict with "kubectl-client-side-apply" using forge.example/v1'
    with pytest.raises(errors.Conflict) as caught:
        MAIN.apply(live, pull({"title": "y"}), manager="other", force=False, now=at(2))
    assert caught.value.message == f"Apply failed with 1 conflict: {using}: .spec.title"
    changed = updated(live, {**pull({"title": "z", "replicas": 1}), "metadata": live["metadata"]}, "bob", 2)
    with pytest.raises(errors.Conflict) as caught:
        MAIN.apply(changed, pull({"title": "y"}), manager="kubectl", force=False, now=at(3))
    bob = 'conflict with "bob" using forge.example/v1'
    assert caught.value.message == f"Apply failed with 1 conflict: {bob}: .spec.title"


UNTYPED = "failed to create typed patch object (/a; forge.example/v1, Kind=Pull): "


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ({"spec": {}}, "invalid object type: /, Kind="),
        ({**pull(), "kind": "Other"}, "invalid object type: forge.example/v1, Kind=Other"),
        ({**pull(), "apiVersion": "forge.example/v2"}, "invalid object type: forge.example/v2, Kind=Pull"),
        ({**pull(), "metadata": {"name": "a", "managedFields": []}}, "metadata.managedFields must be nil"),
        (
            pull({"bog": 1}),
            f"{UNTYPED}.spec.bog: field not declared in schema",
        ),
        (
            pull({"reviewers": [{"name": "x"}, {"name": "x"}]}),
            f'{UNTYPED}.spec.reviewers: duplicate entries for key [name="x"]',
        ),
        (
            pull({"title": 1}),
            f"{UNTYPED}.spec.title: expected string, got &value.valueUnstructured{{Value:1}}",
        ),
    ],
)
def test_what_cannot_be_applied(patch: dict[str, Any], message: str):
    """A patch of another kind, with owners, or that its schema does not fit, is refused in upstream's words."""
    with pytest.raises(errors.BadRequest) as caught:
        MAIN.apply(None, patch, manager="a", force=True, now=at(1))
    assert caught.value.message == message


def test_an_update_that_its_schema_does_not_fit_has_no_owners():
    """Bookkeeping never fails a write; what it cannot understand has no owners."""
    assert entries(updated(None, pull({"title": 1}), "a", 1)) is None


PATHS = {V1: ((0, "spec"), (0, "replicas"))}


def test_scale_and_back():
    """Owners of the replicas are those of the Scale; who scales takes them, at the object's version."""
    parent = [entry("a", "Apply", spec("replicas", "title"), 1), entry("b", "Update", spec("title"), 2)]
    theirs = {**entry("a", "Apply", spec("replicas"), 1), "apiVersion": "autoscaling/v1"}
    scaled = {**entry("s", "Update", spec("replicas"), 3, subresource="scale"), "apiVersion": "autoscaling/v1"}
    assert scale.to_scale(parent, PATHS) == [theirs]
    assert scale.to_parent(parent, [theirs], PATHS, V1) == parent
    assert scale.to_parent(parent, [scaled], PATHS, V1) == [
        entry("a", "Apply", spec("title"), 1),
        entry("s", "Update", spec("replicas"), None, subresource="scale"),
        entry("b", "Update", spec("title"), 2),
    ]


def test_decoding_is_the_inverse_of_encoding():
    """Entries survive being read and written."""
    known = [entry("a", "Apply", {"f:spec": {".": {}, 'k:{"name":"x","port":1}': {}, "v:true": {}, "i:3": {}}}, 1)]
    assert managedfields.encode(managedfields.decode(known)) == known
