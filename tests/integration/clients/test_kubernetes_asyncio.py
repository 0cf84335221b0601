"""kubernetes-asyncio: typed and dynamic, with watches that resume."""

import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import kubernetes_asyncio as kubernetes
import pytest
from kubernetes_asyncio.client.exceptions import ApiException
from kubernetes_asyncio.dynamic import DynamicClient

import factories
from api_users import rule
from krate import kinds


@pytest.fixture
async def api(kubeconfig: Path) -> AsyncGenerator[Any]:
    async with await kubernetes.config.new_client_from_config(str(kubeconfig)) as client:
        yield client


@pytest.fixture
def core(api: Any) -> Any:
    return kubernetes.client.CoreV1Api(api)


def config_map(name: str = "a", data: dict[str, str] | None = None, **labels: str) -> Any:
    meta = kubernetes.client.V1ObjectMeta(name=name, labels=labels or None)
    return kubernetes.client.V1ConfigMap(metadata=meta, data=data or {})


def reason(error: pytest.ExceptionInfo[ApiException]) -> tuple[int, str]:
    return error.value.status, json.loads(error.value.body)["reason"]


async def test_life_of_an_object(core: Any, namespace: str) -> None:
    """Created, replaced, patched, deleted; refusals are ApiExceptions with a Status."""
    made = await core.create_namespaced_config_map(namespace, config_map(data={"k": "1"}))
    with pytest.raises(ApiException) as taken:
        await core.create_namespaced_config_map(namespace, config_map())
    made.data = {"k": "2"}
    await core.replace_namespaced_config_map("a", namespace, made)
    with pytest.raises(ApiException) as stale:
        await core.replace_namespaced_config_map("a", namespace, made)
    patched = await core.patch_namespaced_config_map("a", namespace, {"data": {"l": "3"}})
    assert patched.data == {"k": "2", "l": "3"}
    await core.delete_namespaced_config_map("a", namespace)
    with pytest.raises(ApiException) as gone:
        await core.read_namespaced_config_map("a", namespace)
    assert [reason(error) for error in (taken, stale, gone)] == [
        (409, "AlreadyExists"),
        (409, "Conflict"),
        (404, "NotFound"),
    ]


async def test_pages(core: Any, namespace: str) -> None:
    """Pages make up the list."""
    for number in range(5):
        await core.create_namespaced_config_map(namespace, config_map(f"c{number}"))
    names: list[str] = []
    token: str | None = None
    while token != "":
        page = await core.list_namespaced_config_map(namespace, limit=2, **({"_continue": token} if token else {}))
        names += [item.metadata.name for item in page.items]
        token = page.metadata._continue or ""
    assert names == [f"c{number}" for number in range(5)]


async def test_watch_resumes(core: Any, namespace: str) -> None:
    """A watch that was ended by its time goes on where it stood, by itself."""
    since = (await core.list_namespaced_config_map(namespace)).metadata.resource_version
    await core.create_namespaced_config_map(namespace, config_map(data={"k": "1"}))
    told: list[tuple[str, str]] = []
    async with kubernetes.watch.Watch().stream(
        core.list_namespaced_config_map, namespace, resource_version=since, allow_watch_bookmarks=True
    ) as stream:
        async for event in stream:
            if event["type"] == "BOOKMARK":
                continue
            told.append((event["type"], event["object"].data["k"]))
            if len(told) == 1:
                await core.patch_namespaced_config_map("a", namespace, {"data": {"k": "2"}})
            elif len(told) == 2:
                await core.delete_namespaced_config_map("a", namespace)
            else:
                break
    assert told == [("ADDED", "1"), ("MODIFIED", "2"), ("DELETED", "2")]


async def test_watch_expires(core: Any, namespace: str, forget: Callable[[str], int]) -> None:
    """A version that is compacted away is 410."""
    for name in ("a", "b"):
        await core.create_namespaced_config_map(namespace, config_map(name))
    forget(kinds.CONFIG_MAP.resource)
    stream = kubernetes.watch.Watch().stream(
        core.list_namespaced_config_map, namespace, resource_version="1", timeout_seconds=20
    )
    with pytest.raises(ApiException) as expired:
        async with stream:
            _ = [event async for event in stream]
    assert expired.value.status == 410


async def test_dynamic(api: Any, namespace: str) -> None:
    """A kind by discovery, and every verb on it."""
    async with DynamicClient(api) as dynamic:
        repositories = await dynamic.resources.get(api_version=kinds.REPOSITORY.api_version, kind="Repository")
        body = factories.make_repository("web", metadata={"namespace": namespace})
        await repositories.create(body=body, namespace=namespace)
        patched = await repositories.patch(
            body={"spec": {"description": "a shop"}},
            name="web",
            namespace=namespace,
            content_type="application/merge-patch+json",
        )
        assert (patched.spec.description, patched.metadata.generation) == ("a shop", 2)
        assert [item.metadata.name for item in (await repositories.get(namespace=namespace)).items] == ["web"]
        await repositories.delete(name="web", namespace=namespace)
        # This client hands a refusal of a dynamic request over as an object.
        gone = await repositories.get(name="web", namespace=namespace)
        assert (gone.kind, gone.code, gone.reason) == ("Status", 404, "NotFound")


async def test_somebody_else(kubeconfig_of: Any, namespace: str) -> None:
    """A user with a token may do what a role allows."""
    path = kubeconfig_of("frank", rules=[rule("list", kind=kinds.CONFIG_MAP)], namespace=namespace)
    async with await kubernetes.config.new_client_from_config(str(path)) as client:
        core = kubernetes.client.CoreV1Api(client)
        assert (await core.list_namespaced_config_map(namespace)).items == []
        with pytest.raises(ApiException) as forbidden:
            await core.delete_namespaced_config_map("a", namespace)
        assert reason(forbidden) == (403, "Forbidden")
