"""What a write changes is decided by JSON's equality, not by Python's."""

import crd_rooms
from served_api import API, until

MERGE = {"content-type": "application/merge-patch+json"}


def test_a_boolean_is_no_number(admin: API, namespace: str) -> None:
    """To Python false is 0 and true is 1; a write that turns one into the other is a write."""
    body = crd_rooms.definition(kind="Loose")
    crd_rooms.established(admin, body)
    path = f"{crd_rooms.collection(body, namespace)}/a"
    before = admin.post(crd_rooms.collection(body, namespace), json=crd_rooms.thing(body, "a", spec={"x": [0, 1]}))
    after = admin.patch(path, json={"spec": {"x": [False, True]}}, headers=MERGE).json()
    assert str(after["spec"]) == "{'x': [False, True]}"
    assert (before.json()["metadata"]["generation"], after["metadata"]["generation"]) == (1, 2)
    assert admin.get(path).json() == after


def test_a_default_that_becomes_another(admin: API, namespace: str) -> None:
    """The same of definitions: a default of 0 that becomes false is another schema, and judged as one."""
    schema = {"type": "object", "properties": {"x": {"x-kubernetes-preserve-unknown-fields": True, "default": 0}}}
    body = crd_rooms.definition(kind="Defaulting", schema=schema)
    crd_rooms.established(admin, body)
    schema["properties"]["x"] = {"type": "integer", "default": False}
    wrong = [crd_rooms.version(schema=schema)]
    path = f"{crd_rooms.PATH}/{body['metadata']['name']}"
    refused = admin.patch(path, json={"spec": {"versions": wrong}}, headers=MERGE)
    assert (refused.status_code, refused.json()["reason"]) == (422, "Invalid")
    schema["properties"]["x"] = {"x-kubernetes-preserve-unknown-fields": True, "default": False}
    changed = admin.patch(path, json={"spec": {"versions": [crd_rooms.version(schema=schema)]}}, headers=MERGE)
    assert changed.status_code == 200
    where = crd_rooms.collection(body, namespace)
    names = map(str, range(1000))
    until(lambda: admin.post(where, json=crd_rooms.thing(body, f"n{next(names)}")).json()["x"] is False)
