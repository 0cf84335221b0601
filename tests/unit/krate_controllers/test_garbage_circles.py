"""Garbage in circles, in the wrong namespace, and of kinds that come and go."""

import asyncio
import functools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import structlog

import factories
import waiting
from krate import kinds
from krate.kinds import Kind
from krate_controllers import customs
from krate_controllers.garbage import GarbageCollector
from krate_kube.interface import Object, Propagation
from krate_kube.memory import MemoryClient

until = functools.partial(waiting.until, pause=0)
CONFIG_MAP, DEFINITION = kinds.CONFIG_MAP, kinds.CUSTOM_RESOURCE_DEFINITION
SERVED = (kinds.NAMESPACE, CONFIG_MAP, kinds.CLUSTER_ROLE, kinds.EVENT, DEFINITION)


def definition(**status: Any) -> Object:
    names = {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"}
    versions = [
        {"name": "v1beta1", "served": True, "storage": False, "schema": {"openAPIV3Schema": {"type": "object"}}},
        {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}},
        {"name": "v0", "served": False, "storage": False, "schema": {"openAPIV3Schema": {"type": "object"}}},
    ]
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": versions}
    head = {"apiVersion": DEFINITION.api_version, "kind": DEFINITION.name, "metadata": {"name": "widgets.example.com"}}
    return {**head, "spec": spec, "status": status}


ESTABLISHED = definition(conditions=[{"type": "Established", "status": "True"}])
WIDGET = customs.rows(ESTABLISHED)[0]


def owner(found: Object, *, blocks: bool = False, **over: Any) -> dict[str, Any]:
    meta = found["metadata"]
    ref = {"apiVersion": found["apiVersion"], "kind": found["kind"], "name": meta["name"], "uid": meta["uid"]}
    return {**ref, **({"blockOwnerDeletion": True} if blocks else {}), **over}


def config_map(name: str, *owners: dict[str, Any], namespace: str = "acme", **metadata: Any) -> Object:
    refs = {"ownerReferences": list(owners)} if owners else {}
    return factories.make_config_map(name, metadata={"namespace": namespace, **refs, **metadata})


def widget(name: str, *owners: dict[str, Any], api_version: str = WIDGET.api_version) -> Object:
    metadata = {"name": name, "namespace": "acme", "ownerReferences": list(owners)}
    return {"apiVersion": api_version, "kind": "Widget", "metadata": metadata}


def names(client: MemoryClient, kind: Kind = CONFIG_MAP) -> list[str]:
    return [found["metadata"]["name"] for found in client.ledger.select(kind, "", lambda _found: True)]


def make() -> MemoryClient:
    return MemoryClient((*SERVED, WIDGET), namespaces=["acme", "globex", "default"])


@asynccontextmanager
async def collecting(client: MemoryClient) -> AsyncGenerator[GarbageCollector]:
    collector = GarbageCollector(client, served=SERVED, log=structlog.get_logger())
    task = asyncio.create_task(collector.run())
    try:
        yield collector
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def known(collector: GarbageCollector, *found: Object) -> None:
    """Wait until the graph knows these objects."""
    wanted = {one["metadata"]["uid"] for one in found}
    await until(lambda: collector.synced and wanted <= set(collector.graph.nodes))


async def circle(client: MemoryClient, *, blocks: bool) -> list[Object]:
    """Three objects, each the owner of the next, the last one of the first."""
    made = [await client.create(CONFIG_MAP, config_map(name)) for name in ("a", "b", "c")]
    for one, its_owner in zip(made, [made[-1], *made[:-1]], strict=True):
        refs = {"metadata": {"ownerReferences": [owner(its_owner, blocks=blocks)]}}
        await client.patch(CONFIG_MAP, one["metadata"]["name"], refs, namespace="acme")
    return made


async def test_a_circle_in_the_foreground() -> None:
    """Objects that wait for each other all go: the first one to be looked at blocks no longer."""
    client = make()
    async with collecting(client) as collector:
        made = await circle(client, blocks=True)
        await known(collector, *made)
        await until(lambda: all(collector.graph.dependents(one["metadata"]["uid"]) for one in made))
        await client.delete(CONFIG_MAP, "a", namespace="acme", propagation=Propagation.FOREGROUND)
        await until(lambda: names(client) == [])


