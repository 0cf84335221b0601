"""The operator: one watch per kind, shared; and a whole control plane on the twins, from declaration to enforcement."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

import factories
from krate import conditions, errors, kinds
from krate.conditions import Type
from krate.kinds import Kind
from krate_controllers import main as controllers
from krate_controllers import wiring
from krate_controllers.operator import UNCACHED, Operator
from krate_controllers.wiring import Kit
from krate_git.interface import RepositoryKey
from krate_git.memory import MemoryHost
from krate_kube.actions import Action
from krate_kube.memory import MemoryClient
from waiting import until

LOG = structlog.get_logger()
WEB = {"forProvider": {"owner": "acme", "name": "web", "repository": "web"}}
RETAINED = {**WEB, "managementPolicies": ["Observe", "Create", "Update", "LateInitialize"]}


def kit_for(client: MemoryClient, host: MemoryHost) -> Kit:
    return Kit(
        clients=dict.fromkeys(wiring.IDENTITIES, client),
        host=lambda _account: host,
        clone_base="http://127.0.0.1:7080/",
        compile_expression=lambda _text: lambda _values: True,
    )


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[tuple[MemoryClient, MemoryHost]]:
    """Every controller, running on the twins."""
    client, host = MemoryClient(namespaces=["acme"]), MemoryHost(tmp_path)
    work = asyncio.create_task(controllers.run(kit_for(client, host), log=LOG))
    yield client, host
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    host.close()


def holds(client: MemoryClient, kind: Kind, name: str, type_: Type) -> bool:
    found = client.stored(kind, name, namespace="acme")
    return found is not None and conditions.is_true((found.get("status") or {}).get("conditions") or [], type_)


async def declare(client: MemoryClient) -> None:
    """In the worst order: what depends on others comes first."""
    await client.create(kinds.BRANCH_PROTECTION, factories.make_branch_protection())
    await client.create(kinds.HOSTED_REPOSITORY, factories.make(kinds.HOSTED_REPOSITORY, "web", spec=RETAINED))
    await client.create(kinds.REPOSITORY, factories.make_repository())
    owner = {"forProvider": {"username": "acme", "full_name": "Acme"}}
    await client.create(kinds.HOSTED_ORGANIZATION, factories.make(kinds.HOSTED_ORGANIZATION, "acme", spec=owner))


async def test_declared_hosted_enforced(world: tuple[MemoryClient, MemoryHost]) -> None:
    """Whatever order things are declared in, each waits for what it needs and all are done without a poll's delay."""
    client, host = world
    began = asyncio.get_running_loop().time()
    await declare(client)
    await until(lambda: holds(client, kinds.BRANCH_PROTECTION, "main", Type.ENFORCED))
    assert holds(client, kinds.HOSTED_REPOSITORY, "web", Type.READY)
    assert asyncio.get_running_loop().time() - began < 5
    policy = client.stored(kinds.HOSTED_REF_POLICY, "web", namespace="acme")
    assert policy is not None
    loaded = await host.find_ref_policy_digest(RepositoryKey("acme", "web"))
    assert policy["spec"]["forProvider"]["digest"] == policy["status"]["atProvider"]["digest"] == loaded


async def test_a_changed_rule_is_enforced_again(world: tuple[MemoryClient, MemoryHost]) -> None:
    """A protection that changes is Enforced again only when the host has loaded its new generation."""
    client, _ = world
    await declare(client)
    await until(lambda: holds(client, kinds.BRANCH_PROTECTION, "main", Type.ENFORCED))
    await client.patch(kinds.BRANCH_PROTECTION, "main", {"spec": {"requiredApprovals": 2}}, namespace="acme")

    def enforced_generation() -> int | None:
        found = client.stored(kinds.BRANCH_PROTECTION, "main", namespace="acme")
        said = conditions.find(found["status"]["conditions"], Type.ENFORCED) if found else None
        return said["observedGeneration"] if said and said["status"] == "True" else None

    await until(lambda: enforced_generation() == 2)
    policy = client.stored(kinds.HOSTED_REF_POLICY, "web", namespace="acme")
    assert policy is not None
    assert [source["generation"] for source in policy["spec"]["forProvider"]["sources"]] == [2]


async def test_a_retained_repository_is_retired(world: tuple[MemoryClient, MemoryHost]) -> None:
    """Without Delete among its policies the repository is retired on the host, and restored when declared again."""
    client, host = world
    await declare(client)
    await until(lambda: holds(client, kinds.HOSTED_REPOSITORY, "web", Type.READY))
    await client.delete(kinds.HOSTED_REPOSITORY, "web", namespace="acme")
    await until(lambda: client.stored(kinds.HOSTED_REPOSITORY, "web", namespace="acme") is None)
    retired = await host.find_repository(RepositoryKey("acme", "web"))
    await client.create(kinds.HOSTED_REPOSITORY, factories.make(kinds.HOSTED_REPOSITORY, "web", spec=RETAINED))
    await until(lambda: holds(client, kinds.HOSTED_REPOSITORY, "web", Type.READY))
    restored = await host.find_repository(RepositoryKey("acme", "web"))
    assert retired is not None
    assert restored is not None
    assert (bool(retired.retired_at), restored.retired_at) == (True, "")


