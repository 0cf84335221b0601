"""A deleted namespace is emptied, waits for whoever holds on, and goes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import structlog

import factories
from krate import errors, kinds
from krate.names import Verb
from krate_controllers.namespaces import NamespaceController, deletable
from krate_kube.actions import Action
from krate_kube.interface import Unreachable
from krate_kube.memory import MemoryClient

CONFIG_MAP = kinds.CONFIG_MAP


@asynccontextmanager
async def running(client: MemoryClient, **options: object) -> AsyncIterator[None]:
    task = asyncio.create_task(NamespaceController(client, log=structlog.get_logger(), **options).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def gone(client: MemoryClient, name: str) -> None:
    async with asyncio.timeout(5):
        while client.stored(kinds.NAMESPACE, name) is not None:  # noqa: ASYNC110 - the twin has no event for it
            await asyncio.sleep(0.005)


def fill(client: MemoryClient, **metadata: object) -> None:
    client.seed(
        factories.make_config_map(metadata=metadata),
        factories.make_repository(),
        factories.make_pull_request(),
        factories.make_config_map(metadata={"namespace": "globex"}),
    )


async def test_emptied_and_gone() -> None:
    """Everything in the namespace goes, then the namespace; other namespaces are left alone."""
    client = MemoryClient(namespaces=["acme", "globex"])
    fill(client)
    async with running(client):
        await client.delete(kinds.NAMESPACE, "acme")
        await gone(client, "acme")
    left = sorted(slot[1:] for slot in client.ledger.objects if slot[0] == CONFIG_MAP.resource)
    assert left == [("globex", "settings")]
    assert not [slot for slot in client.ledger.objects if slot[1] == "acme"]


async def test_deleted_before_the_start() -> None:
    """A namespace that was deleted while nobody worked is found at the start."""
    client = MemoryClient(namespaces=["acme", "globex"])
    fill(client)
    await client.delete(kinds.NAMESPACE, "acme")
    async with running(client):
        await gone(client, "acme")


async def test_finalizers_are_waited_for() -> None:
    """While an object is held the namespace stays Terminating, and goes when it is released."""
    client = MemoryClient(namespaces=["acme", "globex"])
    fill(client, finalizers=["krate.test/hold"])
    async with running(client):
        await client.delete(kinds.NAMESPACE, "acme")
        async with asyncio.timeout(5):
            while len([slot for slot in client.ledger.objects if slot[1] == "acme"]) > 1:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.005)
        held = client.stored(kinds.NAMESPACE, "acme")
        assert held is not None
        assert (held["status"]["phase"], held["spec"]["finalizers"]) == ("Terminating", ["kubernetes"])
        await client.patch(CONFIG_MAP, "settings", {"metadata": {"finalizers": None}}, namespace="acme")
        await gone(client, "acme")


async def test_trouble_is_waited_out() -> None:
    """A server that fails half-way is asked again; nothing is finalized that is not empty."""
    client = MemoryClient(namespaces=["acme", "globex"])
    fill(client)
    failures = 3

    def fail(action: Action) -> None:
        nonlocal failures
        if action.kind is kinds.REPOSITORY and failures:
            failures -= 1
            raise Unreachable if failures % 2 else errors.InternalError.of("disk full")

    client.interceptor = fail
    async with running(client):
        await client.delete(kinds.NAMESPACE, "acme")
        await gone(client, "acme")
    assert failures == 0


async def test_kinds_that_are_not_served_hold_nothing_up() -> None:
    """A kind of the table that this server does not have is passed over."""
    client = MemoryClient((kinds.NAMESPACE, CONFIG_MAP), namespaces=["acme"])
    client.seed(factories.make_config_map())
    async with running(client):
        await client.delete(kinds.NAMESPACE, "acme")
        await gone(client, "acme")


async def test_kinds_without_deletecollection() -> None:
    """Objects of a kind that cannot be deleted as a collection are deleted one by one."""
    single = replace(CONFIG_MAP, verbs=tuple(verb for verb in CONFIG_MAP.verbs if verb is not Verb.DELETE_COLLECTION))
    client = MemoryClient(namespaces=["acme"])
    client.seed(factories.make_config_map("a"), factories.make_config_map("b"))
    async with running(client, served=(single,)):
        await client.delete(kinds.NAMESPACE, "acme")
        await gone(client, "acme")
    verbs = [action.verb for action in client.actions if action.kind is single]
    assert (verbs.count("delete"), verbs.count("deletecollection")) == (2, 0)


@pytest.mark.parametrize("kind", [kinds.REPOSITORY_CONTENT, kinds.ACTIVITY, kinds.USER], ids=lambda kind: kind.name)
def test_kinds_that_hold_nothing_up(kind: kinds.Kind) -> None:
    """Read-only and cluster-scoped kinds are not waited for."""
    assert kind not in deletable(kinds.KINDS)


def test_events_last() -> None:
    """Events go last, because until then there is something to say."""
    assert deletable(kinds.KINDS)[-1] is kinds.EVENT
