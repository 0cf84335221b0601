"""Namespaces: made with a label, kept until they are empty, and closed to new content while they go."""

from typing import Any

import pytest

import factories
import served_api
from api_answers import created, failure
from api_users import NewUser, rule
from krate import kinds, names
from served_api import API

NS = kinds.NAMESPACE


def body(name: str, **parts: Any) -> dict[str, Any]:
    return factories.merge({**served_api.typed(NS), "metadata": {"name": name}}, parts)


def finalize(admin: API, name: str, *finalizers: str) -> Any:
    current = admin.read(NS, name).json()
    wanted = {**current, "spec": {"finalizers": list(finalizers)}}
    return admin.put(served_api.item(NS, name, subresource="finalize"), json=wanted)


def test_made(admin: API) -> None:
    """A namespace carries its name as a label, a finalizer in spec, and is Active; nobody writes those."""
    sent = body("ns-made", metadata={"labels": {"a": "b"}}, spec={"finalizers": ["mine"]}, status={"phase": "Gone"})
    made = created(admin, NS, sent)
    labels = {"a": "b", str(names.Label.NAMESPACE_NAME): "ns-made"}
    assert (made["metadata"]["labels"], made["spec"], made["status"]) == (
        labels,
        {"finalizers": ["kubernetes"]},
        {"phase": "Active"},
    )
    patch = {"metadata": {"labels": None}, "spec": {"finalizers": []}, "status": {"phase": "Gone"}}
    changed = admin.change(NS, "ns-made", patch).json()
    assert changed["metadata"]["labels"] == {str(names.Label.NAMESPACE_NAME): "ns-made"}
    assert (changed["spec"], changed["status"]) == (made["spec"], made["status"])
    told = admin.change(NS, "ns-made", {"status": {"phase": "Terminating"}}, subresource="status").json()
    assert told["status"]["phase"] == "Active"


def test_status_with_metadata(admin: API) -> None:
    """A write of the status changes annotations too, as upstream's strategy has it; the name stays a label."""
    created(admin, NS, body("ns-status"))
    condition = {"type": "StatusPatch", "status": "True", "reason": "E2E", "message": "told"}
    patch = {"metadata": {"annotations": {"a": "b"}, "labels": None}, "status": {"conditions": [condition]}}
    told = admin.change(NS, "ns-status", patch, subresource="status").json()
    meta = told["metadata"]
    assert (meta["annotations"], meta["labels"], told["status"]["conditions"]) == (
        {"a": "b"},
        {str(names.Label.NAMESPACE_NAME): "ns-status"},
        [condition],
    )


@pytest.mark.parametrize("name", ["a.b", "A", "a" * 64, "-a"])
def test_names(admin: API, name: str) -> None:
    """A namespace is named with a DNS label."""
    answer = admin.create(NS, body(name))
    assert (answer.status_code, failure(answer)["details"]["causes"][0]["field"]) == (422, "metadata.name")


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public", "krate-system"])
def test_immortal(admin: API, name: str) -> None:
    """Some namespaces cannot be deleted by anybody."""
    answer = admin.remove(NS, name)
    assert (answer.status_code, failure(answer)["message"]) == (
        403,
        f'namespaces "{name}" is forbidden: this namespace may not be deleted',
    )


def test_terminating(admin: API) -> None:
    """A deleted namespace is Terminating until its finalizer goes; nothing new comes in, what is there can change."""
    created(admin, NS, body("ns-going"))
    kept = created(admin, kinds.CONFIG_MAP, factories.make_config_map("kept", namespace="ns-going"), "ns-going")
    marked = admin.remove(NS, "ns-going")
    assert (marked.status_code, marked.json()["status"]["phase"]) == (200, "Terminating")
    refused = admin.create(
        kinds.CONFIG_MAP, factories.make_config_map("new", namespace="ns-going"), namespace="ns-going"
    )
    text = "unable to create new content in namespace ns-going because it is being terminated"
    assert (refused.status_code, failure(refused)) == (
        403,
        {
            "message": f'configmaps "new" is forbidden: {text}',
            "reason": "Forbidden",
            "details": {
                "name": "new",
                "kind": "configmaps",
                "causes": [
                    {
                        "reason": "NamespaceTerminating",
                        "message": "namespace ns-going is being terminated",
                        "field": "metadata.namespace",
                    }
                ],
            },
        },
    )
    assert admin.change(kinds.CONFIG_MAP, "kept", {"data": {"a": "b"}}, namespace="ns-going").status_code == 200
    assert admin.remove(kinds.CONFIG_MAP, kept["metadata"]["name"], namespace="ns-going").status_code == 200
    last = finalize(admin, "ns-going")
    assert (last.status_code, last.json()["spec"]) == (200, {"finalizers": []})
    assert admin.read(NS, "ns-going").status_code == 404
    created(admin, NS, body("ns-going"))


