"""kubernetes-asyncio and a definition of its own, and its leader election."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import kubernetes_asyncio as kubernetes
import pytest
from kubernetes_asyncio.dynamic import DynamicClient
from kubernetes_asyncio.leaderelection import electionconfig, leaderelection
from kubernetes_asyncio.leaderelection.resourcelock.leaselock import LeaseLock

import crd_rooms
import waiting

MERGE = "application/merge-patch+json"


@pytest.fixture
async def api(kubeconfig: Path) -> AsyncGenerator[Any]:
    async with await kubernetes.config.new_client_from_config(str(kubeconfig)) as client:
        yield client


@pytest.fixture
def definition() -> dict[str, Any]:
    return crd_rooms.fleet()


@pytest.fixture
async def custom(api: Any, definition: dict[str, Any]) -> Any:
    """The API of custom objects; the definition is made, and waited for by a watch."""
    extensions = kubernetes.client.ApiextensionsV1Api(api)
    await extensions.create_custom_resource_definition(definition)
    named = f"metadata.name={definition['metadata']['name']}"
    stream = kubernetes.watch.Watch().stream(
        extensions.list_custom_resource_definition, field_selector=named, timeout_seconds=20
    )
    async with stream:
        async for event in stream:
            conditions = {one.type: one.status for one in event["object"].status.conditions or ()}
            if conditions.get("Established") == "True":
                break
    return kubernetes.client.CustomObjectsApi(api)


def where(definition: dict[str, Any], namespace: str) -> dict[str, str]:
    return {"group": definition["spec"]["group"], "version": "v1", "plural": "fleets", "namespace": namespace}


async def test_life(custom: Any, definition: dict[str, Any], namespace: str) -> None:
    """Defaults, status and scale by their subresources, patches, and a watch that tells all of it."""
    place = where(definition, namespace)
    since = (await custom.list_namespaced_custom_object(**place))["metadata"]["resourceVersion"]
    made = await custom.create_namespaced_custom_object(**place, body=crd_rooms.thing(definition, spec={}))
    assert made["spec"] == {"replicas": 1}
    one = {**place, "name": "a"}
    await custom.patch_namespaced_custom_object_status(**one, body={"status": {"replicas": 1}}, _content_type=MERGE)
    scale = await custom.get_namespaced_custom_object_scale(**one)
    scale["spec"]["replicas"] = 3
    await custom.replace_namespaced_custom_object_scale(**one, body=scale)
    replace = [{"op": "replace", "path": "/spec/replicas", "value": 4}]
    await custom.patch_namespaced_custom_object(**one, body=replace, _content_type="application/json-patch+json")
    await custom.delete_namespaced_custom_object(**one)
    told: list[tuple[str, int, int | None]] = []
    stream = kubernetes.watch.Watch().stream(
        custom.list_namespaced_custom_object, **place, resource_version=since, timeout_seconds=20
    )
    async with stream:
        async for event in stream:
            found = event["object"]
            told.append((event["type"], found["spec"]["replicas"], found.get("status", {}).get("replicas")))
            if event["type"] == "DELETED":
                break
    assert told == [
        ("ADDED", 1, None),
        ("MODIFIED", 1, 1),
        ("MODIFIED", 3, 1),
        ("MODIFIED", 4, 1),
        ("DELETED", 4, 1),
    ]


async def test_apply(api: Any, custom: Any, definition: dict[str, Any], namespace: str) -> None:
    """Applied by the dynamic client: a taken field conflicts, force takes it."""
    async with DynamicClient(api) as dynamic:
        fleets = await dynamic.resources.get(api_version=f"{definition['spec']['group']}/v1", kind="Fleet")

        async def apply(manager: str, port: str, **more: Any) -> Any:
            body = {**crd_rooms.thing(definition), "spec": {"port": port}}
            return await fleets.server_side_apply(body=body, namespace=namespace, field_manager=manager, **more)

        assert (await apply("one", "80")).spec.port == "80"
        # This client hands a refusal of a dynamic request over as an object.
        taken = await apply("two", "81")
        assert (taken.code, taken.details.causes[0].field) == (409, ".spec.port")
        forced = await apply("two", "81", force_conflicts=True)
        assert [one.manager for one in forced.metadata.managedFields] == ["two"]


async def test_apply_typed(api: Any, namespace: str) -> None:
    """Applied by the typed client, by the content type alone."""
    core = kubernetes.client.CoreV1Api(api)
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "1"}}
    apply = {"_content_type": "application/apply-patch+yaml", "field_manager": "one"}
    assert (await core.patch_namespaced_config_map("a", namespace, body, **apply)).data == {"k": "1"}
    other = {**body, "data": {"k": "2"}}
    with pytest.raises(kubernetes.client.ApiException) as taken:
        await core.patch_namespaced_config_map("a", namespace, other, **{**apply, "field_manager": "two"})
    assert json.loads(taken.value.body)["details"]["causes"][0]["field"] == ".data.k"


async def test_leader_election(api: Any, namespace: str) -> None:
    """One leads, over a Lease; the other takes over when the first renews no more."""
    leads: list[str] = []

    async def candidate(name: str) -> None:
        async def lead() -> None:
            leads.append(name)

        async def stop() -> None:
            """Nothing is left behind."""

        lock = LeaseLock("leader", namespace, name, api)
        times = {"lease_duration": 2, "renew_deadline": 1.5, "retry_period": 1}
        config = electionconfig.Config(lock, **times, onstarted_leading=lead, onstopped_leading=stop)
        await leaderelection.LeaderElection(config).run()

    first = asyncio.create_task(candidate("one"))
    await waiting.until(lambda: leads == ["one"])
    second = asyncio.create_task(candidate("two"))
    first.cancel()
    await waiting.until(lambda: leads == ["one", "two"])
    second.cancel()
    lease = await kubernetes.client.CoordinationV1Api(api).read_namespaced_lease("leader", namespace)
    assert lease.spec.holder_identity == "two"
