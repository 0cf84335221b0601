"""kr8s: objects by name in any spelling, watches, waiting, labels, and its exceptions."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import kr8s
import pytest
from kr8s.asyncio.objects import ConfigMap, new_class

import factories
from api_users import rule
from kr8s_sessions import connect
from krate import kinds

Repository = new_class("Repository", kinds.REPOSITORY.api_version, plural="repositories")


@pytest.fixture
async def api(kubeconfig: Path, namespace: str) -> AsyncGenerator[Any]:
    found = await connect(kubeconfig, namespace)
    yield found
    await found._session.aclose()


def config_map(api: Any, namespace: str, name: str = "a", **parts: Any) -> ConfigMap:
    return ConfigMap(factories.make_config_map(name, **{"metadata": {"namespace": namespace}, **parts}), api=api)


async def test_life_of_an_object(api: Any, namespace: str) -> None:
    """Created, found, labelled, annotated, patched in two ways, deleted, waited for."""
    made = config_map(api, namespace)
    await made.create()
    assert await made.exists()
    await made.label(tier="web")
    await made.annotate({"e.com/why": "because"})
    await made.patch({"data": {"colour": "blue"}})
    await made.patch([{"op": "add", "path": "/data/size", "value": "1"}], type="json")
    await made.remove_label("tier")
    found = await ConfigMap.get("a", namespace=namespace, api=api)
    assert found.data == {"colour": "blue", "size": "1"}
    assert (found.labels, found.annotations) == ({}, {"e.com/why": "because"})
    await found.delete()
    await found.wait("delete", timeout=10)
    assert not await made.exists()


@pytest.mark.parametrize("spelling", ["repo", "repository", "repositories", "Repository", "repositories.krate.a5c.ai"])
async def test_kinds_by_name(api: Any, namespace: str, spelling: str) -> None:
    """A kind is found by short name, singular, plural, kind, and with its group."""
    await Repository(factories.make_repository("web", metadata={"namespace": namespace}), api=api).create()
    found = [one async for one in api.get(spelling)]
    assert [(one.name, one.kind, one.version) for one in found] == [("web", "Repository", kinds.REPOSITORY.api_version)]


async def test_selectors(api: Any, namespace: str) -> None:
    """By label and by field; a name becomes a field selector."""
    for name, tier in (("a", "web"), ("b", "db"), ("c", "web")):
        await config_map(api, namespace, name, metadata={"namespace": namespace, "labels": {"tier": tier}}).create()
    labelled = [one.name async for one in api.get("configmaps", label_selector={"tier": "web"})]
    named = [one.name async for one in api.get("configmaps", "b", "c")]
    assert (labelled, named) == (["a", "c"], ["b", "c"])
    everywhere = {one.name async for one in api.get("configmaps", namespace=kr8s.ALL, label_selector="tier")}
    assert {"a", "b", "c"} <= everywhere


async def test_watch(api: Any, namespace: str) -> None:
    """A watch from a version: what happened since."""
    first = config_map(api, namespace)
    await first.create()
    since = first.metadata.resourceVersion
    await first.patch({"data": {"colour": "blue"}})
    await first.delete()
    told: list[tuple[str, str]] = []
    async for event, found in api.watch("configmaps", since=since):
        told.append((event, found.data.colour))
        if event == "DELETED":
            break
    assert told == [("MODIFIED", "blue"), ("DELETED", "blue")]


async def test_status_and_wait(api: Any, namespace: str) -> None:
    """Waiting for a condition ends when the status subresource shows it."""
    made = Repository(factories.make_repository("web", metadata={"namespace": namespace}), api=api)
    await made.create()
    condition = {
        "type": "Ready",
        "status": "True",
        "reason": "Available",
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    await made.patch({"status": {"conditions": [condition]}}, subresource="status")
    await made.wait("condition=Ready", timeout=10)
    assert made.status.conditions[0].reason == "Available"


async def test_adopted(api: Any, namespace: str) -> None:
    """An owner reference, made by the client, is kept."""
    owner, child = config_map(api, namespace, "owner"), config_map(api, namespace, "child")
    await owner.create()
    await child.create()
    await owner.adopt(child)
    assert [(ref.kind, ref.uid) for ref in child.metadata.ownerReferences] == [("ConfigMap", owner.metadata.uid)]


async def test_refusals(api: Any, namespace: str) -> None:
    """What is not there is NotFoundError; other refusals are ServerErrors that carry the Status."""
    with pytest.raises(kr8s.NotFoundError):
        await ConfigMap.get("missing", namespace=namespace, api=api, timeout=0.1)
    await config_map(api, namespace).create()
    with pytest.raises(kr8s.ServerError) as taken:
        await config_map(api, namespace).create()
    wrong = factories.make_repository("web", metadata={"namespace": namespace}, spec={"visibility": "Secret"})
    with pytest.raises(kr8s.ServerError) as invalid:
        await Repository(wrong, api=api).create()
    assert [error.value.status["reason"] for error in (taken, invalid)] == ["AlreadyExists", "Invalid"]


async def test_somebody_else(kubeconfig_of: Any, namespace: str) -> None:
    """A user with a token is who the token says, and may do what a role allows."""
    path = kubeconfig_of("dave", rules=[rule("list", kind=kinds.CONFIG_MAP)], namespace=namespace)
    api = await connect(path, namespace)
    assert [one.name async for one in api.get("configmaps")] == []
    with pytest.raises(kr8s.ServerError) as forbidden:
        await config_map(api, namespace).create()
    assert forbidden.value.status["reason"] == "Forbidden"
    await api._session.aclose()


async def test_discovery(api: Any) -> None:
    """All kinds are listed; the versions are those of the table."""
    resources = {(one["version"], one["name"]) for one in await api.api_resources()}
    assert {(kind.api_version, kind.plural) for kind in kinds.KINDS} <= resources
    assert {kind.api_version for kind in kinds.KINDS} <= {version async for version in api.api_versions()}
    assert await api.whoami() == "krate-admin"
