"""Creating, reading and updating as kube-apiserver 1.36 was recorded doing it, row by row, on our kinds."""

import datetime
import uuid
from typing import Any

import pytest

import served_api
from api_answers import about, failure, repository, unmanaged
from krate import kinds
from served_api import API

GR = "repositories.krate.a5c.ai"


def test_created(admin: API, namespace: str) -> None:
    """POST: 201, the whole object with defaults and what the server sets, no Location."""
    sent = repository(metadata={"uid": "mine", "generation": 9, "creationTimestamp": "2001-01-01T00:00:00Z",
                                "selfLink": "/x", "managedFields": [{"manager": "x"}]},
                      status={"phase": "Ready"})  # fmt: skip
    answer = admin.create(kinds.REPOSITORY, sent, namespace=namespace)
    assert answer.status_code == 201
    assert "location" not in answer.headers
    body = answer.json()
    meta = body.pop("metadata")
    assert body == {
        "apiVersion": "krate.a5c.ai/v1alpha1",
        "kind": "Repository",
        "spec": {
            "access": [{"kind": "Team", "name": "platform", "role": "Writer"}],
            "defaultBranch": "main",
            "deletionPolicy": "Retain",
            "managementPolicies": ["*"],
            "merge": {"default": "Merge", "deleteBranch": True, "methods": ["Merge"]},
            "visibility": "Private",
        },
    }
    (entry,) = meta.pop("managedFields")
    assert (entry["manager"], entry["operation"], entry["time"]) == ("suite", "Update", meta["creationTimestamp"])
    assert set(entry["fieldsV1"]["f:spec"]) == {".", *(f"f:{field}" for field in body["spec"])}
    assert set(meta) == {"creationTimestamp", "generation", "name", "namespace", "resourceVersion", "uid"}
    assert (meta["generation"], meta["name"], meta["namespace"]) == (1, "web", namespace)
    assert uuid.UUID(meta["uid"]).version == 4
    made = datetime.datetime.fromisoformat(meta["creationTimestamp"])
    assert abs(datetime.datetime.now(datetime.UTC) - made) < datetime.timedelta(minutes=1)
    assert unmanaged(admin.read(kinds.REPOSITORY, "web", namespace=namespace).json()) == {**body, "metadata": meta}


