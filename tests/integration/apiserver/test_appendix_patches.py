"""Patches, field validation and dry runs as kube-apiserver 1.36 was recorded answering them."""

import concurrent.futures
import json
from typing import Any

import pytest

import served_api
from api_answers import failure, repository
from krate import kinds
from served_api import API

GR = "repositories.krate.a5c.ai"


def test_strategic_patch(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """Strategic merge is for kinds of Kubernetes only: 415 elsewhere, with what is taken."""
    answer = admin.change(kinds.REPOSITORY, "web", {}, namespace=namespace, form="strategic-merge-patch")
    assert (answer.status_code, failure(answer)) == (
        415,
        {
            "message": "the body of the request was in an unknown format - accepted media types include: "
            "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
            "reason": "UnsupportedMediaType",
        },
    )
    made = {**served_api.typed(kinds.CONFIG_MAP), "metadata": {"name": "c"}, "data": {"a": "b", "c": "d"}}
    admin.create(kinds.CONFIG_MAP, made, namespace=namespace)
    patch = {"data": {"a": None, "e": "f"}, "metadata": {"$setElementOrder/finalizers": ["x/y"], "finalizers": ["x/y"]}}
    answer = admin.change(kinds.CONFIG_MAP, "c", patch, namespace=namespace, form="strategic-merge-patch")
    body = answer.json()
    assert (body["data"], body["metadata"]["finalizers"]) == ({"c": "d", "e": "f"}, ["x/y"])


@pytest.mark.parametrize("media", ["application/json", "application/apply-patch+cbor", "text/plain", ""])
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
    want = 'Team.krate.a5c.ai "web" is invalid: kind: Invalid value: "Team": must be Repository'
    assert (answer.status_code, failure(answer)["message"]) == (422, want)


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
    causes = failure(answer)["details"]["causes"]
    assert (answer.status_code, {(cause["reason"], cause["field"]) for cause in causes}) == (
        422,
        {("FieldValueTooLong", "metadata.annotations")},
    )


def test_an_object_does_not_grow_without_bound(admin: API, namespace: str) -> None:
    """Patches cannot make an object larger than a request may be."""
    spec = {"validations": [{"expression": "true", "message": "x" * 2_000_000}]}
    kind = kinds.VALIDATING_ADMISSION_POLICY
    body = {**served_api.typed(kind), "metadata": {"name": namespace}, "spec": spec}
    assert admin.create(kind, body).status_code == 201
    for form in ("merge-patch", "strategic-merge-patch"):
        change = {"spec": {"variables": [{"name": "x", "expression": "x" * 2_000_000}]}}
        answer = admin.change(kind, namespace, change, form=form)
        assert (answer.status_code, answer.json()["reason"]) == (413, "RequestEntityTooLarge")
    assert "variables" not in admin.read(kind, namespace).json()["spec"]
    admin.remove(kind, namespace)


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
