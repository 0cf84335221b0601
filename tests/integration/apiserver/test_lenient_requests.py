"""What upstream's clients and suites ask and kube-apiserver takes, odd as it is."""

from typing import Any

import httpx2
import pytest

import api_watches
import crd_rooms
import factories
import served_api
from krate import kinds
from served_api import API

UID = "00000000-0000-4000-8000-000000000001"
OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": UID}


def create(admin: API, namespace: str, **parts: Any) -> httpx2.Response:
    body = factories.merge(factories.make_config_map("a"), {"metadata": {"namespace": namespace}})
    return admin.create(kinds.CONFIG_MAP, factories.merge(body, parts), namespace=namespace)


def test_a_version_of_an_empty_group(admin: API, namespace: str) -> None:
    """`/v1` is `v1`: group, slash and version, where the group is empty."""
    made = create(admin, namespace, apiVersion="/v1")
    assert (made.status_code, made.json()["apiVersion"]) == (201, "v1")


@pytest.mark.parametrize(("version", "code"), [("%!s(MISSING)", 201), ("0", 201), ("-1", 201), ("5", 500)])
def test_versions_of_what_is_created(admin: API, namespace: str, version: str, code: int) -> None:
    """A create may not carry a resourceVersion; what is none is not looked at."""
    body = crd_rooms.definition()
    crd_rooms.established(admin, body)
    thing = crd_rooms.thing(body)
    thing["metadata"]["resourceVersion"] = version
    assert admin.post(crd_rooms.collection(body, namespace), json=thing).status_code == code
    assert create(admin, namespace, metadata={"resourceVersion": version}).status_code == code


def test_owners_that_are_named_twice(admin: API, namespace: str) -> None:
    """One of them stays; the warning says when they were found."""
    made = create(admin, namespace, metadata={"ownerReferences": [OWNER, OWNER]})
    where = served_api.item(kinds.CONFIG_MAP, "a", namespace)
    replaced = admin.put(where, json={**made.json(), "metadata": {"name": "a", "ownerReferences": [OWNER, OWNER]}})
    patch = [{"op": "add", "path": "/metadata/ownerReferences/-", "value": OWNER}]
    patched = admin.change(kinds.CONFIG_MAP, "a", patch, namespace=namespace, form="json-patch")
    for answer, when in ((made, ""), (replaced, ""), (patched, " after mutating admission happens")):
        assert answer.json()["metadata"]["ownerReferences"] == [OWNER]
        (told,) = answer.headers.get_list("warning")
        assert told.startswith(f'299 - ".metadata.ownerReferences contains duplicate entries{when}; API server dedups')
        assert told.endswith(f'observed: {UID}"')


def test_no_owners(admin: API, namespace: str) -> None:
    """A list of managers without any takes all of them away, and nobody is tracked until somebody applies."""
    made = create(admin, namespace, data={"k": "1"}).json()
    assert made["metadata"]["managedFields"]
    made["metadata"]["managedFields"] = []
    where = served_api.item(kinds.CONFIG_MAP, "a", namespace)
    replaced = admin.put(where, json=made)
    patched = admin.change(kinds.CONFIG_MAP, "a", {"data": {"k": "2"}}, namespace=namespace)
    assert [(answer.status_code, "managedFields" in answer.json()["metadata"]) for answer in (replaced, patched)] == [
        (200, False),
        (200, False),
    ]


def test_the_old_address_of_one_namespace(admin: API, namespace: str) -> None:
    """`/watch/namespaces/NAME` watches that one."""
    with admin.stream("GET", f"/api/v1/watch/namespaces/{namespace}", params={"timeoutSeconds": "10"}) as answer:
        event = next(api_watches.events(answer))
    assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", namespace)


REPEATED = b"""
apiVersion: v1
kind: ConfigMap
metadata: {name: a, name: a, odd: 1}
data:
  k: "1"
  k: "2"
"""
LINES = ('line 4: key "name" already set in map', 'line 7: key "k" already set in map')


def test_keys_that_stand_twice_in_yaml(admin: API, namespace: str) -> None:
    """They are told by line, as Go's reader tells them, and in one piece where they are refused."""

    def post(validation: str) -> httpx2.Response:
        where, yaml = served_api.collection(kinds.CONFIG_MAP, namespace), {"content-type": "application/yaml"}
        return admin.post(where, content=REPEATED, headers=yaml, params={"fieldValidation": validation})

    refused = post("Strict").json()["message"]
    said = "\n  ".join(("yaml: unmarshal errors:", *LINES))
    assert refused.endswith(f': strict decoding error: {said}, unknown field "metadata.odd"')
    told = post("Warn").headers.get_list("warning")
    escaped = [line.replace('"', '\\"') for line in LINES]
    assert told == [*(f'299 - "{line}"' for line in escaped), '299 - "unknown field \\"metadata.odd\\""']
