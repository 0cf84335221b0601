"""Creating, reading and updating as kube-apiserver 1.36 was recorded doing it, row by row, on our kinds."""

import datetime
import json
import uuid
from typing import Any

import pytest

import api_answers
import served_api
from api_answers import failure, repository
from krate import kinds
from krate.kinds import Kind
from served_api import API

GR = "repositories.krate.a5c.ai"
CONFLICT = "the object has been modified; please apply your changes to the latest version and try again"


def about(name: str, kind: Kind = kinds.REPOSITORY) -> dict[str, str]:
    """Details of an error about an object."""
    return (
        {"name": name, "group": kind.group, "kind": kind.plural} if kind.group else {"name": name, "kind": kind.plural}
    )


@pytest.fixture
def web(admin: API, namespace: str) -> dict[str, Any]:
    """A stored Repository."""
    return api_answers.created(admin, kinds.REPOSITORY, repository(), namespace)


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
    assert set(meta) == {"creationTimestamp", "generation", "name", "namespace", "resourceVersion", "uid"}
    assert (meta["generation"], meta["name"], meta["namespace"]) == (1, "web", namespace)
    assert uuid.UUID(meta["uid"]).version == 4
    made = datetime.datetime.fromisoformat(meta["creationTimestamp"])
    assert abs(datetime.datetime.now(datetime.UTC) - made) < datetime.timedelta(minutes=1)
    assert admin.read(kinds.REPOSITORY, "web", namespace=namespace).json() == {**body, "metadata": meta}


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
        [
            {
                "reason": "FieldValueTypeInvalid",
                "message": 'Invalid value: "null": spec.title in body must be of type string: "null"',
                "field": "spec.title",
            }
        ],
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
    "w" * 51: "must be no more than 50 bytes",
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


