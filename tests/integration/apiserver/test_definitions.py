"""CustomResourceDefinitions: what they become, what they serve, and how they end."""

from typing import Any

import crd_rooms
from conformance.definitions import PULLS, pull
from served_api import API, until

TIME = "lastTransitionTime"


def without_times(conditions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in one.items() if key != TIME} for one in conditions]


def test_a_new_definition_is_filled_in(admin: API) -> None:
    """A created definition has its defaults and an empty status, and the next reads show it established."""
    body = crd_rooms.definition(kind="Plain")
    created = admin.post(crd_rooms.PATH, json=body).json()
    assert (created["spec"]["names"], created["spec"]["conversion"], created["status"]) == (
        {"plural": "plains", "singular": "plain", "kind": "Plain", "listKind": "PlainList"},
        {"strategy": "None"},
        {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": ["v1"]},
    )
    found = crd_rooms.wait(admin, body)
    assert (without_times(found["status"]["conditions"]), found["status"]["acceptedNames"]) == (
        [
            {
                "type": "NamesAccepted",
                "status": "True",
                "reason": "NoConflicts",
                "message": "no conflicts found",
            },
            {
                "type": "Established",
                "status": "True",
                "reason": "InitialNamesAccepted",
                "message": "the initial names have been accepted",
            },
        ],
        created["spec"]["names"],
    )
    assert found["metadata"]["generation"] == 1


def test_unknown_formats_are_told_of_once(admin: API) -> None:
    """A format that nothing checks is a warning when it joins a definition, and none afterwards."""
    fields = {"a": {"type": "string", "format": "nope"}, "b": {"type": "integer", "format": "int32"}}
    spec = {"type": "object", "properties": {"spec": {"type": "object", "properties": fields}}}
    body = crd_rooms.definition(kind="Formal", schema=spec)
    created = admin.post(crd_rooms.PATH, json=body)
    assert (created.status_code, created.headers.get_list("warning")) == (
        201,
        ['299 - "unrecognized format \\"nope\\""'],
    )
    merge = {"content-type": "application/merge-patch+json"}
    where = f"{crd_rooms.PATH}/{body['metadata']['name']}"
    changed = admin.patch(where, content=b'{"spec":{"names":{"shortNames":["fo"]}}}', headers=merge)
    assert (changed.status_code, changed.headers.get_list("warning")) == (200, [])


def test_objects_of_a_definition(admin: API, namespace: str) -> None:
    """Objects are created, read, changed, listed and deleted like any others; generation counts the spec."""
    crd_rooms.established(admin, PULLS)
    where = crd_rooms.collection(PULLS, namespace)
    created = admin.post(where, json=pull("a", n=3))
    assert created.status_code == 201, created.text
    assert created.json()["spec"] == {"title": "one", "n": 3, "state": "open"}
    assert created.json()["metadata"]["generation"] == 1
    merge = {"content-type": "application/merge-patch+json"}
    changed = admin.patch(f"{where}/a", content=b'{"spec":{"n":4}}', headers=merge).json()
    assert (changed["metadata"]["generation"], changed["spec"]["n"]) == (2, 4)
    listed = admin.get(where).json()
    assert (listed["kind"], [item["metadata"]["name"] for item in listed["items"]]) == ("PullList", ["a"])
    assert admin.delete(f"{where}/a").json()["details"]["kind"] == "pulls"
    assert admin.get(f"{where}/a").status_code == 404


def test_deleting_a_definition_deletes_its_objects(admin: API, namespace: str) -> None:
    """Objects go first, held ones when they are let go; nothing joins meanwhile; afterwards the name is as new."""
    body = crd_rooms.definition(kind="Mortal")
    crd_rooms.established(admin, body)
    where, item = crd_rooms.collection(body, namespace), f"{crd_rooms.PATH}/{body['metadata']['name']}"
    held = crd_rooms.thing(body, "held")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    for obj in (held, crd_rooms.thing(body, "free")):
        assert admin.post(where, json=obj).status_code == 201
    answer = admin.delete(item)
    assert (answer.status_code, answer.json()["metadata"]["finalizers"]) == (
        200,
        ["customresourcecleanup.apiextensions.k8s.io"],
    )
    assert crd_rooms.condition(answer.json(), "Terminating")["reason"] == "InstanceDeletionPending"
    until(lambda: [one["metadata"]["name"] for one in admin.get(where).json()["items"]] == ["held"])
    refused = admin.post(where, json=crd_rooms.thing(body, "late"))
    why = "create not allowed while custom resource definition is terminating"
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        f'{body["metadata"]["name"]} "late" is forbidden: {why}',
    )
    assert crd_rooms.condition(admin.get(item).json(), "Terminating")["reason"] == "InstanceDeletionInProgress"
    merge = {"content-type": "application/merge-patch+json"}
    let_go = admin.patch(f"{where}/held", content=b'{"metadata":{"finalizers":null}}', headers=merge)
    assert let_go.status_code == 200, let_go.text
    crd_rooms.gone(admin, body)
    until(lambda: admin.get(where).status_code == 404)
    crd_rooms.established(admin, body)
    assert admin.get(where).json()["items"] == []
