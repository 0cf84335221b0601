"""Who owns which field of what Kubernetes' own kinds hold, and of what the server writes by itself.

The rows are what kube-apiserver 1.36 answers, as `make conformance` compares it; here they are read at a glance.
"""

from collections.abc import Mapping
from typing import Any

import pytest

import custom_kinds
import served_api
from api_answers import config_map, created
from conformance import definitions
from custom_kinds import managers
from krate import kinds, names
from krate.kinds import Kind
from served_api import API, ServedAPI, typed

LABELLED = {"f:metadata": {"f:labels": {".": {}, "f:kubernetes.io/metadata.name": {}}}}
REF = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"}
WHO = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "bob"}
SENT: dict[str, tuple[Kind, dict[str, Any], dict[str, Any]]] = {
    "a default is the creator's": (
        kinds.SECRET,
        {"data": {"a": "Yg=="}},
        {"f:data": {".": {}, "f:a": {}}, "f:type": {}},
    ),
    "a struct that is always there is nobody's": (
        kinds.LEASE,
        {"spec": {"holderIdentity": "me"}},
        {"f:spec": {"f:holderIdentity": {}}},
    ),
    "a role is referred to as a whole": (
        kinds.ROLE_BINDING,
        {"roleRef": REF, "subjects": [WHO]},
        {"f:roleRef": {}, "f:subjects": {}},
    ),
    "an object is referred to as a whole": (
        kinds.EVENT,
        {"involvedObject": {"kind": "ConfigMap", "name": "a"}, "source": {"component": "c"}},
        {"f:involvedObject": {}, "f:source": {"f:component": {}}},
    ),
    "secrets of an account by name": (
        kinds.SERVICE_ACCOUNT,
        {"secrets": [{"name": "s"}]},
        {"f:secrets": {".": {}, 'k:{"name":"s"}': {}}},
    ),
    "what only the server says is nobody's": (
        kinds.CONFIG_MAP,
        {
            "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": 5},
            "data": {"a": "b"},
        },
        {"f:data": {".": {}, "f:a": {}}},
    ),
}


def mine(fields: Mapping[str, Any], **more: str) -> dict[str, Any]:
    return {"manager": "suite", "operation": "Update", **more, "fieldsV1": fields}


@pytest.mark.parametrize("name", SENT)
def test_created(admin: API, namespace: str, name: str) -> None:
    """Fields belong to who sent them, in the units of the compiled type."""
    kind, parts, fields = SENT[name]
    body = {**typed(kind), **parts, "metadata": {"name": "owned", **parts.get("metadata", {})}}
    assert managers(created(admin, kind, body, namespace)) == [mine(fields)]


def test_label_of_the_name(admin: API) -> None:
    """The label that a namespace gets is its creator's when the name was known, and nobody's when it was not."""
    known = created(admin, kinds.NAMESPACE, {**typed(kinds.NAMESPACE), "metadata": {"name": "owned-label"}})
    assert managers(known) == [mine(LABELLED)]
    made = created(admin, kinds.NAMESPACE, {**typed(kinds.NAMESPACE), "metadata": {"generateName": "owned-"}})
    assert made["metadata"]["labels"] == {str(names.Label.NAMESPACE_NAME): made["metadata"]["name"]}
    assert managers(made) == [{**mine({"f:metadata": {"f:generateName": {}}})}]


def test_never_stored(admin: API, namespace: str) -> None:
    """Reviews and token requests say who asked for what, and not what the server answered."""
    review = {**typed(kinds.TOKEN_REVIEW), "spec": {"token": "x"}}
    assert managers(created(admin, kinds.TOKEN_REVIEW, review)) == [mine({"f:spec": {"f:token": {}}})]
    created(admin, kinds.SERVICE_ACCOUNT, {**typed(kinds.SERVICE_ACCOUNT), "metadata": {"name": "robot"}}, namespace)
    path = served_api.item(kinds.SERVICE_ACCOUNT, "robot", namespace, "token")
    token = admin.post(path, json={"spec": {"audiences": ["a"]}}).json()
    fields = {"f:spec": {"f:audiences": {}, "f:expirationSeconds": {}}}
    assert managers(token) == [mine(fields, subresource="token")]