async def test_drift_is_repaired(world: tuple[MemoryClient, MemoryHost]) -> None:
    """What somebody changed on the host is put back when the object is looked at."""
    client, host = world
    await declare(client)
    await until(lambda: holds(client, kinds.HOSTED_ORGANIZATION, "acme", Type.READY))
    await host.put_organization("acme", full_name="Mallory Inc", visibility="public")
    await client.patch(kinds.HOSTED_ORGANIZATION, "acme", {"metadata": {"labels": {"look": "again"}}}, namespace="acme")
    async with asyncio.timeout(10):
        while await host.find_organization("acme") != {"full_name": "Acme", "visibility": "private"}:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_metadata_belongs_to_others(world: tuple[MemoryClient, MemoryHost]) -> None:
    """Reconciled objects bear our finalizer and Crossplane's external-name, and nothing of a framework."""
    client, _ = world
    await declare(client)
    await until(lambda: holds(client, kinds.BRANCH_PROTECTION, "main", Type.ENFORCED))
    allowed = {"name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp"}

    def extras(kind: Kind, name: str) -> dict[str, Any]:
        found = client.stored(kind, name, namespace="acme")
        assert found is not None
        return {key: value for key, value in found["metadata"].items() if key not in allowed}

    assert [
        extras(kinds.HOSTED_REPOSITORY, "web"),
        extras(kinds.REPOSITORY, "web"),
        extras(kinds.BRANCH_PROTECTION, "main"),
    ] == [
        {"finalizers": ["krate.a5c.ai/hosted"], "annotations": {"crossplane.io/external-name": "web"}},
        {"finalizers": ["krate.a5c.ai/repository"]},
        {},
    ]


async def test_controllers_fall_silent(world: tuple[MemoryClient, MemoryHost]) -> None:
    """When everything is as declared nothing is written any more."""
    client, _ = world
    await declare(client)
    await until(lambda: holds(client, kinds.BRANCH_PROTECTION, "main", Type.ENFORCED))
    version = -1
    async with asyncio.timeout(10):
        while version != client.ledger.version:
            version = client.ledger.version
            await asyncio.sleep(0.2)


def reconcilers(client: MemoryClient, host: MemoryHost) -> Operator:
    return Operator(client, wiring.reconcilers(kit_for(client, host), log=LOG), log=LOG)


@asynccontextmanager
async def operating(client: MemoryClient, folder: Path) -> AsyncGenerator[Operator]:
    host = MemoryHost(folder)
    operator = reconcilers(client, host)
    work = asyncio.create_task(operator.run())
    async with asyncio.timeout(10):
        await operator.synced()
    yield operator
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    host.close()


async def test_one_watch_per_kind(tmp_path: Path) -> None:
    """However many controllers listen to a kind, it is listed and watched once; kinds with many rows are not listed."""
    client = MemoryClient(namespaces=["acme"])
    async with operating(client, tmp_path) as operator:
        await until(lambda: operator.idle)
    watched = {kind for one in operator.reconcilers for kind in one.watched}
    assert watched >= UNCACHED
    for verb in ("list", "watch"):
        asked = [action.kind for action in client.actions if action.verb == verb and action.kind in watched]
        assert sorted(kind.name for kind in asked) == sorted(kind.name for kind in watched)


async def test_rows_that_nobody_saw_are_made_up_for(tmp_path: Path) -> None:
    """When history is lost for a kind that is not listed, everything it may concern is looked at again."""
    client = MemoryClient(namespaces=["acme"])
    status = {"number": 1, "headSHA": "a" * 40, "phase": "Open"}
    client.seed(factories.make_repository(), factories.make_pull_request(status=status))
    looks: list[str] = []

    def count(action: Action) -> None:
        if action.verb == "get" and action.kind is kinds.PULL_REQUEST:
            looks.append(action.name)

    async with operating(client, tmp_path) as operator:
        pulls = next(one for one in operator.reconcilers if one.row.kind is kinds.PULL_REQUEST)
        await until(lambda: pulls.known and not len(pulls.queue))
        client.interceptor = count
        client.seed(factories.make_config_map())
        client.compact()
        client.end_watches()
        await until(lambda: "web-1" in looks)


async def test_a_refusal_stops_nothing(tmp_path: Path) -> None:
    """A kind that may not be listed yet does not keep the others from being reconciled."""
    client = MemoryClient(namespaces=["acme"])

    def refuse(action: Action) -> None:
        if action.kind is kinds.TEAM or (action.kind is kinds.HOSTED_TEAM and action.verb == "list"):
            raise errors.Forbidden("not yet")

    client.interceptor = refuse
    host = MemoryHost(tmp_path)
    work = asyncio.create_task(reconcilers(client, host).run())
    await client.create(kinds.PROVIDER_CONFIG, factories.make(kinds.PROVIDER_CONFIG, "default", spec={}))
    await until(lambda: holds(client, kinds.PROVIDER_CONFIG, "default", Type.REACHABLE))
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    host.close()
