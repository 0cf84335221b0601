"""The official client, typed: CoreV1, Coordination and CustomObjects, as an administrator and as somebody else."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import kubernetes
import pytest
from kubernetes.client.exceptions import ApiException

import factories
import kubeconfigs
from api_users import rule
from krate import kinds
from served_api import ServedAPI

PLURAL = {"group": kinds.REPOSITORY.group, "version": "v1alpha1", "plural": "repositories"}


@pytest.fixture(scope="module")
def api(kubeconfig: Path) -> Generator[Any]:
    with kubernetes.config.new_client_from_config(str(kubeconfig)) as client:
        yield client


@pytest.fixture
def core(api: Any) -> Any:
    return kubernetes.client.CoreV1Api(api)


@pytest.fixture
def custom(api: Any) -> Any:
    return kubernetes.client.CustomObjectsApi(api)


def config_map(name: str, data: dict[str, str] | None = None, **labels: str) -> Any:
    meta = kubernetes.client.V1ObjectMeta(name=name, labels=labels or None)
    return kubernetes.client.V1ConfigMap(metadata=meta, data=data or {})


def refused(error: pytest.ExceptionInfo[ApiException]) -> tuple[int, str]:
    """Code and reason of the Status that a client raised."""
    body = json.loads(error.value.body)
    assert body["kind"] == "Status"
    assert body["code"] == error.value.status
    return error.value.status, body["reason"]


def test_config_maps(core: Any, namespace: str) -> None:
    """Created, read, replaced, patched in two ways, deleted: models come back whole."""
    made = core.create_namespaced_config_map(namespace, config_map("a", {"k": "1"}, tier="web"))
    assert (made.metadata.name, made.data, made.metadata.labels) == ("a", {"k": "1"}, {"tier": "web"})
    made.data = {"k": "2"}
    replaced = core.replace_namespaced_config_map("a", namespace, made)
    assert replaced.metadata.uid == made.metadata.uid
    patched = core.patch_namespaced_config_map("a", namespace, {"data": {"l": "3"}})
    assert patched.data == {"k": "2", "l": "3"}
    removal = [{"op": "remove", "path": "/data/k"}]
    assert core.patch_namespaced_config_map("a", namespace, removal).data == {"l": "3"}
    assert core.read_namespaced_config_map("a", namespace).to_dict()["data"] == {"l": "3"}
    assert core.delete_namespaced_config_map("a", namespace)["status"] == "Success"
    with pytest.raises(ApiException) as gone:
        core.read_namespaced_config_map("a", namespace)
    assert refused(gone) == (404, "NotFound")


def test_refusals(core: Any, namespace: str) -> None:
    """What is refused is an ApiException with the status and the reason of the server."""
    made = core.create_namespaced_config_map(namespace, config_map("a"))
    with pytest.raises(ApiException) as twice:
        core.create_namespaced_config_map(namespace, config_map("a"))
    core.patch_namespaced_config_map("a", namespace, {"data": {"k": "1"}})
    with pytest.raises(ApiException) as stale:
        core.replace_namespaced_config_map("a", namespace, made)
    with pytest.raises(ApiException) as wrong:
        core.create_namespaced_config_map(namespace, config_map("Not A Name"))
    with pytest.raises(ApiException) as nowhere:
        core.create_namespaced_config_map("nowhere", config_map("a"))
    with pytest.raises(ApiException) as selector:
        core.list_namespaced_config_map(namespace, label_selector="a in (")
    assert [refused(error) for error in (twice, stale, wrong, nowhere, selector)] == [
        (409, "AlreadyExists"),
        (409, "Conflict"),
        (422, "Invalid"),
        (404, "NotFound"),
        (400, "BadRequest"),
    ]


def test_pages_and_selectors(core: Any, namespace: str) -> None:
    """Chunks of a list make up the list; selectors choose from it; a collection is deleted by selector."""
    for number in range(7):
        core.create_namespaced_config_map(namespace, config_map(f"c{number}", parity="odd" if number % 2 else "even"))
    names: list[str] = []
    remaining: list[int | None] = []
    token = ""
    while True:
        page = core.list_namespaced_config_map(namespace, limit=3, _continue=token)
        names += [item.metadata.name for item in page.items]
        remaining.append(page.metadata.remaining_item_count)
        if not (token := page.metadata._continue):
            break
    assert (names, remaining) == ([f"c{number}" for number in range(7)], [4, 1, None])
    odd = core.list_namespaced_config_map(namespace, label_selector="parity in (odd, none)")
    assert [item.metadata.name for item in odd.items] == ["c1", "c3", "c5"]
    one = core.list_config_map_for_all_namespaces(field_selector=f"metadata.namespace={namespace},metadata.name=c4")
    assert [item.metadata.name for item in one.items] == ["c4"]
    core.delete_collection_namespaced_config_map(namespace, label_selector="parity=even")
    assert [item.metadata.name for item in core.list_namespaced_config_map(namespace).items] == ["c1", "c3", "c5"]


def test_secrets_events_and_accounts(core: Any, namespace: str) -> None:
    """Bytes of a Secret, an Event about an object, and a ServiceAccount come back as they went."""
    secret = kubernetes.client.V1Secret(
        metadata=kubernetes.client.V1ObjectMeta(name="s"), string_data={"password": "hunter2"}
    )
    assert core.create_namespaced_secret(namespace, secret).data == {"password": "aHVudGVyMg=="}
    about = core.create_namespaced_config_map(namespace, config_map("a"))
    event = kubernetes.client.CoreV1Event(
        metadata=kubernetes.client.V1ObjectMeta(generate_name="a-"),
        involved_object=kubernetes.client.V1ObjectReference(
            api_version="v1", kind="ConfigMap", name="a", namespace=namespace, uid=about.metadata.uid
        ),
        reason="Changed",
        message="it did",
        type="Normal",
    )
    told = core.create_namespaced_event(namespace, event)
    found = core.list_namespaced_event(namespace, field_selector="involvedObject.name=a,reason=Changed").items
    assert [(one.metadata.name, one.message) for one in found] == [(told.metadata.name, "it did")]
    account = kubernetes.client.V1ServiceAccount(metadata=kubernetes.client.V1ObjectMeta(name="bot"))
    assert core.create_namespaced_service_account(namespace, account).metadata.name == "bot"


def test_custom_objects(custom: Any, namespace: str) -> None:
    """A Repository is a custom object: its spec by generation, its status by the subresource, its list as a list."""
    where = {**PLURAL, "namespace": namespace}
    body = factories.make_repository("web", metadata={"namespace": namespace})
    assert custom.create_namespaced_custom_object(**where, body=body)["metadata"]["generation"] == 1
    patched = custom.patch_namespaced_custom_object(**where, name="web", body={"spec": {"description": "d"}})
    assert (patched["spec"]["description"], patched["metadata"]["generation"]) == ("d", 2)
    status = {"status": {"observedGeneration": 2}}
    done = custom.patch_namespaced_custom_object_status(**where, name="web", body=status)
    assert (done["status"]["observedGeneration"], done["metadata"]["generation"]) == (2, 2)
    done["spec"]["description"] = "e"
    assert custom.replace_namespaced_custom_object(**where, name="web", body=done)["metadata"]["generation"] == 3
    assert [item["metadata"]["name"] for item in custom.list_namespaced_custom_object(**where)["items"]] == ["web"]
    custom.delete_namespaced_custom_object(**where, name="web")
    with pytest.raises(ApiException) as gone:
        custom.get_namespaced_custom_object(**where, name="web")
    assert refused(gone) == (404, "NotFound")


def test_validation(custom: Any, namespace: str) -> None:
    """What the schema refuses says where; an unknown field is refused when the client is strict."""
    where = {**PLURAL, "namespace": namespace}
    wrong = factories.make_repository("web", metadata={"namespace": namespace}, spec={"visibility": "Secret"})
    with pytest.raises(ApiException) as invalid:
        custom.create_namespaced_custom_object(**where, body=wrong)
    assert refused(invalid) == (422, "Invalid")
    assert json.loads(invalid.value.body)["details"]["causes"][0]["field"] == "spec.visibility"
    unknown = factories.make_repository("web", metadata={"namespace": namespace}, spec={"colour": "green"})
    with pytest.raises(ApiException) as strict:
        custom.create_namespaced_custom_object(**where, body=unknown, field_validation="Strict")
    assert refused(strict) == (400, "BadRequest")


def test_somebody_else(kubeconfig_of: Any, core: Any, namespace: str) -> None:
    """A user with a token does what a role allows, and asks what that is; the rest is forbidden."""
    path = kubeconfig_of("carol", rules=[rule("get", "list", kind=kinds.CONFIG_MAP)], namespace=namespace)
    core.create_namespaced_config_map(namespace, config_map("a"))
    with kubernetes.config.new_client_from_config(str(path)) as client:
        carol = kubernetes.client.CoreV1Api(client)
        assert [item.metadata.name for item in carol.list_namespaced_config_map(namespace).items] == ["a"]
        with pytest.raises(ApiException) as forbidden:
            carol.delete_namespaced_config_map("a", namespace)
        assert refused(forbidden) == (403, "Forbidden")
        ask = kubernetes.client.V1SelfSubjectAccessReview(
            spec={"resourceAttributes": {"verb": "list", "resource": "configmaps", "namespace": namespace}}
        )
        answer = kubernetes.client.AuthorizationV1Api(client).create_self_subject_access_review(ask)
        assert answer.status.allowed


def test_a_token_that_nobody_holds(served: ServedAPI) -> None:
    """It is refused with 401, not taken for anonymous."""
    path = kubeconfigs.bearer(served, "nobody", "nonsense")
    with kubernetes.config.new_client_from_config(str(path)) as client, pytest.raises(ApiException) as unknown:
        kubernetes.client.CoreV1Api(client).list_namespace()
    assert refused(unknown) == (401, "Unauthorized")


def test_namespaces_and_version(api: Any, core: Any, namespace: str) -> None:
    """Namespaces are Active, groups are listed, and the version is a Kubernetes one."""
    assert core.read_namespace(namespace).status.phase == "Active"
    groups = {group.name for group in kubernetes.client.ApisApi(api).get_api_versions().groups}
    assert {kinds.REPOSITORY.group, "coordination.k8s.io", "rbac.authorization.k8s.io"} <= groups
    version = kubernetes.client.VersionApi(api).get_code()
    assert (version.major, version.minor.rstrip("+")) == ("1", "36")