def test_finalize_has_rules(admin: API) -> None:
    """Finalizing wants the right version, leaves a live namespace its finalizer, and finds what is missing."""
    created(admin, NS, body("ns-final"))
    live = finalize(admin, "ns-final")
    assert (live.status_code, failure(live)["reason"]) == (409, "Conflict")
    more = finalize(admin, "ns-final", "kubernetes", "e.com/x")
    assert more.json()["spec"]["finalizers"] == ["kubernetes", "e.com/x"]
    current = admin.read(NS, "ns-final").json()
    stale = {**current, "metadata": {**current["metadata"], "resourceVersion": "1"}}
    assert admin.put(served_api.item(NS, "ns-final", subresource="finalize"), json=stale).status_code == 409
    absent = {**current, "metadata": {"name": "ns-absent"}}
    assert admin.put(served_api.item(NS, "ns-absent", subresource="finalize"), json=absent).status_code == 404
    other = admin.put(served_api.item(NS, "ns-final", subresource="finalize"), json=absent)
    assert other.status_code == 400
    for spec in ({"finalizers": "x"}, {"finalizers": [5]}, []):
        odd = admin.put(served_api.item(NS, "ns-final", subresource="finalize"), json={**current, "spec": spec})
        assert (odd.status_code, odd.json()["reason"]) == (400, "BadRequest")


def test_finalize_dry_run(admin: API) -> None:
    """A dry run of finalizing finalizes nothing."""
    created(admin, NS, body("ns-dry"))
    admin.remove(NS, "ns-dry")
    current = admin.read(NS, "ns-dry").json()
    path = served_api.item(NS, "ns-dry", subresource="finalize")
    answer = admin.put(path, json={**current, "spec": {"finalizers": []}}, params={"dryRun": "All"})
    assert answer.status_code == 200
    assert admin.read(NS, "ns-dry").json() == current


def test_finalize_is_a_right(admin: API, user: NewUser) -> None:
    """Finalizing is a right of its own."""
    created(admin, NS, body("ns-right"))
    bob = user("bob", rules=[rule("*", kind=NS)])
    assert finalize(bob, "ns-right").status_code == 403


def test_namespace_of_a_name_is_its_own_place(admin: API, user: NewUser, namespace: str) -> None:
    """A right on namespaces inside a namespace is a right on that one."""
    elsewhere = served_api.new_namespace(admin)
    bob = user("bob", rules=[rule("get", kind=NS)], namespace=namespace)
    assert bob.read(NS, namespace).status_code == 200
    assert bob.read(NS, elsewhere).status_code == 403
    assert bob.list(NS).status_code == 403


ORGANIZATIONS = {"default": 422, "kube-system": 422, "krate-system": 422, "kube-anything": 422, "acme-ok": 201}


@pytest.mark.parametrize("name", ORGANIZATIONS)
def test_reserved_namespaces_of_organizations(admin: API, name: str) -> None:
    """An Organization takes its name as namespace unless told otherwise, and never a reserved one."""
    answer = admin.create(kinds.ORGANIZATION, factories.make_organization(name))
    assert answer.status_code == ORGANIZATIONS[name]
    if answer.status_code == 201:
        assert answer.json()["spec"]["namespace"] == name
        moved = admin.change(kinds.ORGANIZATION, name, {"spec": {"namespace": "other"}})
        assert (moved.status_code, failure(moved)["details"]["causes"][0]["field"]) == (422, "spec.namespace")
        held = admin.remove(kinds.ORGANIZATION, name)
        assert (held.status_code, "deletionPolicy" in held.json()["message"]) == (403, True)
        assert admin.change(kinds.ORGANIZATION, name, {"spec": {"deletionPolicy": "Delete"}}).status_code == 200
        assert admin.remove(kinds.ORGANIZATION, name).status_code == 200
