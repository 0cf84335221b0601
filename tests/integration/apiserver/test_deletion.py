"""Deletion: preconditions, finalizers, propagation and collections, as kube-apiserver 1.36 was recorded doing them."""

import datetime
from typing import Any

import pytest

import api_answers
import api_watches
import served_api
from api_answers import failure, repository, unmanaged
from krate import kinds
from served_api import API

GR = "repositories.krate.a5c.ai"
RECREATED = "The object might have been deleted and then recreated"
MODIFIED = "The object might have been modified"


def release(admin: API, name: str, namespace: str) -> Any:
    return admin.change(kinds.CONFIG_MAP, name, {"metadata": {"finalizers": None}}, namespace=namespace)


def test_deleted(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """Without anything that holds it: 200, a Status of success about the object, without a code."""
    answer = admin.remove(kinds.REPOSITORY, "web", namespace=namespace)
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": {"name": "web", "group": "krate.a5c.ai", "kind": "repositories", "uid": web["metadata"]["uid"]},
        },
    )
    again = admin.remove(kinds.REPOSITORY, "web", namespace=namespace)
    assert (again.status_code, failure(again)["message"]) == (404, f'{GR} "web" not found')


def test_content_goes_with_its_repository(admin: API, namespace: str) -> None:
    """RepositoryContent is there from the first moment, stays under Retain, and goes at once under Delete."""
    for name, policy in (("kept", "Retain"), ("gone", "Delete")):
        api_answers.created(admin, kinds.REPOSITORY, repository(name, spec={"deletionPolicy": policy}), namespace)
        assert admin.read(kinds.REPOSITORY_CONTENT, name, namespace=namespace).status_code == 200
        assert admin.remove(kinds.REPOSITORY, name, namespace=namespace).status_code == 200
    found = admin.list(kinds.REPOSITORY_CONTENT, namespace=namespace).json()["items"]
    assert [item["metadata"]["name"] for item in found] == ["kept"]


def test_finalizer_holds(admin: API, namespace: str, held: dict[str, Any]) -> None:
    """With a finalizer: 200 and the object, marked; a second time the same; nothing new is taken."""
    marked = admin.remove(kinds.CONFIG_MAP, "held", namespace=namespace)
    body = marked.json()
    meta = body["metadata"]
    assert marked.status_code == 200
    made = datetime.datetime.fromisoformat(meta.pop("deletionTimestamp"))
    assert abs(datetime.datetime.now(datetime.UTC) - made) < datetime.timedelta(minutes=1)
    assert meta.pop("deletionGracePeriodSeconds") == 0
    assert int(meta.pop("resourceVersion")) == int(held["metadata"].pop("resourceVersion")) + 1
    assert body == held
    again = admin.remove(kinds.CONFIG_MAP, "held", namespace=namespace)
    assert (again.status_code, again.json()) == (200, admin.read(kinds.CONFIG_MAP, "held", namespace=namespace).json())
    twice = admin.create(kinds.CONFIG_MAP, {**held, "metadata": {"name": "held"}}, namespace=namespace)
    assert (twice.status_code, failure(twice)) == (
        409,
        {
            "message": 'object is being deleted: configmaps "held" already exists',
            "reason": "AlreadyExists",
            "details": {"name": "held", "kind": "configmaps"},
        },
    )


def test_generation_of_a_marked_object(admin: API, namespace: str) -> None:
    """Marking counts one generation where there are generations, and foreground deletion marks by itself."""
    api_answers.created(admin, kinds.REPOSITORY, repository(), namespace)
    body = admin.remove(kinds.REPOSITORY, "web", namespace=namespace, propagationPolicy="Foreground").json()
    assert (body["metadata"]["generation"], body["metadata"]["finalizers"]) == (2, ["foregroundDeletion"])


def test_finalizers_of_a_marked_object(admin: API, namespace: str, held: dict[str, Any]) -> None:
    """A marked object takes no new finalizer; without the last one it is gone, and the answer is its last state."""
    admin.remove(kinds.CONFIG_MAP, "held", namespace=namespace)
    patch = {"metadata": {"finalizers": ["e.com/f", "e.com/g"]}}
    refused = admin.change(kinds.CONFIG_MAP, "held", patch, namespace=namespace)
    text = (
        "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers "
        '[]string{"e.com/g"}'
    )
    assert (refused.status_code, failure(refused)["details"]["causes"]) == (
        422,
        [{"reason": "FieldValueForbidden", "message": text, "field": "metadata.finalizers"}] * 2,
    )
    before = admin.read(kinds.CONFIG_MAP, "held", namespace=namespace).json()
    last = release(admin, "held", namespace)
    del before["metadata"]["finalizers"]
    assert (last.status_code, unmanaged(last.json())) == (200, unmanaged(before))
    assert admin.read(kinds.CONFIG_MAP, "held", namespace=namespace).status_code == 404
    events = api_watches.history(admin, kinds.CONFIG_MAP, namespace, since=int(before["metadata"]["resourceVersion"]))
    assert [event["type"] for event in events] == ["DELETED"]
    assert int(events[0]["object"]["metadata"]["resourceVersion"]) == int(before["metadata"]["resourceVersion"]) + 1


