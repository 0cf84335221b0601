"""Versions whose schemas differ: defaults and unknown fields on the way in, in the store, on the way out.

The conversations are those of AX/test/integration/defaulting_test.go.
"""

import json
from typing import Any

import pytest

import crd_rooms
from served_api import API, until

MERGE = {"content-type": "application/merge-patch+json"}
Schema = dict[str, Any]


def version(name: str, *, storage: bool, **defaults: str) -> dict[str, Any]:
    """A version whose spec and status have the same members, with these defaults."""
    members: Schema = {member: {"type": "string"} for member in ("a", "c", "v1", "v2")}
    for member, default in defaults.items():
        members[member] = {"type": "string", "default": default}
    part = {"type": "object", "properties": members}
    schema = {"type": "object", "properties": {"spec": part, "status": part}}
    return crd_rooms.version(name, storage=storage, schema=schema, subresources={"status": {}})


def redefine(admin: API, body: dict[str, Any], *versions: dict[str, Any]) -> None:
    path = f"{crd_rooms.PATH}/{body['metadata']['name']}"
    answer = admin.patch(path, content=json.dumps({"spec": {"versions": versions}}).encode(), headers=MERGE)
    assert answer.status_code == 200, answer.text


@pytest.fixture
def two(admin: API) -> dict[str, Any]:
    """v1 is what the test writes, v2 what is stored; each has a default that the other lacks."""
    written = version("v1", storage=False, a="A", v1="1")
    body = crd_rooms.definition(kind="Unlike", versions=[written, version("v2", storage=True, a="A", v2="2")])
    crd_rooms.established(admin, body)
    return body


def test_defaults_of_both_versions(admin: API, namespace: str, two: dict[str, Any]) -> None:
    """A create gets the defaults of the version it is written in, and what is read those of the stored one."""
    made = admin.post(crd_rooms.collection(two, namespace), json=crd_rooms.thing(two, "a", spec={}))
    assert (made.status_code, made.json()["spec"]) == (201, {"a": "A", "v1": "1", "v2": "2"})
    assert "status" not in made.json()
    where = f"{crd_rooms.collection(two, namespace)}/a"
    assert admin.get(where).json() == made.json()
    assert admin.get(crd_rooms.collection(two, namespace)).json()["items"] == [made.json()]


def test_defaults_that_come_and_go(admin: API, namespace: str, two: dict[str, Any]) -> None:
    """A new default of the stored version is read at once; one of the other version is written with the next write."""
    where = f"{crd_rooms.collection(two, namespace)}/a"
    made = admin.post(crd_rooms.collection(two, namespace), json=crd_rooms.thing(two, "a", spec={})).json()
    redefine(admin, two, version("v1", storage=False, a="A"), version("v2", storage=True, a="A", c="C"))
    until(lambda: admin.get(where).json()["spec"].get("c") == "C")
    assert admin.get(where).json()["spec"] == {"a": "A", "v1": "1", "c": "C"}
    redefine(admin, two, version("v1", storage=False, a="A", c="C"), version("v2", storage=True, a="A"))
    until(lambda: "c" not in admin.get(where).json()["spec"])
    written = admin.put(f"{where}/status", json={**made, "status": {}})
    assert (written.status_code, written.json()["status"]) == (200, {"a": "A", "c": "C"})
    assert written.json()["spec"] == {"a": "A", "v1": "1"}
    redefine(admin, two, version("v1", storage=False), version("v2", storage=True))
    until(lambda: admin.get(where).json() == written.json())


def test_what_the_other_version_does_not_know(admin: API, namespace: str) -> None:
    """A member that only one version has is not stored by the other, nor shown in it."""

    def one(name: str, member: str, *, storage: bool) -> dict[str, Any]:
        part = {"type": "object", "properties": {"both": {"type": "string"}, member: {"type": "string"}}}
        return crd_rooms.version(name, storage=storage, schema={"type": "object", "properties": {"spec": part}})

    body = crd_rooms.definition(kind="Half", versions=[one("v1", "x", storage=False), one("v2", "y", storage=True)])
    crd_rooms.established(admin, body)
    old, new = (crd_rooms.collection(body, namespace, name) for name in ("v1", "v2"))
    made = admin.post(old, json=crd_rooms.thing(body, "a", "v1", spec={"both": "1", "x": "1"})).json()
    assert made["spec"] == {"both": "1"}
    admin.post(new, json=crd_rooms.thing(body, "b", "v2", spec={"both": "1", "y": "1"})).raise_for_status()
    assert [admin.get(f"{where}/b").json()["spec"] for where in (old, new)] == [
        {"both": "1"},
        {"both": "1", "y": "1"},
    ]


def test_defaults_of_embedded_metadata(admin: API, namespace: str) -> None:
    """What defaults give to something embedded is an ObjectMeta, with nothing else in it."""
    meta = {"type": "object", "default": {"name": "Bar", "unknown": "unknown"}}
    kind = {"type": "string", "default": "Foo"}
    embedded: Schema = {
        "type": "object",
        "x-kubernetes-embedded-resource": True,
        "properties": {"apiVersion": {"type": "string", "default": "foos/v1"}, "kind": kind, "metadata": meta},
    }
    whole: Schema = {
        "type": "object",
        "x-kubernetes-embedded-resource": True,
        "x-kubernetes-preserve-unknown-fields": True,
        "default": {"apiVersion": "foos/v1", "kind": "Foo", "metadata": {"name": "Bar", "unknown": "unknown"}},
    }
    body = crd_rooms.definition(
        kind="Inner", schema={"type": "object", "properties": {"embedded": embedded, "whole": whole}}
    )
    crd_rooms.established(admin, body)
    made = admin.post(crd_rooms.collection(body, namespace), json=crd_rooms.thing(body, "a", embedded={})).json()
    want = {"apiVersion": "foos/v1", "kind": "Foo", "metadata": {"name": "Bar"}}
    assert (made["embedded"], made["whole"]) == (want, want)


def test_a_conversion_webhook_with_a_broken_bundle(admin: API) -> None:
    """The definition is not established, and says why."""
    config = {"caBundle": "Q2VydA==", "service": {"namespace": "default", "name": "example"}}
    conversion = {"strategy": "Webhook", "webhook": {"clientConfig": config, "conversionReviewVersions": ["v1"]}}
    body = crd_rooms.definition(kind="Broken", conversion=conversion)
    admin.post(crd_rooms.PATH, json=body).raise_for_status()
    found = crd_rooms.condition(crd_rooms.wait(admin, body, "NamesAccepted"), "Established")
    assert (found["status"], found["reason"], found["message"]) == (
        "False",
        "InvalidCABundle",
        "The conversion webhook CABundle is invalid",
    )
