"""Owner references: who goes, who stays, and in which order."""

import asyncio
import functools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import structlog

import factories
import waiting
from krate import errors, kinds
from krate.kinds import Kind
from krate_controllers.garbage import GarbageCollector, collectable
from krate_kube.actions import Action
from krate_kube.interface import EventType, Object, Propagation
from krate_kube.memory import MemoryClient
from krate_kube.watch import Change

until = functools.partial(waiting.until, pause=0)
"""The twin has no event for it; other tasks run once between two looks."""


CONFIG_MAP, SECRET = kinds.CONFIG_MAP, kinds.SECRET
SERVED = (kinds.NAMESPACE, CONFIG_MAP, SECRET, kinds.CLUSTER_ROLE, kinds.ORGANIZATION, kinds.SELF_SUBJECT_REVIEW)


def owner(found: Object, *, blocks: bool = False, **over: Any) -> dict[str, Any]:
    ref = {
        "apiVersion": found["apiVersion"],
        "kind": found["kind"],
        "name": found["metadata"]["name"],
        "uid": found["metadata"]["uid"],
    }
    return {**ref, **({"blockOwnerDeletion": True} if blocks else {}), **over}


def config_map(name: str, *owners: dict[str, Any], namespace: str = "acme", **metadata: Any) -> Object:
    refs = {"ownerReferences": list(owners)} if owners else {}
    return factories.make_config_map(name, metadata={"namespace": namespace, **refs, **metadata})


@asynccontextmanager
async def collecting(client: MemoryClient, *, patience: float = 30.0) -> AsyncGenerator[GarbageCollector]:
    collector = GarbageCollector(client, served=SERVED, log=structlog.get_logger(), patience=patience)
    task = asyncio.create_task(collector.run())
    try:
        yield collector
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def names(client: MemoryClient, kind: Kind = CONFIG_MAP) -> list[str]:
    return [found["metadata"]["name"] for found in client.ledger.select(kind, "", lambda _found: True)]


def make() -> MemoryClient:
    return MemoryClient(SERVED, namespaces=["acme", "globex"])


async def settle(client: MemoryClient, collector: GarbageCollector) -> None:
    """Wait until the graph knows what is stored and nobody is to be looked at."""

    def calm() -> bool:
        stored = {found["metadata"]["uid"] for found in client.ledger.objects.values()}
        return collector.synced and set(collector.graph.nodes) == stored and not len(collector.queue)

    await until(calm)
    for _ in range(50):
        await asyncio.sleep(0)
    await until(calm)


async def test_background() -> None:
    """Dependents go after their owner, and theirs after them; what nobody owns stays."""
    client = make()
    async with collecting(client) as collector:
        root = await client.create(CONFIG_MAP, config_map("root"))
        child = await client.create(CONFIG_MAP, config_map("child", owner(root)))
        await client.create(CONFIG_MAP, config_map("grandchild", owner(child)))
        await client.create(CONFIG_MAP, config_map("stranger"))
        await settle(client, collector)
        assert names(client) == ["child", "grandchild", "root", "stranger"]
        await client.delete(CONFIG_MAP, "root", namespace="acme")
        await until(lambda: names(client) == ["stranger"])


async def test_what_was_orphaned_before_the_start() -> None:
    """An object whose owner went while nobody collected is found at the start."""
    client = make()
    ghost = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ghost", "uid": "gone"}}
    client.seed(config_map("left", owner(ghost)), config_map("stranger"))
    async with collecting(client):
        await until(lambda: names(client) == ["stranger"])


async def test_a_namesake_is_no_owner() -> None:
    """An owner that was deleted and created again is somebody else: the uid decides."""
    client = make()
    (again,) = client.seed(config_map("root"))
    client.seed(config_map("child", owner(again, uid="another")))
    async with collecting(client):
        await until(lambda: names(client) == ["root"])