async def test_a_circle_in_the_background() -> None:
    """One of a circle takes the others along."""
    client = make()
    async with collecting(client) as collector:
        made = await circle(client, blocks=False)
        await known(collector, *made)
        await until(lambda: all(collector.graph.dependents(one["metadata"]["uid"]) for one in made))
        await client.delete(CONFIG_MAP, "b", namespace="acme")
        await until(lambda: names(client) == [])


async def test_an_object_that_owns_itself() -> None:
    """It goes when it is deleted, in the foreground too, and does not go by itself."""
    client = make()
    async with collecting(client) as collector:
        (one,) = [await client.create(CONFIG_MAP, config_map("a"))]
        refs = {"metadata": {"ownerReferences": [owner(one, blocks=True)]}}
        await client.patch(CONFIG_MAP, "a", refs, namespace="acme")
        await known(collector, one)
        assert names(client) == ["a"]
        await client.delete(CONFIG_MAP, "a", namespace="acme", propagation=Propagation.FOREGROUND)
        await until(lambda: names(client) == [])


async def test_owners_elsewhere_are_told_of() -> None:
    """A reference into another namespace is told by an Event, upstream's; a cluster-scoped object is kept besides."""
    client = make()
    (there,) = client.seed(config_map("root", namespace="globex"))
    role = factories.make(kinds.CLUSTER_ROLE, "role", rules=[], metadata={"ownerReferences": [owner(there)]})
    client.seed(config_map("lost", owner(there)), role)
    uid = there["metadata"]["uid"]
    wanted = {
        (
            "lost",
            f'ownerRef [v1/ConfigMap, namespace: acme, name: root, uid: {uid}] does not exist in namespace "acme"',
        ),
        ("role", f'ownerRef [v1/ConfigMap, namespace: , name: root, uid: {uid}] does not exist in namespace ""'),
    }

    def told() -> set[tuple[str, str]]:
        found = client.ledger.select(kinds.EVENT, "", lambda _found: True)
        assert {one["reason"] for one in found} <= {"OwnerRefInvalidNamespace"}
        return {(one["involvedObject"]["name"], one["message"]) for one in found}

    async with collecting(client) as collector:
        await until(lambda: names(client) == ["root"])
        # The graph may have seen the role before its owner, and then takes it for one that cannot be found out.
        await client.patch(kinds.CLUSTER_ROLE, "role", {"metadata": {"labels": {"a": "b"}}})
        await known(collector, there)
        stored = client.stored(kinds.CLUSTER_ROLE, "role") or {}
        collector.queue.add(("", stored["metadata"]["uid"]))
        await until(lambda: wanted <= told())
    assert names(client, kinds.CLUSTER_ROLE) == ["role"]


async def test_custom_resources_come_and_go() -> None:
    """Custom resources are collected and own others once they are established, and are forgotten with their kind."""
    client = make()
    root = await client.create(CONFIG_MAP, config_map("root"))
    async with collecting(client) as collector:
        await until(lambda: collector.synced)
        client.seed(definition())
        one = await client.create(WIDGET, widget("one", owner(root)))
        await until(lambda: collector.synced)
        assert one["metadata"]["uid"] not in collector.graph.nodes
        stored = client.stored(DEFINITION, "widgets.example.com") or {}
        await client.update(DEFINITION, {**stored, "status": ESTABLISHED["status"]}, subresource="status")
        await known(collector, one)
        old = owner(one, apiVersion="example.com/v1beta1")
        child = await client.create(CONFIG_MAP, config_map("child", old))
        await known(collector, child)
        await client.delete(CONFIG_MAP, "root", namespace="acme")
        await until(lambda: (names(client), names(client, WIDGET)) == ([], []))
        two = await client.create(WIDGET, widget("two"))
        await known(collector, two)
        await client.delete(DEFINITION, "widgets.example.com")
        await until(lambda: two["metadata"]["uid"] not in collector.graph.nodes)
        assert collector.synced


def test_rows_of_a_definition() -> None:
    """Served versions, the stored one first; nothing before a definition is established."""
    found = [(kind.api_version, kind.name, kind.plural, kind.namespaced) for kind in customs.rows(ESTABLISHED)]
    assert found == [
        ("example.com/v1", "Widget", "widgets", True),
        ("example.com/v1beta1", "Widget", "widgets", True),
    ]
    assert customs.rows(definition()) == ()
