"""/scale of custom resources: a Scale that is part of the object, as recorded on kube-apiserver 1.36."""

from typing import Any

import pytest

import custom_kinds
from api_answers import failure
from conformance import definitions
from custom_kinds import apply, managers
from served_api import API

COLLECTION = f"/apis/{definitions.VERSION}/widgets"
MERGE = {"content-type": "application/merge-patch+json"}


@pytest.fixture
def widget(admin: API, namespace: str) -> dict[str, Any]:
    """A Widget with two replicas wanted and one there."""
    custom_kinds.define(admin, definitions.WIDGETS)
    body = {"apiVersion": definitions.VERSION, "kind": "Widget", "metadata": {"name": namespace}}
    made = admin.post(COLLECTION, json={**body, "spec": {"replicas": 2}}).json()
    status = b'{"status":{"replicas":1,"selector":"a=b"}}'
    path = f"{COLLECTION}/{made['metadata']['name']}/status"
    return admin.patch(path, content=status, headers=MERGE).json()


def at(widget: dict[str, Any]) -> str:
    return f"{COLLECTION}/{widget['metadata']['name']}/scale"


def scale(widget: dict[str, Any], replicas: int, **meta: str) -> dict[str, Any]:
    """A Scale as it is sent."""
    metadata = {"name": widget["metadata"]["name"], **meta}
    return {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": {"replicas": replicas}}


def test_read(admin: API, widget: dict[str, Any]) -> None:
    """GET: name, uid, version and time of the object, the replicas wanted and there, and the selector."""
    meta = {key: widget["metadata"][key] for key in ("name", "uid", "resourceVersion", "creationTimestamp")}
    assert admin.get(at(widget)).json() == {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": meta,
        "spec": {"replicas": 2},
        "status": {"replicas": 1, "selector": "a=b"},
    }


def test_written(admin: API, widget: dict[str, Any]) -> None:
    """PUT and PATCH set the replicas of the object, and own them; a version in the Scale is a lock."""
    stale = admin.put(at(widget), json=scale(widget, 3, resourceVersion="1"))
    assert (stale.status_code, stale.json()["reason"]) == (409, "Conflict")
    put = admin.put(at(widget), json=scale(widget, 3, resourceVersion=widget["metadata"]["resourceVersion"]))
    assert (put.status_code, put.json()["spec"]) == (200, {"replicas": 3})
    stored = admin.get(at(widget).removesuffix("/scale")).json()
    assert (stored["spec"]["replicas"], stored["metadata"]["generation"]) == (3, 2)
    fields = {"f:spec": {"f:replicas": {}}}
    entry = {"manager": "suite", "operation": "Update", "subresource": "scale", "fieldsV1": fields}
    assert entry in managers(stored)
    patched = admin.patch(at(widget), content=b'{"spec":{"replicas":0}}', headers=MERGE).json()
    assert (patched["spec"], patched["kind"]) == ({}, "Scale")
    dry = admin.put(at(widget), json=scale(widget, 9), params={"dryRun": "All"}).json()
    assert dry["spec"] == {"replicas": 9}
    assert admin.get(at(widget)).json()["spec"] == {}


def test_applied(admin: API, widget: dict[str, Any]) -> None:
    """Apply to /scale owns the replicas under its own name, and conflicts with other owners."""
    refused = apply(admin, at(widget), scale(widget, 5), "hpa")
    assert (refused.status_code, failure(refused)["details"]["causes"][0]["field"]) == (409, ".spec.replicas")
    done = apply(admin, at(widget), scale(widget, 5), "hpa", force="true")
    assert (done.status_code, done.json()["spec"]) == (200, {"replicas": 5})
    stored = admin.get(at(widget).removesuffix("/scale")).json()
    fields = {"f:spec": {"f:replicas": {}}}
    assert {"manager": "hpa", "operation": "Apply", "subresource": "scale", "fieldsV1": fields} in managers(stored)


_UNREADABLE = 'no kind is registered for the type v1.Scale in scheme "pkg/runtime/scheme.go:111"'
REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "another kind": ({"kind": "Foo"}, 400, _UNREADABLE),
    "another version": ({"apiVersion": "v1"}, 400, _UNREADABLE),
    "no number": ({"spec": {"replicas": "x"}}, 400, _UNREADABLE),
    "another name": (
        {"metadata": {"name": "other"}}, 400,
        "the name of the object (other) does not match the name on the URL (NAME)",
    ),
    "negative": (
        {"spec": {"replicas": -1}}, 422,
        ('Widget.ref.example.com "NAME" is invalid: [spec.replicas: Invalid value: -1: spec.replicas in body should be '
         "greater than or equal to 0, .spec.replicas: Invalid value: -1: should be a non-negative integer]"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(admin: API, widget: dict[str, Any], name: str) -> None:
    """A Scale that cannot be: refused in upstream's words."""
    change, code, message = REFUSED[name]
    answer = admin.put(at(widget), json={**scale(widget, 1), **change})
    want = message.replace("NAME", widget["metadata"]["name"])
    assert (answer.status_code, failure(answer)["message"]) == (code, want)


def test_object_without_replicas(admin: API, widget: dict[str, Any]) -> None:
    """An object of a kind with a scale that is not there: 404."""
    answer = admin.get(f"{COLLECTION}/nope/scale")
    assert (answer.status_code, failure(answer)["message"]) == (404, 'widgets.ref.example.com "nope" not found')