MALFORMED = {
    "truncated JSON": (b'{"apiVersion": ', "application/json"),
    "YAML as JSON": (b"apiVersion: v1\nkind: ConfigMap\n", "application/json"),
    "nothing": (b"", "application/json"),
    "a list": (b"[]", "application/json"),
    "a number": (b"5", "application/json"),
    "null": (b"null", "application/json"),
    "broken UTF-8": (b'{"kind": "\xff"}', "application/json"),
    "NaN": (b'{"kind": NaN}', "application/json"),
    "broken YAML": (b"a: [", "application/yaml"),
    "two documents": (b"a: 1\n---\nb: 2\n", "application/yaml"),
    "YAML of other types": (b"a: !!python/object:os.system {}", "application/yaml"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_body(admin: API, namespace: str, name: str) -> None:
    """A body that is no object: 400 that names the kind expected."""
    content, media = MALFORMED[name]
    path = served_api.collection(kinds.CONFIG_MAP, namespace)
    answer = admin.post(path, content=content, headers={"content-type": media})
    message = failure(answer)["message"]
    prefix = (
        "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: "
    )
    assert (answer.status_code, message[: len(prefix)]) == (400, prefix)


TYPES = {
    "other version": (
        {"apiVersion": "krate.a5c.ai/v2", "kind": "Repository"},
        400,
        "the API version in the data (krate.a5c.ai/v2) does not match the expected API version (krate.a5c.ai/v1alpha1)",
    ),
    "no version": (
        {"kind": "Repository"},
        400,
        "the API version in the data () does not match the expected API version (krate.a5c.ai/v1alpha1)",
    ),
    "other kind": (
        {"apiVersion": "krate.a5c.ai/v1alpha1", "kind": "Team", "metadata": {"name": "x"}},
        422,
        'Repository.krate.a5c.ai "x" is invalid: kind: Invalid value: "Team": must be Repository',
    ),
}


@pytest.mark.parametrize("name", TYPES)
def test_type_of_the_body(admin: API, namespace: str, name: str) -> None:
    """The body must be of the version and kind of the address."""
    body, code, message = TYPES[name]
    answer = admin.create(kinds.REPOSITORY, body, namespace=namespace)
    assert (answer.status_code, failure(answer)["message"]) == (code, message)


def test_media_types(admin: API, namespace: str) -> None:
    """A body in another form: 415 that lists the forms; an Accept of another form: 406 that does."""
    path = served_api.collection(kinds.REPOSITORY, namespace)
    refused = admin.post(path, content=b"x", headers={"content-type": "text/plain"})
    assert (refused.status_code, failure(refused)) == (
        415,
        {
            "message": "the body of the request was in an unknown format - accepted media types include: "
            "application/json, application/yaml",
            "reason": "UnsupportedMediaType",
        },
    )
    unacceptable = admin.get(path, headers={"accept": "text/html"})
    assert (unacceptable.status_code, failure(unacceptable)) == (
        406,
        {
            "message": "only the following media types are accepted: application/json, application/yaml",
            "reason": "NotAcceptable",
        },
    )


def test_yaml_both_ways(admin: API, namespace: str) -> None:
    """YAML is taken and given."""
    content = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\ndata: {when: '2026-01-01', why: '1:30'}\n"
    path = served_api.collection(kinds.CONFIG_MAP, namespace)
    made = admin.post(path, content=content, headers={"content-type": "application/yaml", "accept": "application/yaml"})
    assert (made.status_code, made.headers["content-type"]) == (201, "application/yaml")
    assert "kind: ConfigMap\n" in made.text
    stored = admin.read(kinds.CONFIG_MAP, "y", namespace=namespace).json()
    assert stored["data"] == {"when": "2026-01-01", "why": "1:30"}


def test_missing_namespace(admin: API) -> None:
    """POST into a namespace that does not exist: 404 about the namespace."""
    answer = admin.create(kinds.REPOSITORY, repository(), namespace="nope")
    assert (answer.status_code, failure(answer)) == (
        404,
        {
            "message": 'namespaces "nope" not found',
            "reason": "NotFound",
            "details": {"name": "nope", "kind": "namespaces"},
        },
    )


def test_missing_object_and_unknown_resource(admin: API, namespace: str) -> None:
    """GET of what is missing: a Status; of a resource nobody knows: plain text, never a framework's JSON."""
    missing = admin.read(kinds.REPOSITORY, "missing", namespace=namespace)
    assert (missing.status_code, failure(missing)) == (
        404,
        {"message": f'{GR} "missing" not found', "reason": "NotFound", "details": about("missing")},
    )
    for path in (
        f"/apis/krate.a5c.ai/v1alpha1/namespaces/{namespace}/bicycles",
        f"/apis/krate.a5c.ai/v9/namespaces/{namespace}/repositories",
        "/apis/nobody.example.com/v1/things",
        f"/apis/krate.a5c.ai/v1alpha1/namespaces/{namespace}/organizations",
        f"/apis/krate.a5c.ai/v1alpha1/namespaces/{namespace}/repositories/web/bell",
        f"/apis/krate.a5c.ai/v1alpha1/namespaces/{namespace}/repositories/web/status/more",
        "/apis/krate.a5c.ai/v1alpha1/repositories/web",
        "/nothing",
    ):
        answer = admin.get(path)
        assert (answer.status_code, answer.text) == (404, "404 page not found\n"), path
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_update_needs_a_version(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """PUT without resourceVersion: 422 about the resource, for kinds that are no built-ins."""
    body = {**web, "metadata": {"name": "web"}}
    answer = admin.put(served_api.item(kinds.REPOSITORY, "web", namespace), json=body)
    assert (answer.status_code, failure(answer)) == (
        422,
        {
            "message": f'{GR} "web" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an '
            "update",
            "reason": "Invalid",
            "details": {
                **about("web"),
                "causes": [
                    {
                        "reason": "FieldValueInvalid",
                        "message": "Invalid value: 0x0: must be specified for an update",
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
    """PUT with another uid: 409 about the precondition; a patch of the uid: 422 immutable."""
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
        ],
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
    assert got == {**web, "spec": sent["spec"], "metadata": want}


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
