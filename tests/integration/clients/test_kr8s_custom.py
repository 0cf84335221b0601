"""kr8s and a definition of its own: scaled, watched, waited for, patched in two ways, applied, and gone."""

import itertools
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import kr8s
import pytest
from kr8s.asyncio.objects import CustomResourceDefinition, new_class

import crd_rooms
from kr8s_sessions import connect

NUMBERS = itertools.count(1)


@pytest.fixture
async def api(kubeconfig: Path, namespace: str) -> AsyncGenerator[Any]:
    found = await connect(kubeconfig, namespace)
    yield found
    await found._session.aclose()


@pytest.fixture
def definition() -> dict[str, Any]:
    """Of a name of its own: kr8s keeps what it discovered first, and looks for the rest by name without the group."""
    return crd_rooms.fleet(f"Fleet{next(NUMBERS)}")


@pytest.fixture
async def fleets(api: Any, definition: dict[str, Any]) -> Any:
    """The kind; its definition is made, and waited for by a watch: kr8s cannot wait where conditions are still null."""
    made = CustomResourceDefinition(definition, api=api)
    await made.create()
    async for _, seen in made.watch():
        if any(one.type == "Established" and one.status == "True" for one in seen.status.conditions or ()):
            break
    names, version = definition["spec"]["names"], f"{definition['spec']['group']}/v1"
    return new_class(names["kind"], version, plural=names["plural"], scalable=True, scalable_spec="replicas")


async def fleet(api: Any, fleets: Any, definition: dict[str, Any], namespace: str, **spec: Any) -> Any:
    body = crd_rooms.thing(definition, spec=spec)
    made = fleets({**body, "metadata": {"name": "a", "namespace": namespace}}, api=api)
    await made.create()
    return made


async def test_life(api: Any, fleets: Any, definition: dict[str, Any], namespace: str) -> None:
    """Defaults, status, scaling, two kinds of patches, a rule; waiting for a value and the end."""
    made = await fleet(api, fleets, definition, namespace, port="80")
    assert (dict(made.spec), made.replicas) == ({"port": "80", "replicas": 1}, 1)
    await made.patch({"status": {"phase": "Ready"}}, subresource="status")
    await made.wait("jsonpath='{.status.phase}'=Ready", timeout=10)
    await made.scale(3)
    await made.patch({"spec": {"replicas": 4}}, subresource="scale")
    await made.refresh()
    await made.patch([{"op": "test", "path": "/spec/replicas", "value": 4}], type="json")
    assert (made.replicas, made.metadata.generation) == (4, 3)
    with pytest.raises(kr8s.ServerError) as ruled:
        await made.patch({"spec": {"replicas": 10}})
    assert ruled.value.status["details"]["causes"][0]["message"].endswith("too many")
    await made.delete()
    await made.wait("delete", timeout=10)


async def test_apply(api: Any, fleets: Any, definition: dict[str, Any], namespace: str) -> None:
    """Applied by a request of its own, for kr8s has no method: conflicts are ServerErrors with the Status."""
    made = await fleet(api, fleets, definition, namespace, port="80")

    async def apply(port: str, **params: str) -> dict[str, Any]:
        body = {**crd_rooms.thing(definition), "spec": {"port": port}}
        async with api.call_api(
            "PATCH",
            version=made.version,
            url=f"{made.plural}/a",
            namespace=namespace,
            content=json.dumps(body),
            params={"fieldManager": "one", **params},
            headers={"content-type": "application/apply-patch+yaml"},
        ) as answer:
            return answer.json()

    with pytest.raises(kr8s.ServerError) as taken:
        await apply("81")
    assert taken.value.status["details"]["causes"][0]["field"] == ".spec.port"
    assert (await apply("81", force="true"))["spec"]["port"] == "81"


async def test_watches_and_names(api: Any, fleets: Any, definition: dict[str, Any], namespace: str) -> None:
    """Found by any name of the kind, watched from a version; the end of the definition is the end of all of them."""
    made = await fleet(api, fleets, definition, namespace)
    group = definition["spec"]["group"]
    for name in (f"{made.plural}.{group}", f"{made.singular}.v1.{group}"):
        assert [one.name async for one in api.get(name)] == ["a"]
    since = made.metadata.resourceVersion
    await CustomResourceDefinition(definition, api=api).delete()
    async for event, found in api.watch(f"{made.plural}.{group}", since=since):
        assert found.name == "a"
        if event == "DELETED":
            break
    assert not await made.exists()