POLICIES: dict[str, tuple[dict[str, Any], int, list[str] | None]] = {
    "nothing said": ({}, 200, None),
    "Background": ({"propagationPolicy": "Background"}, 200, None),
    "Foreground": ({"propagationPolicy": "Foreground"}, 200, ["foregroundDeletion"]),
    "Orphan": ({"propagationPolicy": "Orphan"}, 200, ["orphan"]),
    "orphans, the old way": ({"orphanDependents": True}, 200, ["orphan"]),
    "no orphans, the old way": ({"orphanDependents": False}, 200, None),
    "grace": ({"gracePeriodSeconds": 5}, 200, None),
}


@pytest.mark.parametrize("where", ["body", "query"])
@pytest.mark.parametrize("name", POLICIES)
def test_propagation(admin: API, namespace: str, name: str, where: str) -> None:
    """Each policy leaves its finalizer, wherever it is said."""
    options, code, finalizers = POLICIES[name]
    api_answers.created(admin, kinds.REPOSITORY, repository(), namespace)
    if where == "body":
        answer = admin.remove(kinds.REPOSITORY, "web", namespace=namespace, options=options)
    else:
        params = {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in options.items()}
        answer = admin.remove(kinds.REPOSITORY, "web", namespace=namespace, **params)
    assert answer.status_code == code
    left = admin.read(kinds.REPOSITORY, "web", namespace=namespace)
    if finalizers is None:
        assert left.status_code == 404
    else:
        assert left.json()["metadata"]["finalizers"] == finalizers


def test_accepted(admin: API, namespace: str, held: dict[str, Any]) -> None:
    """`orphanDependents: false` on what a finalizer holds: 202."""
    answer = admin.remove(kinds.CONFIG_MAP, "held", namespace=namespace, options={"orphanDependents": False})
    assert (answer.status_code, answer.json()["kind"]) == (202, "ConfigMap")


OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "policy": (
        {"propagationPolicy": "Foo"},
        'propagationPolicy: Unsupported value: "Foo": supported values: "Foreground", "Background", "Orphan", "nil"',
    ),
    "both": (
        {"propagationPolicy": "Orphan", "orphanDependents": True},
        'propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
    ),
    "dry run": ({"dryRun": ["Foo"]}, 'dryRun: Unsupported value: ["Foo"]: supported values: "All"'),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_that_cannot_be(admin: API, namespace: str, web: dict[str, Any], name: str) -> None:
    """Options of another value, or that contradict each other: 422 about the options."""
    options, text = OPTIONS[name]
    answer = admin.remove(kinds.REPOSITORY, "web", namespace=namespace, options=options)
    assert (answer.status_code, failure(answer)["message"]) == (
        422,
        f'DeleteOptions.meta.k8s.io "" is invalid: {text}',
    )
    assert admin.read(kinds.REPOSITORY, "web", namespace=namespace).json() == web


