"""Definitions that are meant to hurt: a Status in bounded time, and the server goes on."""

from typing import Any

import pytest

import crd_rooms
from served_api import API

LIMIT = 20.0
"""Seconds after which a client gives up: nothing here may take anywhere near as long."""


def nested(levels: int) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        found = {"type": "object", "properties": {"a": found}}
    return found


def wide(count: int) -> dict[str, Any]:
    properties = {f"field{number:06}": {"type": "string", "description": "x" * 40} for number in range(count)}
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}


def of(**schema: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": {"x": schema}}}}


HOSTILE: dict[str, tuple[dict[str, Any], int]] = {
    "a reference to itself": (of(**{"$ref": "#/properties/spec"}), 422),
    "a reference through definitions": (
        {
            "type": "object",
            "definitions": {"a": {"$ref": "#/definitions/a"}},
            "properties": {"spec": {"type": "object"}},
        },
        422,
    ),
    "a pattern without end": (of(type="string", pattern="^(" + "a" * 20 + "|" * 5), 422),
    "nested far too deep": (nested(150), 400),
    "a schema of another type": (of(type=["string", "null"]), 400),
    "numbers as texts": (of(type="string", maxLength="10"), 400),
    "items that are a number": (of(type="array", items=3), 400),
}


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.replace(" ", "-"))
def test_hostile_schemas_are_refused(admin: API, case: str) -> None:
    """A Status with the right code, not a hang and not a 500."""
    schema, code = HOSTILE[case]
    answer = admin.post(crd_rooms.PATH, json=crd_rooms.definition(schema=schema), timeout=LIMIT)
    assert (answer.status_code, answer.json()["kind"]) == (code, "Status"), answer.text


def test_patterns_that_explode_do_not(admin: API, namespace: str) -> None:
    """A pattern that takes exponential time elsewhere is matched in linear time here."""
    body = crd_rooms.definition(kind="Slow", schema=of(type="string", pattern="^(a+)+$"))
    crd_rooms.established(admin, body)
    where = crd_rooms.collection(body, namespace)
    answer = admin.post(where, json=crd_rooms.thing(body, "a", spec={"x": "a" * 50_000 + "b"}), timeout=LIMIT)
    assert (answer.status_code, answer.json()["reason"]) == (422, "Invalid")


def test_a_schema_of_three_mebibytes(admin: API, namespace: str) -> None:
    """The largest request that is read can be a definition, and its objects are validated."""
    body = crd_rooms.definition(kind="Wide", schema=wide(30_000))
    assert len(admin.build_request("POST", crd_rooms.PATH, json=body).content) > 2_500_000
    crd_rooms.established(admin, body)
    answer = admin.post(
        crd_rooms.collection(body, namespace), json=crd_rooms.thing(body, "a", spec={"no": 1}), timeout=LIMIT
    )
    assert (answer.status_code, answer.headers["warning"]) == (201, '299 - "unknown field \\"spec.no\\""')


def test_a_definition_that_is_too_large(admin: API) -> None:
    """More than a request may be is 413."""
    answer = admin.post(crd_rooms.PATH, json=crd_rooms.definition(schema=wide(45_000)), timeout=LIMIT)
    assert (answer.status_code, answer.json()["reason"]) == (413, "RequestEntityTooLarge")


@pytest.mark.parametrize(
    "obj",
    [
        {"spec": 5},
        {"spec": {"versions": {"v1": {}}}},
        {"spec": {"versions": [1]}},
        {"spec": {"names": []}},
        {"spec": {"names": {"shortNames": [1]}}},
        {"spec": {"versions": [{"schema": {"openAPIV3Schema": []}}]}},
        {"spec": {"versions": [{"name": "v1", "additionalPrinterColumns": [{"priority": 2**40}]}]}},
        {"spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": "not base64!"}}}}},
        {"status": "no"},
    ],
    ids=str,
)
def test_definitions_of_wrong_types(admin: API, obj: dict[str, Any]) -> None:
    """What cannot be decoded is a 400 that says where."""
    head = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "a.b.c"}}
    answer = admin.post(crd_rooms.PATH, json={**head, **obj})
    start = 'CustomResourceDefinition in version "v1" cannot be handled as a CustomResourceDefinition: '
    if obj == {"status": "no"}:  # status is not the client's to send, but its type is looked at all the same
        assert answer.status_code == 400
        return
    assert (answer.status_code, answer.json()["message"].startswith(start)) == (400, True), answer.text