async def test_one_owner_is_enough() -> None:
    """While one owner is there the dependent stays, and only the reference to the gone one is taken off."""
    client = make()
    async with collecting(client) as collector:
        one = await client.create(CONFIG_MAP, config_map("one"))
        two = await client.create(CONFIG_MAP, config_map("two"))
        await client.create(CONFIG_MAP, config_map("child", owner(one), owner(two)))
        await settle(client, collector)
        await client.delete(CONFIG_MAP, "one", namespace="acme")

        def left() -> list[str]:
            child = client.stored(CONFIG_MAP, "child", namespace="acme")
            return [ref["name"] for ref in child["metadata"]["ownerReferences"]] if child else []

        await until(lambda: left() == ["two"])
        await client.delete(CONFIG_MAP, "two", namespace="acme")
        await until(lambda: names(client) == [])


async def test_owners_of_other_namespaces_are_absent() -> None:
    """A reference across namespaces points to nobody; one to a cluster-scoped owner is fine."""
    client = make()
    there, role = client.seed(
        config_map("root", namespace="globex"), factories.make(kinds.CLUSTER_ROLE, "role", rules=[])
    )
    client.seed(config_map("lost", owner(there)), config_map("kept", owner(role)))
    async with collecting(client) as collector:
        await until(lambda: names(client) == ["kept", "root"])
        await settle(client, collector)
        await client.delete(kinds.CLUSTER_ROLE, "role")
        await until(lambda: names(client) == ["root"])


async def test_unknown_owners_are_believed_in() -> None:
    """Nothing is deleted for an owner whose kind is not served, or that a cluster-scoped object cannot have."""
    client = make()
    (there,) = client.seed(config_map("root"))
    foreign = {"apiVersion": "example.com/v1", "kind": "Thing", "name": "x", "uid": "u1"}
    unserved = {"apiVersion": "krate.a5c.ai/v1alpha1", "kind": "Team", "name": "x", "uid": "u2"}
    role = factories.make(kinds.CLUSTER_ROLE, "role", rules=[], metadata={"ownerReferences": [owner(there, uid="u3")]})
    client.seed(config_map("a", foreign), config_map("b", unserved), role)
    async with collecting(client) as collector:
        await settle(client, collector)
        assert (names(client), names(client, kinds.CLUSTER_ROLE)) == (["a", "b", "root"], ["role"])


async def test_foreground() -> None:
    """In foreground the owner stays until the dependents that block it are gone; others do not hold it up."""
    client = make()
    async with collecting(client) as collector:
        root = await client.create(CONFIG_MAP, config_map("root"))
        await client.create(CONFIG_MAP, config_map("slow", owner(root, blocks=True), finalizers=["krate.test/slow"]))
        await client.create(CONFIG_MAP, config_map("loose", owner(root), finalizers=["krate.test/loose"]))
        await settle(client, collector)
        await client.delete(CONFIG_MAP, "root", namespace="acme", propagation=Propagation.FOREGROUND)

        def marked(name: str) -> bool:
            found = client.stored(CONFIG_MAP, name, namespace="acme")
            return bool(found and found["metadata"].get("deletionTimestamp"))

        await until(lambda: marked("slow") and marked("loose"))
        await settle(client, collector)
        assert names(client) == ["loose", "root", "slow"]
        await client.patch(CONFIG_MAP, "slow", {"metadata": {"finalizers": None}}, namespace="acme")
        await until(lambda: names(client) == ["loose"])


async def test_foreground_of_a_chain() -> None:
    """Foreground deletion goes down the chain: the last dependent goes first."""
    client = make()
    order: list[str] = []

    def record(action: Action) -> None:
        if action.verb == "patch" and action.body["metadata"].get("finalizers", "") is None:
            order.append(action.name)

    async with collecting(client) as collector:
        root = await client.create(CONFIG_MAP, config_map("root"))
        child = await client.create(CONFIG_MAP, config_map("child", owner(root, blocks=True)))
        await client.create(CONFIG_MAP, config_map("grandchild", owner(child, blocks=True)))
        await settle(client, collector)
        client.interceptor = record
        await client.delete(CONFIG_MAP, "root", namespace="acme", propagation=Propagation.FOREGROUND)
        await until(lambda: names(client) == [])
    assert order == ["child", "root"]


