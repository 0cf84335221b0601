"""The embedded loop on an API server in memory, with every controller of the platform at work beside it."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import composites
import factories
from krate import conditions, errors, kinds
from krate.kinds import Kind
from krate_functions.engine import documents, loop
from krate_kube import watch
from krate_kube.actions import Action
from krate_kube.interface import Client
from krate_kube.memory import MemoryClient
from waiting import until

ROOT = Path(__file__).parents[1]
COMPOSITIONS = [
    documents.load_one(ROOT / "compositions" / plural / "composition.yaml")
    for plural in ("organizations", "teams", "repositories")
]
WRITES = frozenset({"create", "patch", "update", "delete"})
HOSTED = (
    kinds.HOSTED_ORGANIZATION,
    kinds.HOSTED_TEAM,
    kinds.HOSTED_REPOSITORY,
    kinds.HOSTED_ACCESS,
    kinds.BRANCH_PROTECTION,
)
PROTECTION: dict[str, Any] = {
    "spec": {"defaults": {"branchProtection": {"requiredApprovals": 2, "requireUpToDate": True}}}
}
"""An organisation that asks for a default protection."""


@asynccontextmanager
async def looping(client: MemoryClient, state: Path, **options: Any) -> AsyncGenerator[None]:
    """The loop, watching, from entry to exit."""
    stop, ready = asyncio.Event(), asyncio.Event()
    options.setdefault("options_override", {"serves": composites.SERVES})
    task = asyncio.create_task(
        loop.run(client, state=state, compositions=COMPOSITIONS, stop=stop, ready=ready, **options)
    )
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield
    finally:
        stop.set()
        waiting.cancel()
        await asyncio.wait_for(task, 10)


async def control(client: MemoryClient) -> None:
    """Every controller of the platform: whatever is composed becomes healthy, policies are compiled and loaded."""
    async with asyncio.TaskGroup() as group:
        for kind in HOSTED:
            group.create_task(_heal(client, kind))


async def _heal(client: MemoryClient, kind: Kind) -> None:
    async with aclosing(watch.Informer(client, kind).follow()) as changes:
        async for change in changes:
            if change.type in {"ADDED", "MODIFIED"}:
                await _work(client, kind, change.object)


async def _work(client: MemoryClient, kind: Kind, found: dict[str, Any]) -> None:
    """What the controller of one kind does to one object."""
    status, name = composites.healthy(found)["status"], found["metadata"]["name"]
    where = {"namespace": found["metadata"]["namespace"]}
    if found.get("status") == status:
        return
    try:
        await client.patch(kind, name, {"status": status}, subresource="status", **where)
        if kind is kinds.HOSTED_REPOSITORY:
            policy = composites.loaded_policy(name)
            await client.create(kinds.HOSTED_REF_POLICY, policy)
            loaded = {"status": policy["status"]}
            await client.patch(kinds.HOSTED_REF_POLICY, name, loaded, subresource="status", **where)
    except (errors.AlreadyExists, errors.NotFound):
        return


async def declare(client: MemoryClient) -> None:
    """An organisation with a team and a repository, as `krate apply` would: what is refused is tried again."""
    await client.create(kinds.ORGANIZATION, factories.make_organization())
    for kind, obj in ((kinds.TEAM, factories.make_team()), (kinds.REPOSITORY, factories.make_repository())):
        await until(lambda kind=kind, obj=obj: created(client, kind, obj))


async def created(client: Client, kind: Kind, obj: dict[str, Any]) -> bool:
    try:
        await client.create(kind, obj)
    except errors.NotFound:
        return False
    return True


def held(client: MemoryClient, kind: Kind, name: str) -> dict[str, Any]:
    """An object that the server must have."""
    found = client.stored(kind, name, namespace="acme" if kind.namespaced else "")
    assert found is not None, f"there is no {kind.name} {name}"
    return found


def said(client: MemoryClient, kind: Kind, name: str, about: str) -> dict[str, Any]:
    """One condition of a composite; {} when it says nothing yet."""
    found = client.stored(kind, name, namespace="acme")
    listed = ((found or {}).get("status") or {}).get("conditions") or []
    return dict(conditions.find(listed, about) or {})


def is_ready(client: MemoryClient, kind: Kind, name: str) -> bool:
    return said(client, kind, name, "Ready").get("status") == "True"


async def all_ready(client: MemoryClient) -> None:
    await until(lambda: is_ready(client, kinds.ORGANIZATION, "acme"))
    await until(lambda: is_ready(client, kinds.TEAM, "platform"))
    await until(lambda: is_ready(client, kinds.REPOSITORY, "web"))


def writers(client: MemoryClient) -> list[str]:
    binding = client.stored(kinds.ROLE_BINDING, "krate-repository-web-writer", namespace="acme")
    return [subject["name"] for subject in (binding or {}).get("subjects", [])]


def writes(client: MemoryClient) -> list[Action]:
    return [action for action in client.actions if action.verb in WRITES]


async def quiet(client: MemoryClient) -> None:
    """Wait until nobody has asked the server for anything for a while."""
    while True:
        before = len(client.actions)
        for _ in range(30):
            await asyncio.sleep(0.002)
        if len(client.actions) == before:
            return


def failing(kind: Kind, verb: str, problem: Exception, *, times: float = 1) -> Callable[[Action], None]:
    """An interceptor that lets the first calls of one sort fail."""
    left = itertools.count(1)

    def intercept(action: Action) -> None:
        if action.kind is kind and action.verb == verb and next(left) <= times:
            raise problem

    return intercept


def events(client: MemoryClient) -> list[dict[str, Any]]:
    return [obj for (resource, _, _), obj in client.ledger.objects.items() if resource == "events"]


async def quiet_events(client: MemoryClient) -> None:
    """Wait until no event was recorded for a while."""
    while True:
        before = len(events(client))
        for _ in range(40):
            await asyncio.sleep(0.002)
        if len(events(client)) == before:
            return