def test_definitions(admin: API) -> None:
    """The status of a definition is the server's."""
    custom_kinds.define(admin, definitions.PULLS)

    def read() -> dict[str, Any]:
        return admin.read(kinds.CUSTOM_RESOURCE_DEFINITION, definitions.PULLS["metadata"]["name"]).json()

    served_api.until(lambda: bool(read()["status"]["conditions"]))
    found = read()
    said: dict[str, Any] = {f"f:{word}": {} for word in ("lastTransitionTime", "message", "reason", "status", "type")}
    holds = {f'k:{{"type":"{one}"}}': {".": {}, **said} for one in ("Established", "NamesAccepted")}
    accepted: dict[str, Any] = {f"f:{word}": {} for word in found["status"]["acceptedNames"]}
    fields = {"f:status": {"f:acceptedNames": accepted, "f:conditions": holds}}
    (server,) = (one for one in managers(found) if one["manager"] == names.SERVER_MANAGER)
    assert server == {**mine(fields, subresource="status"), "manager": names.SERVER_MANAGER}
    (creator,) = (one for one in managers(found) if one["manager"] == "suite")
    spec = creator["fieldsV1"]["f:spec"]
    assert ("." in spec, "." in spec["f:names"], "." in spec["f:conversion"]) == (False, False, True)


def test_finalized(admin: API) -> None:
    """Finalizers of a namespace belong to who set them through /finalize."""
    made = created(admin, kinds.NAMESPACE, {**typed(kinds.NAMESPACE), "metadata": {"name": "owned-final"}})
    wanted = {**made, "spec": {"finalizers": ["kubernetes", "e.com/x"]}}
    answer = admin.put(served_api.item(kinds.NAMESPACE, "owned-final", subresource="finalize"), json=wanted)
    assert managers(answer.json()) == [
        mine(LABELLED),
        mine({"f:spec": {"f:finalizers": {}}}, subresource="finalize"),
    ]


def test_status_with_metadata(admin: API) -> None:
    """Where a write of the status may change metadata, its writer owns that, too."""
    made = created(admin, kinds.NAMESPACE, {**typed(kinds.NAMESPACE), "metadata": {"name": "owned-status"}})
    body = {**made, "metadata": {**made["metadata"], "annotations": {"a": "b"}}}
    answer = admin.put(served_api.item(kinds.NAMESPACE, "owned-status", subresource="status"), json=body).json()
    marks = {"f:metadata": {"f:annotations": {".": {}, "f:a": {}}}}
    assert managers(answer) == [mine(LABELLED), mine(marks, subresource="status")]


def test_seeded(admin: API) -> None:
    """What an installation starts with is the server's, not its first editor's."""
    found = admin.read(kinds.CLUSTER_ROLE, "view").json()
    assert [(one["manager"], one["operation"]) for one in managers(found)] == [("kube-apiserver", "Update")]


def test_forge(served: ServedAPI, admin: API, namespace: str, web: dict[str, Any]) -> None:
    """What the forge writes beside requests has an owner, too: contents of a repository, Activities."""
    del served, web
    content = admin.read(kinds.REPOSITORY_CONTENT, "web", namespace=namespace).json()
    numbers = {".": {}, "f:branches": {}, "f:size": {}, "f:tags": {}}
    krate = {"manager": "krate", "operation": "Update", "subresource": "status"}
    assert managers(content) == [{**krate, "fieldsV1": {"f:status": numbers}}]
    served_api.until(lambda: bool(admin.list(kinds.ACTIVITY, namespace=namespace).json()["items"]))
    activity = admin.list(kinds.ACTIVITY, namespace=namespace).json()["items"][0]
    assert [{key: one[key] for key in krate} for one in managers(activity)] == [krate]


def test_nothing_of_a_patch_is_lost(admin: API, namespace: str) -> None:
    """A change of the server's own takes nothing from who was there before."""
    made = created(admin, kinds.CONFIG_MAP, config_map("kept", {"a": "b"}), namespace)
    body = {**made, "metadata": {**made["metadata"], "finalizers": ["e.com/x"]}}
    assert admin.update(kinds.CONFIG_MAP, body).status_code == 200
    assert admin.remove(kinds.CONFIG_MAP, "kept", namespace=namespace).status_code == 200
    found = admin.read(kinds.CONFIG_MAP, "kept", namespace=namespace).json()
    marks = {"f:finalizers": {".": {}, 'v:"e.com/x"': {}}}
    assert managers(found) == [mine({"f:data": {".": {}, "f:a": {}}, "f:metadata": marks})]