def test_created_twice(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """POST of an existing name: 409 AlreadyExists."""
    answer = admin.create(kinds.REPOSITORY, repository(), namespace=namespace)
    assert (answer.status_code, failure(answer)) == (
        409,
        {"message": f'{GR} "web" already exists', "reason": "AlreadyExists", "details": about("web")},
    )


def test_invalid_values(admin: API, namespace: str) -> None:
    """POST of invalid values: 422 with every problem in brackets, one cause each, details of the Kind."""
    spec = {"visibility": "Secret", "description": "x" * 501, "hostName": "", "access": "x"}
    answer = admin.create(kinds.REPOSITORY, repository("b", spec=spec), namespace=namespace)
    causes = [
        {
            "reason": "FieldValueTypeInvalid",
            "message": 'Invalid value: "string": spec.access in body must be of type array: "string"',
            "field": "spec.access",
        },
        {
            "reason": "FieldValueTooLong",
            "message": "Too long: may not be more than 500 bytes",
            "field": "spec.description",
        },
        {
            "reason": "FieldValueInvalid",
            "message": "Invalid value: \"\": spec.hostName in body should match '^[A-Za-z0-9][A-Za-z0-9._-]*$'",
            "field": "spec.hostName",
        },
        {
            "reason": "FieldValueNotSupported",
            "message": 'Unsupported value: "Secret": supported values: "Private", "Internal", "Public"',
            "field": "spec.visibility",
        },
    ]
    problems = ", ".join(f"{cause['field']}: {cause['message']}" for cause in causes)
    assert (answer.status_code, failure(answer)) == (
        422,
        {
            "message": f'Repository.krate.a5c.ai "b" is invalid: [{problems}]',
            "reason": "Invalid",
            "details": {"name": "b", "group": "krate.a5c.ai", "kind": "Repository", "causes": causes},
        },
    )


def test_one_invalid_value(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """PATCH with a wrong type: 422 without brackets."""
    answer = admin.change(kinds.REPOSITORY, "web", {"spec": {"description": 5}}, namespace=namespace)
    text = 'Invalid value: "integer": spec.description in body must be of type string: "integer"'
    assert (answer.status_code, failure(answer)["message"]) == (
        422,
        f'Repository.krate.a5c.ai "web" is invalid: spec.description: {text}',
    )


TEAMS: dict[str, tuple[Any, list[dict[str, str]]]] = {
    "missing": (
        {},
        [{"reason": "FieldValueRequired", "message": "Required value", "field": "spec.source"}],
    ),
    "too short": (
        {"source": {"branch": ""}},
        [
            {
                "reason": "FieldValueInvalid",
                "message": 'Invalid value: "": spec.source.branch in body should be at least 1 chars long',
                "field": "spec.source.branch",
            }
        ],
    ),
    "set with a duplicate": (
        {"source": {"branch": "a"}, "reviewers": ["bob", "bob"]},
        [{"reason": "FieldValueDuplicate", "message": 'Duplicate value: "bob"', "field": "spec.reviewers[1]"}],
    ),
    "null": (
        {"source": {"branch": "a"}, "title": None},
        [{"reason": "FieldValueRequired", "message": "Required value", "field": "spec.title"}],
    ),
}


@pytest.mark.parametrize("name", TEAMS)
def test_schema_problems(admin: API, namespace: str, name: str) -> None:
    """Each rule of a schema has upstream's cause and sentence."""
    spec, causes = TEAMS[name]
    base = {"repository": "web", "title": "x", "target": {"branch": "main"}}
    body = {**served_api.typed(kinds.PULL_REQUEST), "metadata": {"generateName": "web-"}, "spec": {**base, **spec}}
    answer = admin.create(kinds.PULL_REQUEST, body, namespace=namespace)
    assert (answer.status_code, failure(answer)["details"]["causes"]) == (422, causes)


def test_list_map_with_a_duplicate_key(admin: API, namespace: str) -> None:
    """Two entries with the same keys in a list that is a map are refused."""
    grants = [{"kind": "User", "name": "bob", "role": role} for role in ("Reader", "Writer")]
    answer = admin.create(kinds.REPOSITORY, repository(spec={"access": grants}), namespace=namespace)
    assert failure(answer)["details"]["causes"] == [
        {
            "reason": "FieldValueDuplicate",
            "message": 'Duplicate value: {"kind":"User","name":"bob"}',
            "field": "spec.access[1]",
        }
    ]


def test_namespace_of_the_body(admin: API, namespace: str) -> None:
    """A namespace in the body must be that of the address; an absent one is filled in."""
    other = repository(metadata={"namespace": "elsewhere"})
    answer = admin.create(kinds.REPOSITORY, other, namespace=namespace)
    assert (answer.status_code, failure(answer)) == (
        400,
        {
            "message": "the namespace of the provided object does not match the namespace sent on the request",
            "reason": "BadRequest",
        },
    )
    same = repository(metadata={"namespace": namespace})
    assert admin.create(kinds.REPOSITORY, same, namespace=namespace).status_code == 201


def test_resource_version_of_a_new_object(admin: API, namespace: str) -> None:
    """A resourceVersion in a POST is an error of 500 without a reason, as upstream has it."""
    answer = admin.create(kinds.REPOSITORY, repository(metadata={"resourceVersion": "1"}), namespace=namespace)
    assert (answer.status_code, failure(answer)) == (
        500,
        {"message": "resourceVersion should not be set on objects to be created"},
    )


NAMES = {
    "Web": "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    "w" * 51: "must be no more than 50 characters",
}


@pytest.mark.parametrize("name", NAMES)
def test_bad_name(admin: API, namespace: str, name: str) -> None:
    """A name that cannot be one: 422 at metadata.name."""
    answer = admin.create(kinds.REPOSITORY, repository(name), namespace=namespace)
    message = f'Invalid value: "{name}": {NAMES[name]}'
    assert (answer.status_code, failure(answer)["details"]["causes"]) == (
        422,
        [{"reason": "FieldValueInvalid", "message": message, "field": "metadata.name"}],
    )


def test_no_name(admin: API, namespace: str) -> None:
    """Neither name nor generateName: 422."""
    body = {**served_api.typed(kinds.CONFIG_MAP), "metadata": {}}
    answer = admin.create(kinds.CONFIG_MAP, body, namespace=namespace)
    assert (answer.status_code, failure(answer)["details"]["causes"]) == (
        422,
        [
            {
                "reason": "FieldValueRequired",
                "message": "Required value: name or generateName is required",
                "field": "metadata.name",
            }
        ],
    )


def test_generated_name(admin: API, namespace: str) -> None:
    """generateName: 58 characters of it at most, and five that spell no word."""
    for prefix in ("job-", "p" * 70):
        body = {**served_api.typed(kinds.CONFIG_MAP), "metadata": {"generateName": prefix}}
        meta = admin.create(kinds.CONFIG_MAP, body, namespace=namespace).json()["metadata"]
        assert meta["generateName"] == prefix
        kept, made = meta["name"][:-5], meta["name"][-5:]
        assert kept == prefix[:58]
        assert set(made) <= set("bcdfghjklmnpqrstvwxz2456789")
