"""The official client and a definition of its own: typed for the definition, dynamic for the objects."""

import itertools
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import kubernetes
import pytest
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import ConflictError, ResourceNotFoundError, UnprocessibleEntityError

import crd_rooms
from served_api import until

MERGE, JSON, STRATEGIC = (f"application/{form}+json" for form in ("merge-patch", "json-patch", "strategic-merge-patch"))


@pytest.fixture(scope="module")
def client(kubeconfig: Path) -> Generator[Any]:
    with kubernetes.config.new_client_from_config(str(kubeconfig)) as found:
        yield found


@pytest.fixture(scope="module")
def definition(client: Any) -> dict[str, Any]:
    """Made by the typed API, and waited for by a watch of it."""
    body = crd_rooms.fleet()
    api = kubernetes.client.ApiextensionsV1Api(client)
    made = api.create_custom_resource_definition(body)
    watch = kubernetes.watch.Watch()
    named = f"metadata.name={made.metadata.name}"
    for event in watch.stream(api.list_custom_resource_definition, field_selector=named, timeout_seconds=20):
        conditions = {one.type: one.status for one in event["object"].status.conditions or ()}
        if conditions.get("Established") == "True":
            watch.stop()
    return body


@pytest.fixture(scope="module")
def fleets(client: Any, definition: dict[str, Any]) -> Any:
    return DynamicClient(client).resources.get(api_version=f"{definition['spec']['group']}/v1", kind="Fleet")


def fleet(definition: dict[str, Any], name: str = "a", **spec: Any) -> dict[str, Any]:
    return crd_rooms.thing(definition, name, spec=spec)


def test_life(fleets: Any, definition: dict[str, Any], namespace: str) -> None:
    """Defaults, status and scale by their subresources, two kinds of patches, a rule, a third kind refused."""
    made = fleets.create(body=fleet(definition, port="80"), namespace=namespace)
    assert (made.spec.replicas, made.metadata.generation) == (1, 1)
    one = {"name": "a", "namespace": namespace}
    status = {"status": {"replicas": 1, "phase": "Ready"}}
    shown = fleets.status.patch(body=status, content_type=MERGE, **one)
    assert (shown.status.phase, shown.metadata.generation) == ("Ready", 1)
    scale = fleets.scale.patch(body={"spec": {"replicas": 3}}, content_type=MERGE, **one)
    assert (scale.kind, scale.spec.replicas, scale.status.replicas) == ("Scale", 3, 1)
    listed = fleets.patch(body=[{"op": "test", "path": "/spec/replicas", "value": 3}], content_type=JSON, **one)
    assert (listed.spec.replicas, listed.metadata.generation) == (3, 2)
    with pytest.raises(UnprocessibleEntityError) as ruled:
        fleets.patch(body={"spec": {"replicas": 10}}, content_type=MERGE, **one)
    assert "too many" in json.loads(ruled.value.body)["message"]
    with pytest.raises(kubernetes.dynamic.exceptions.DynamicApiError) as strategic:
        fleets.patch(body={}, content_type=STRATEGIC, **one)
    assert strategic.value.status == 415


def test_apply(fleets: Any, definition: dict[str, Any], namespace: str) -> None:
    """Items of a list with keys have owners of their own; a taken field conflicts; force takes it."""

    def apply(manager: str, *ships: dict[str, str], **more: Any) -> Any:
        body = fleet(definition, ships=list(ships))
        return fleets.server_side_apply(body=body, namespace=namespace, field_manager=manager, **more)

    apply("one", {"name": "x", "flag": "red"})
    both = apply("two", {"name": "y", "flag": "blue"})
    assert [(ship.name, ship.flag) for ship in both.spec.ships] == [("x", "red"), ("y", "blue")]
    with pytest.raises(ConflictError) as taken:
        apply("two", {"name": "x", "flag": "green"})
    assert json.loads(taken.value.body)["details"]["causes"][0]["field"] == '.spec.ships[name="x"].flag'
    forced = apply("two", {"name": "x", "flag": "green"}, force_conflicts=True)
    assert [(ship.name, ship.flag) for ship in forced.spec.ships] == [("x", "green")]


def test_lists_and_watches(fleets: Any, definition: dict[str, Any], namespace: str) -> None:
    """Pages make up the list; a watch from its version tells what came after."""
    for name in "abc":
        fleets.create(body=fleet(definition, name), namespace=namespace)
    page = fleets.get(namespace=namespace, limit=2)
    rest = fleets.get(namespace=namespace, limit=2, _continue=page.metadata["continue"])
    assert [one.metadata.name for one in (*page["items"], *rest["items"])] == ["a", "b", "c"]
    assert page.metadata.resourceVersion == rest.metadata.resourceVersion
    fleets.delete(name="b", namespace=namespace)
    events = fleets.watch(namespace=namespace, resource_version=rest.metadata.resourceVersion, timeout=20)
    assert [(one["type"], one["object"].metadata.name) for one in itertools.islice(events, 1)] == [("DELETED", "b")]


def test_the_end(client: Any, namespace: str) -> None:
    """A definition that goes takes its objects along, and discovery knows it no more."""
    body = crd_rooms.fleet()
    api = kubernetes.client.ApiextensionsV1Api(client)
    name = api.create_custom_resource_definition(body).metadata.name
    dynamic = DynamicClient(client)
    where = {"api_version": f"{body['spec']['group']}/v1", "kind": "Fleet"}

    def served() -> bool:
        try:
            dynamic.resources.get(**where)
        except ResourceNotFoundError:
            dynamic.resources.invalidate_cache()
            return False
        return True

    until(served)
    dynamic.resources.get(**where).create(body=fleet(body), namespace=namespace)
    api.delete_custom_resource_definition(name)
    named = f"metadata.name={name}"
    until(lambda: api.list_custom_resource_definition(field_selector=named).items == [])
    dynamic.resources.invalidate_cache()
    assert not served()
