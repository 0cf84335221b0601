"""Updates as kube-apiserver 1.36 was recorded doing them, row by row, on our kinds."""

import json
from typing import Any

import served_api
from api_answers import about, failure, unmanaged
from krate import kinds
from served_api import API

GR = "repositories.krate.a5c.ai"


CONFLICT = "the object has been modified; please apply your changes to the latest version and try again"


def test_update_needs_a_version(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """PUT without resourceVersion: 422 about the resource, for kinds that are no built-ins."""
    body = {**web, "metadata": {"name": "web"}}
    answer = admin.put(served_api.item(kinds.REPOSITORY, "web", namespace), json=body)
    assert (answer.status_code, failure(answer)) == (
        422,
        {
            "message": f'{GR} "web" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an '
            "update",
            "reason": "Invalid",
            "details": {
                **about("web"),
                "causes": [
                    {
                        "reason": "FieldValueInvalid",
                        "message": "Invalid value: 0: must be specified for an update",
                        "field": "metadata.resourceVersion",
                    }
                ],
            },
        },
    )


def test_unconditional_update_of_a_built_in(admin: API, namespace: str) -> None:
    """PUT without resourceVersion replaces a built-in object, as upstream does."""
    admin.create(
        kinds.CONFIG_MAP, {**served_api.typed(kinds.CONFIG_MAP), "metadata": {"name": "c"}}, namespace=namespace
    )
    body = {**served_api.typed(kinds.CONFIG_MAP), "metadata": {"name": "c", "namespace": namespace}, "data": {"a": "b"}}
    assert admin.update(kinds.CONFIG_MAP, body).json()["data"] == {"a": "b"}


def stale(web: dict[str, Any]) -> dict[str, Any]:
    return {**web, "metadata": {**web["metadata"], "resourceVersion": str(int(web["metadata"]["resourceVersion"]) - 1)}}


def test_stale_writes(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """PUT and PATCH with an old resourceVersion: 409 with the sentence that clients look for."""
    want = {
        "message": f'Operation cannot be fulfilled on {GR} "web": {CONFLICT}',
        "reason": "Conflict",
        "details": about("web"),
    }
    version = stale(web)["metadata"]["resourceVersion"]
    patch = {"metadata": {"resourceVersion": version, "labels": {"a": "b"}}}
    for answer in (
        admin.update(kinds.REPOSITORY, stale(web)),
        admin.change(kinds.REPOSITORY, "web", patch, namespace=namespace),
    ):
        assert (answer.status_code, failure(answer)) == (409, want)
    assert admin.read(kinds.REPOSITORY, "web", namespace=namespace).json() == web


def test_other_uid(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """PUT with another uid: 409 about the precondition; a patch of the uid: 422 immutable, told twice."""
    other = {**web, "metadata": {**web["metadata"], "uid": "other"}}
    put = admin.update(kinds.REPOSITORY, other)
    message = failure(put)["message"]
    assert put.status_code == 409
    assert message.startswith(f'Operation cannot be fulfilled on {GR} "web": ')
    assert f"Precondition failed: UID in precondition: other, UID in object meta: {web['metadata']['uid']}" in message
    patch = admin.change(kinds.REPOSITORY, "web", {"metadata": {"uid": "other"}}, namespace=namespace)
    assert (patch.status_code, failure(patch)["details"]["causes"]) == (
        422,
        [
            {
                "reason": "FieldValueInvalid",
                "message": 'Invalid value: "other": field is immutable',
                "field": "metadata.uid",
            }
        ]
        * 2,
    )


def test_other_name(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """PUT and PATCH to another name or namespace: 400."""
    path = served_api.item(kinds.REPOSITORY, "web", namespace)
    renamed = {**web, "metadata": {**web["metadata"], "name": "v"}}
    want = "the name of the object (v) does not match the name on the URL (web)"
    for answer in (
        admin.put(path, json=renamed),
        admin.change(kinds.REPOSITORY, "web", {"metadata": {"name": "v"}}, namespace=namespace),
    ):
        assert (answer.status_code, failure(answer)["message"]) == (400, want)
    moved = {**web, "metadata": {**web["metadata"], "namespace": "elsewhere"}}
    assert admin.put(path, json=moved).status_code == 400
    assert admin.get(path).json() == web


def test_server_fields_are_kept(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """PUT with another generation, time and status: 200, none of them taken; a changed spec counts one generation."""
    sent = {**web, "spec": {**web["spec"], "description": "x"}, "status": {"phase": "Ready"}}
    sent["metadata"] = {**web["metadata"], "generation": 77, "creationTimestamp": "2001-01-01T00:00:00Z"}
    got = admin.update(kinds.REPOSITORY, sent).json()
    version = got["metadata"]["resourceVersion"]
    assert int(version) > int(web["metadata"]["resourceVersion"])
    want = {**web["metadata"], "generation": 2, "resourceVersion": version}
    assert unmanaged(got) == unmanaged({**web, "spec": sent["spec"], "metadata": want})


def test_nothing_changed(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """An identical PUT and a repeated PATCH: 200, same version, no event."""
    assert admin.update(kinds.REPOSITORY, web).json() == web
    for _ in range(2):
        changed = admin.change(kinds.REPOSITORY, "web", {"spec": {"description": "y"}}, namespace=namespace).json()
    version = int(web["metadata"]["resourceVersion"])
    assert changed["metadata"]["resourceVersion"] == str(version + 1)
    current = admin.list(kinds.REPOSITORY, namespace=namespace).json()["metadata"]["resourceVersion"]
    assert current == str(version + 1)


def test_generation_counts_specs_only(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """Labels and status move no generation; labels and spec in a status write are ignored."""
    labelled = admin.change(kinds.REPOSITORY, "web", {"metadata": {"labels": {"a": "b"}}}, namespace=namespace).json()
    patch = {"metadata": {"labels": {"c": "d"}}, "spec": {"description": "no"}, "status": {"phase": "Ready"}}
    told = admin.change(kinds.REPOSITORY, "web", patch, namespace=namespace, subresource="status").json()
    assert (labelled["metadata"]["generation"], told["metadata"]["generation"]) == (1, 1)
    assert (told["metadata"]["labels"], told["spec"]) == ({"a": "b"}, web["spec"])
    assert told["status"]["phase"] == "Ready"
    kept = admin.change(kinds.REPOSITORY, "web", {"status": None}, namespace=namespace).json()
    assert kept["status"] == told["status"]


def test_status_is_read_and_replaced(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """/status: GET is the object, PUT takes only the status and wants a version."""
    path = served_api.item(kinds.REPOSITORY, "web", namespace, "status")
    assert admin.get(path).json() == web
    assert admin.put(path, json={**web, "metadata": {"name": "web"}, "status": {"phase": "Ready"}}).status_code == 422
    told = admin.put(path, json={**web, "spec": {"description": "no"}, "status": {"phase": "Ready"}}).json()
    assert (told["spec"], told["status"]["phase"]) == (web["spec"], "Ready")


def test_answers_are_the_stored_bytes(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """Members come in the order of their names, the version first in metadata."""
    text = admin.read(kinds.REPOSITORY, "web", namespace=namespace).text
    assert text.startswith('{"apiVersion":"krate.a5c.ai/v1alpha1","kind":"Repository","metadata":{"resourceVersion":"')
    spec = json.loads(text)["spec"]
    assert list(spec) == sorted(spec)