async def test_orphans() -> None:
    """Orphaned dependents lose the reference and stay; then their owner goes."""
    client = make()
    async with collecting(client) as collector:
        root = await client.create(CONFIG_MAP, config_map("root"))
        await client.create(CONFIG_MAP, config_map("child", owner(root)))
        await settle(client, collector)
        await client.delete(CONFIG_MAP, "root", namespace="acme", propagation=Propagation.ORPHAN)
        await until(lambda: names(client) == ["child"])
        await settle(client, collector)
        child = client.stored(CONFIG_MAP, "child", namespace="acme")
    assert child is not None
    assert "ownerReferences" not in child["metadata"]


async def test_deletions_name_what_was_read() -> None:
    """A dependent that changes as it is to be deleted, here adopted by a new owner, is looked at again and kept."""
    client = make()
    new, ghost = client.seed(config_map("new"), config_map("ghost"))
    await client.delete(CONFIG_MAP, "ghost", namespace="acme")
    client.seed(config_map("child", owner(ghost)))
    adopted = 0

    def adopt(action: Action) -> None:
        nonlocal adopted
        if action.verb == "delete" and not adopted:
            adopted += 1
            child = client.ledger.find(CONFIG_MAP, "acme", "child")
            assert child is not None
            child["metadata"]["ownerReferences"] = [owner(new)]
            client.ledger.put(CONFIG_MAP, child)

    client.interceptor = adopt
    async with collecting(client) as collector:
        await until(lambda: adopted == 1)
        await settle(client, collector)
    assert names(client) == ["child", "new"]


async def test_a_kind_that_cannot_be_listed() -> None:
    """Collection starts without it after a while; only foreground deletion waits, because it must know everybody."""
    client = make()
    (root,) = client.seed(config_map("root"))
    client.seed(config_map("child", owner(root)), config_map("front"))

    def refuse(action: Action) -> None:
        if action.kind is SECRET and action.verb == "list":
            raise errors.Forbidden("not yours")

    client.interceptor = refuse
    async with collecting(client, patience=0.02) as collector:
        await until(lambda: len(collector.graph.nodes) >= 3)
        await client.delete(CONFIG_MAP, "front", namespace="acme", propagation=Propagation.FOREGROUND)
        await client.delete(CONFIG_MAP, "root", namespace="acme")
        await until(lambda: names(client) == ["front"])
        await client.create(CONFIG_MAP, config_map("back"))
        await client.delete(CONFIG_MAP, "back", namespace="acme", propagation=Propagation.ORPHAN)
        await asyncio.sleep(0.05)
        assert (names(client), collector.synced) == (["back", "front"], False)


async def test_gone_without_a_word() -> None:
    """An object that is gone when it is looked at, its event still to come, takes its dependents along."""
    client = make()
    (root,) = client.seed(config_map("root"))
    (child,) = client.seed(config_map("child", owner(root)))
    collector = GarbageCollector(client, served=SERVED, log=structlog.get_logger())
    for found in (root, child):
        collector.observe(CONFIG_MAP, Change(EventType.ADDED, found))
    await client.delete(CONFIG_MAP, "root", namespace="acme")
    assert await collector.work(("", root["metadata"]["uid"])) is None
    assert await collector.queue.get() == ("", child["metadata"]["uid"])
    assert await collector.work(("", "unknown")) is None


def test_which_kinds_take_part() -> None:
    """Kinds that can be listed, watched and deleted take part, and no others."""
    assert set(collectable(SERVED)) == set(SERVED) - {kinds.SELF_SUBJECT_REVIEW}
