"""Dry runs and field validation as kube-apiserver 1.36 was recorded answering them."""

from typing import Any

import pytest

import served_api
from api_answers import failure, repository, unmanaged
from krate import kinds
from served_api import API

UNKNOWN = {"spec": {"bogus": 1, "access": [{"kind": "User", "name": "x", "role": "Reader", "zz": 1}]}}
PATHS = ["spec.access[0].zz", "spec.bogus"]


def test_unknown_fields_under_warn(admin: API, namespace: str) -> None:
    """By default unknown fields go, each with a Warning header."""
    answer = admin.create(kinds.REPOSITORY, repository(**UNKNOWN), namespace=namespace)
    assert answer.status_code == 201
    assert "bogus" not in answer.text
    warnings = answer.headers.get_list("warning")
    assert sorted(warnings) == [rf'299 - "unknown field \"{path}\""' for path in PATHS]


def test_unknown_fields_under_strict_and_ignore(admin: API, namespace: str) -> None:
    """Strict refuses them with all their paths; Ignore says nothing."""
    strict = admin.create(kinds.REPOSITORY, repository(**UNKNOWN), namespace=namespace, fieldValidation="Strict")
    text = ", ".join(f'unknown field "{path}"' for path in PATHS)
    want = 'Repository in version "v1alpha1" cannot be handled as a Repository: strict decoding error: ' + text
    assert (strict.status_code, failure(strict)) == (400, {"message": want, "reason": "BadRequest"})
    ignored = admin.create(kinds.REPOSITORY, repository(**UNKNOWN), namespace=namespace, fieldValidation="Ignore")
    assert (ignored.status_code, ignored.headers.get_list("warning")) == (201, [])


TWICE = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"d"},"data":{"a":"1","b":"2","a":"3"}}'
TWICE_YAML = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\ndata:\n  a: '1'\n  b: '2'\n  a: '3'\n"


SAID = {
    "json": (TWICE, 'duplicate field "data.a"', 'duplicate field "data.a"'),
    "yaml": (
        TWICE_YAML,
        'yaml: unmarshal errors:\n  line 7: key "a" already set in map',
        'line 7: key "a" already set in map',
    ),
}
"""A body, and what is said of it in a refusal and in a warning."""


@pytest.mark.parametrize("form", SAID)
def test_duplicate_fields(admin: API, namespace: str, form: str) -> None:
    """A field that stands twice: the last value with a warning, a refusal under Strict."""
    content, refused, warned = SAID[form]
    path, headers = served_api.collection(kinds.CONFIG_MAP, namespace), {"content-type": f"application/{form}"}
    strict = admin.post(path, content=content, headers=headers, params={"fieldValidation": "Strict"})
    want = f'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: {refused}'
    assert (strict.status_code, failure(strict)["message"]) == (400, want)
    answer = admin.post(path, content=content, headers=headers)
    escaped = warned.replace('"', '\\"')
    assert answer.headers.get_list("warning") == [f'299 - "{escaped}"']
    assert answer.json()["data"] == {"a": "3", "b": "2"}


def test_unknown_fields_in_a_patch(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """A patch with an unknown field: a warning, or under Strict a 422 about the patch."""
    loose = admin.change(kinds.REPOSITORY, "web", {"spec": {"bogus": 1}}, namespace=namespace)
    assert loose.headers.get_list("warning") == [r'299 - "unknown field \"spec.bogus\""']
    assert loose.json() == web
    strict = admin.change(
        kinds.REPOSITORY, "web", {"spec": {"bogus": 1}}, namespace=namespace, fieldValidation="Strict"
    )
    found = failure(strict)
    assert (strict.status_code, found["reason"]) == (422, "Invalid")
    (cause,) = found["details"]["causes"]
    assert (cause["reason"], cause["field"]) == ("FieldValueInvalid", "patch")
    assert cause["message"].endswith('strict decoding error: unknown field "spec.bogus"')


def test_dry_run_of_a_create(admin: API, namespace: str) -> None:
    """A dry run is the whole way without the end: a name and a uid, no version, nothing stored."""
    body = {**served_api.typed(kinds.CONFIG_MAP), "metadata": {"generateName": "d-"}}
    answer = admin.create(kinds.CONFIG_MAP, body, namespace=namespace, dryRun="All")
    meta = answer.json()["metadata"]
    assert answer.status_code == 201
    assert set(meta) == {"creationTimestamp", "generateName", "managedFields", "name", "namespace", "uid"}
    assert admin.list(kinds.CONFIG_MAP, namespace=namespace).json()["items"] == []
    taken = {**served_api.typed(kinds.CONFIG_MAP), "metadata": {"name": "taken"}}
    admin.create(kinds.CONFIG_MAP, taken, namespace=namespace)
    assert admin.create(kinds.CONFIG_MAP, taken, namespace=namespace, dryRun="All").status_code == 409


def test_dry_run_of_everything_else(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """Dry runs of update, patch, status and deletion answer what would be, and change nothing."""
    changed = {**web, "spec": {**web["spec"], "description": "x"}}
    put = admin.update(kinds.REPOSITORY, changed, dryRun="All").json()
    patch = admin.change(
        kinds.REPOSITORY, "web", {"spec": {"description": "x"}}, namespace=namespace, dryRun="All"
    ).json()
    assert unmanaged(put) == unmanaged(patch)
    assert unmanaged(put) == unmanaged({**changed, "metadata": {**web["metadata"], "generation": 2}})
    status = {"status": {"phase": "Ready"}}
    told = admin.change(kinds.REPOSITORY, "web", status, namespace=namespace, subresource="status", dryRun="All").json()
    assert told["status"]["phase"] == "Ready"
    for gone in (
        admin.remove(kinds.REPOSITORY, "web", namespace=namespace, dryRun="All"),
        admin.remove(kinds.REPOSITORY, "web", namespace=namespace, options={"dryRun": ["All"]}),
    ):
        assert (gone.status_code, gone.json()["status"]) == (200, "Success")
    assert admin.read(kinds.REPOSITORY, "web", namespace=namespace).json() == web
    listed = admin.list(kinds.REPOSITORY, namespace=namespace).json()
    assert listed["metadata"]["resourceVersion"] == web["metadata"]["resourceVersion"]


def test_dry_run_leaves_no_activity(admin: API, namespace: str) -> None:
    """What was not done is not told."""
    body = {**served_api.typed(kinds.CONFIG_MAP), "metadata": {"name": "ghost"}}
    admin.create(kinds.CONFIG_MAP, body, namespace=namespace, dryRun="All")
    admin.create(kinds.CONFIG_MAP, {**body, "metadata": {"name": "real"}}, namespace=namespace)
    served_api.until(lambda: bool(admin.list(kinds.ACTIVITY, namespace=namespace).json()["items"]))
    told = [
        item["status"]["object"]["name"] for item in admin.list(kinds.ACTIVITY, namespace=namespace).json()["items"]
    ]
    assert told == ["real"]
