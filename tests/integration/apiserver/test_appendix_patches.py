"""Patches, field validation and dry runs as kube-apiserver 1.36 was recorded answering them."""

import concurrent.futures
import json
from typing import Any

import pytest

import api_answers
import served_api
from api_answers import failure, repository
from krate import kinds
from served_api import API

GR = "repositories.krate.a5c.ai"


@pytest.fixture
def web(admin: API, namespace: str) -> dict[str, Any]:
    return api_answers.created(admin, kinds.REPOSITORY, repository(), namespace)


def test_strategic_patch(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """Strategic merge is for kinds of Kubernetes only: 415 elsewhere, with what is taken."""
    answer = admin.change(kinds.REPOSITORY, "web", {}, namespace=namespace, form="strategic-merge-patch")
    assert (answer.status_code, failure(answer)) == (
        415,
        {
            "message": "the body of the request was in an unknown format - accepted media types include: "
            "application/json-patch+json, application/merge-patch+json",
            "reason": "UnsupportedMediaType",
        },
    )
    made = {**served_api.typed(kinds.CONFIG_MAP), "metadata": {"name": "c"}, "data": {"a": "b", "c": "d"}}
    admin.create(kinds.CONFIG_MAP, made, namespace=namespace)
    patch = {"data": {"a": None, "e": "f"}, "metadata": {"$setElementOrder/finalizers": ["x/y"], "finalizers": ["x/y"]}}
    answer = admin.change(kinds.CONFIG_MAP, "c", patch, namespace=namespace, form="strategic-merge-patch")
    body = answer.json()
    assert (body["data"], body["metadata"]["finalizers"]) == ({"c": "d", "e": "f"}, ["x/y"])


@pytest.mark.parametrize("media", ["application/json", "application/apply-patch+yaml", "text/plain", ""])
def test_other_media_types(admin: API, namespace: str, web: dict[str, Any], media: str) -> None:
    """A patch of any other type is a 415, an absent type included."""
    path = served_api.item(kinds.REPOSITORY, "web", namespace)
    answer = admin.patch(path, content=b"{}", headers={"content-type": media} if media else {})
    assert (answer.status_code, answer.json()["reason"]) == (415, "UnsupportedMediaType")


FAILING = {
    "a test": [{"op": "test", "path": "/spec/visibility", "value": "Public"}],
    "a path": [{"op": "remove", "path": "/spec/nothing"}],
    "an operation": [{"op": "bogus", "path": "/spec"}],
    "a result that is no object": [{"op": "replace", "path": "", "value": 5}],
    "a result without metadata of its type": [{"op": "replace", "path": "/metadata", "value": []}],
}


@pytest.mark.parametrize("name", FAILING)
def test_json_patch_that_cannot_be(admin: API, namespace: str, web: dict[str, Any], name: str) -> None:
    """A JSON patch that cannot be carried out: 422 with nothing but empty details."""
    answer = admin.change(kinds.REPOSITORY, "web", FAILING[name], namespace=namespace, form="json-patch")
    assert (answer.status_code, failure(answer)) == (
        422,
        {
            "message": "the server rejected our request due to an error in our request",
            "reason": "Invalid",
            "details": {},
        },
    )
    assert admin.read(kinds.REPOSITORY, "web", namespace=namespace).json() == web


def test_json_patch(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """A JSON patch whose tests hold is carried out."""
    patch = [
        {"op": "test", "path": "/metadata/resourceVersion", "value": web["metadata"]["resourceVersion"]},
        {"op": "add", "path": "/spec/description", "value": "x"},
        {"op": "add", "path": "/metadata/labels", "value": {"a": "b"}},
    ]
    body = admin.change(kinds.REPOSITORY, "web", patch, namespace=namespace, form="json-patch").json()
    assert (body["spec"]["description"], body["metadata"]["labels"]) == ("x", {"a": "b"})
    assert admin.change(kinds.REPOSITORY, "web", patch, namespace=namespace, form="json-patch").status_code == 422


MALFORMED = {
    "truncated": (b'{"spec": ', "merge-patch"),
    "nothing": (b"", "merge-patch"),
    "a list as merge patch": (b"[]", "merge-patch"),
    "a text as merge patch": (b'"x"', "merge-patch"),
    "an object as JSON patch": (b"{}", "json-patch"),
    "broken UTF-8": (b'{"a": "\xff"}', "json-patch"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_patch(admin: API, namespace: str, web: dict[str, Any], name: str) -> None:
    """A patch that is none: 400."""
    content, form = MALFORMED[name]
    answer = admin.change(kinds.REPOSITORY, "web", content, namespace=namespace, form=form)
    assert (answer.status_code, failure(answer)["message"][:22]) == (400, "error decoding patch: ")


OPTIONS = {
    "force": ({"force": "true"}, "force: Forbidden: may not be specified for non-apply patch"),
    "manager": ({"fieldManager": "m" * 200}, "fieldManager: Too long: may not be more than 128 bytes"),
    "manager with a line break": (
        {"fieldManager": "a\nb"},
        'fieldManager: Invalid value: "a\\nb": invalid character U+000A (at position 1)',
    ),
    "dry run": ({"dryRun": "Foo"}, 'dryRun: Unsupported value: ["Foo"]: supported values: "All"'),
    "validation": (
        {"fieldValidation": "Foo"},
        'fieldValidation: Unsupported value: "Foo": supported values: "", "Ignore", "Strict", "Warn"',
    ),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options(admin: API, namespace: str, web: dict[str, Any], name: str) -> None:
    """Options of another kind or value: 422 about the options, before anything is looked at."""
    params, text = OPTIONS[name]
    answer = admin.change(kinds.REPOSITORY, "web", {}, namespace=namespace, **params)
    found = failure(answer)
    assert (answer.status_code, found["message"]) == (422, f'PatchOptions.meta.k8s.io "" is invalid: {text}')
    assert {key: found["details"][key] for key in ("group", "kind")} == {"group": "meta.k8s.io", "kind": "PatchOptions"}


def test_options_of_a_create(admin: API, namespace: str) -> None:
    """The same, under the name of the options of a POST."""
    answer = admin.create(kinds.REPOSITORY, repository(), namespace=namespace, dryRun="Foo")
    want = 'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Foo"]: supported values: "All"'
    assert (answer.status_code, failure(answer)["message"]) == (422, want)


def test_kind_cannot_be_patched(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """A patch to another kind: 422."""
    answer = admin.change(kinds.REPOSITORY, "web", {"kind": "Team"}, namespace=namespace)
    want = 'Repository.krate.a5c.ai "web" is invalid: kind: Invalid value: "Team": must be Repository'
    assert (answer.status_code, failure(answer)["message"]) == (422, want)


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


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_duplicate_fields(admin: API, namespace: str, form: str) -> None:
    """A field that stands twice: the last value with a warning, a refusal under Strict."""
    content = TWICE if form == "json" else TWICE_YAML
    path, headers = served_api.collection(kinds.CONFIG_MAP, namespace), {"content-type": f"application/{form}"}
    strict = admin.post(path, content=content, headers=headers, params={"fieldValidation": "Strict"})
    want = 'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data.a"'
    assert (strict.status_code, failure(strict)["message"]) == (400, want)
    answer = admin.post(path, content=content, headers=headers)
    assert answer.headers.get_list("warning") == [r'299 - "duplicate field \"data.a\""']
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
    assert set(meta) == {"creationTimestamp", "generateName", "name", "namespace", "uid"}
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
    assert put == patch
    assert put == {**changed, "metadata": {**web["metadata"], "generation": 2}}
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


def test_patches_at_once_all_count(admin: API, namespace: str) -> None:
    """Patches without a version that meet each other are carried out one after another, unseen by their clients."""
    body = {**served_api.typed(kinds.CONFIG_MAP), "metadata": {"name": "busy"}}
    admin.create(kinds.CONFIG_MAP, body, namespace=namespace)

    def patch(number: int) -> int:
        change = {"data": {f"k{number}": "v"}}
        return admin.change(kinds.CONFIG_MAP, "busy", change, namespace=namespace).status_code

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(patch, range(40))) == [200] * 40
    assert len(admin.read(kinds.CONFIG_MAP, "busy", namespace=namespace).json()["data"]) == 40


def test_locked_patches_at_once(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """Of patches that name the same version one is carried out, the others are told."""

    def patch(number: int) -> int:
        version = web["metadata"]["resourceVersion"]
        change = {"metadata": {"resourceVersion": version}, "spec": {"description": str(number)}}
        return admin.change(kinds.REPOSITORY, "web", change, namespace=namespace).status_code

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(patch, range(10))) == [200] + [409] * 9


def test_patch_of_nothing_creates_nothing(admin: API, namespace: str) -> None:
    """A patch of an object that does not exist: 404."""
    answer = admin.change(kinds.REPOSITORY, "ghost", {"spec": {}}, namespace=namespace)
    assert (answer.status_code, failure(answer)["message"]) == (404, f'{GR} "ghost" not found')


def test_immutable_fields(admin: API, namespace: str) -> None:
    """A field that cannot change once it is set: 422 with the field."""
    meta = {"metadata": {"name": "s"}}
    admin.create(kinds.SECRET, {**served_api.typed(kinds.SECRET), **meta, "type": "a/b"}, namespace=namespace)
    answer = admin.change(kinds.SECRET, "s", {"type": "c/d"}, namespace=namespace)
    assert (answer.status_code, failure(answer)["details"]["causes"]) == (
        422,
        [{"reason": "FieldValueInvalid", "message": 'Invalid value: "c/d": field is immutable', "field": "type"}],
    )


def test_annotations_beyond_the_limit(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """Annotations of more than 256 KiB together: 422."""
    patch = {"metadata": {"annotations": {f"k{number}": "x" * 30_000 for number in range(9)}}}
    answer = admin.change(kinds.REPOSITORY, "web", patch, namespace=namespace)
    (cause,) = failure(answer)["details"]["causes"]
    assert (answer.status_code, cause["reason"], cause["field"]) == (422, "FieldValueTooLong", "metadata.annotations")


def test_an_object_does_not_grow_without_bound(admin: API, namespace: str) -> None:
    """Patches cannot make an object larger than a request may be."""
    body = {**served_api.typed(kinds.CONFIG_MAP), "metadata": {"name": "big"}, "data": {"k": "x" * 2_000_000}}
    assert admin.create(kinds.CONFIG_MAP, body, namespace=namespace).status_code == 201
    for form in ("merge-patch", "strategic-merge-patch"):
        change = {"data": {"more": "x" * 2_000_000}}
        answer = admin.change(kinds.CONFIG_MAP, "big", change, namespace=namespace, form=form)
        assert (answer.status_code, answer.json()["reason"]) == (413, "RequestEntityTooLarge")
    assert list(admin.read(kinds.CONFIG_MAP, "big", namespace=namespace).json()["data"]) == ["k"]


def test_body_limit(admin: API, namespace: str) -> None:
    """A body of 3 MiB and one byte: 413, announced or in chunks."""
    limit = 3 * 1024 * 1024
    frame = json.dumps({**served_api.typed(kinds.CONFIG_MAP), "metadata": {"name": "x"}, "data": {"k": ""}}).encode()
    content = frame[:-3] + b"x" * (limit + 1 - len(frame)) + frame[-3:]
    assert len(content) == limit + 1
    path, headers = served_api.collection(kinds.CONFIG_MAP, namespace), {"content-type": "application/json"}
    announced = admin.post(path, content=content, headers=headers)
    in_chunks = admin.post(path, content=iter([content[:1_000_000], content[1_000_000:]]), headers=headers)
    for answer in (announced, in_chunks):
        assert (answer.status_code, failure(answer)) == (
            413,
            {"message": f"Request entity too large: limit is {limit}", "reason": "RequestEntityTooLarge"},
        )
    assert admin.list(kinds.CONFIG_MAP, namespace=namespace).json()["items"] == []