BODIES: dict[str, Any] = {
    "a list": [],
    "a policy of another type": {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": 5},
    "a dry run of another type": {"kind": "DeleteOptions", "apiVersion": "v1", "dryRun": 5},
    "a dry run of numbers": {"kind": "DeleteOptions", "apiVersion": "v1", "dryRun": [5]},
    "a dry run that is a text": {"kind": "DeleteOptions", "apiVersion": "v1", "dryRun": "All"},
    "preconditions of another type": {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": "x"},
    "a uid of another type": {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": 5}},
    "orphans of another type": {"kind": "DeleteOptions", "apiVersion": "v1", "orphanDependents": "no"},
    "a version of another type": {"kind": "DeleteOptions", "apiVersion": {}},
    "no version": {"kind": "DeleteOptions", "apiVersion": "a/b/c"},
    "another kind": {"kind": "ConfigMap", "apiVersion": "v1"},
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_are_no_options(admin: API, namespace: str, web: dict[str, Any], name: str) -> None:
    """A body that is no DeleteOptions: 400, and nothing is deleted."""
    path = served_api.item(kinds.REPOSITORY, "web", namespace)
    answer = admin.request("DELETE", path, json=BODIES[name])
    assert (answer.status_code, failure(answer)["reason"]) == (400, "BadRequest")
    assert admin.get(path).json() == web


def test_body_in_another_form(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """Options come as JSON, YAML or protobuf; anything else is a 415."""
    path = served_api.item(kinds.REPOSITORY, "web", namespace)
    refused = admin.request("DELETE", path, content=b"x", headers={"content-type": "text/plain"})
    assert refused.status_code == 415
    assert admin.get(path).status_code == 200
    content = b"kind: DeleteOptions\napiVersion: krate.a5c.ai/v1alpha1\npropagationPolicy: Foreground\n"
    taken = admin.request("DELETE", path, content=content, headers={"content-type": "application/yaml"})
    assert taken.json()["metadata"]["finalizers"] == ["foregroundDeletion"]


def test_preconditions(admin: API, namespace: str, web: dict[str, Any]) -> None:
    """A uid or version that is not the stored one: 409 about the Kind; the right ones delete."""
    uid, version = web["metadata"]["uid"], web["metadata"]["resourceVersion"]
    texts = {
        "uid": (
            "bad",
            f"the UID in the precondition (bad) does not match the UID in record ({uid}). {RECREATED}",
        ),
        "resourceVersion": (
            "1",
            f"the ResourceVersion in the precondition (1) does not match the ResourceVersion in record ({version}). "
            + MODIFIED,
        ),
    }
    for member, (value, text) in texts.items():
        options = {"preconditions": {member: value}}
        answer = admin.remove(kinds.REPOSITORY, "web", namespace=namespace, options=options)
        assert (answer.status_code, failure(answer)) == (
            409,
            {
                "message": f'Operation cannot be fulfilled on Repository.krate.a5c.ai "web": {text}',
                "reason": "Conflict",
                "details": {"name": "web", "group": "krate.a5c.ai", "kind": "Repository"},
            },
        )
    right = {"preconditions": {"uid": uid, "resourceVersion": version}}
    assert admin.remove(kinds.REPOSITORY, "web", namespace=namespace, options=right).status_code == 200


def config_maps(admin: API, namespace: str, count: int = 7) -> None:
    for number in range(count):
        meta = {"name": f"c{number}", "labels": {"parity": "odd" if number % 2 else "even"}}
        api_answers.created(
            admin, kinds.CONFIG_MAP, {**served_api.typed(kinds.CONFIG_MAP), "metadata": meta}, namespace
        )


def left(admin: API, namespace: str) -> list[str]:
    return [item["metadata"]["name"] for item in admin.list(kinds.CONFIG_MAP, namespace=namespace).json()["items"]]


SELECTIONS = {
    "everything": ({}, []),
    "by label": ({"labelSelector": "parity=odd"}, ["c0", "c2", "c4", "c6"]),
    "by field": ({"fieldSelector": "metadata.name=c3"}, ["c0", "c1", "c2", "c4", "c5", "c6"]),
    "a page": ({"limit": "2"}, ["c2", "c3", "c4", "c5", "c6"]),
    "nothing": ({"labelSelector": "parity=none"}, ["c0", "c1", "c2", "c3", "c4", "c5", "c6"]),
}


@pytest.mark.parametrize("name", SELECTIONS)
def test_collection(admin: API, namespace: str, name: str) -> None:
    """A collection is deleted as it is selected; the answer is a list of what was."""
    params, stay = SELECTIONS[name]
    config_maps(admin, namespace)
    answer = admin.request("DELETE", served_api.collection(kinds.CONFIG_MAP, namespace), params=params)
    body = answer.json()
    assert (answer.status_code, body["kind"], body["apiVersion"]) == (200, "ConfigMapList", "v1")
    assert sorted([item["metadata"]["name"] for item in body["items"]] + stay) == [f"c{number}" for number in range(7)]
    assert left(admin, namespace) == stay


def test_collection_of_other_namespaces_is_left_alone(admin: API, namespace: str) -> None:
    """Deleting a collection needs a namespace, and stays in it."""
    config_maps(admin, namespace, count=1)
    elsewhere = served_api.new_namespace(admin)
    config_maps(admin, elsewhere, count=1)
    assert admin.request("DELETE", served_api.collection(kinds.CONFIG_MAP, elsewhere)).status_code == 200
    assert left(admin, namespace) == ["c0"]
    everywhere = admin.request("DELETE", served_api.collection(kinds.CONFIG_MAP))
    assert (everywhere.status_code, failure(everywhere)["reason"]) == (405, "MethodNotAllowed")
    assert left(admin, namespace) == ["c0"]


def test_collection_with_finalizers_and_dry_run(admin: API, namespace: str, held: dict[str, Any]) -> None:
    """What is held is marked; a dry run of a collection marks and deletes nothing."""
    path = served_api.collection(kinds.CONFIG_MAP, namespace)
    assert admin.request("DELETE", path, params={"dryRun": "All"}).status_code == 200
    assert admin.read(kinds.CONFIG_MAP, "held", namespace=namespace).json() == held
    assert admin.request("DELETE", path).json()["items"] == [api_answers.untyped(held)]
    assert "deletionTimestamp" in admin.read(kinds.CONFIG_MAP, "held", namespace=namespace).json()["metadata"]
