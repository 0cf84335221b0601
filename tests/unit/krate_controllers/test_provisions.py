"""What every namespace has."""

import asyncio
import functools
from collections.abc import AsyncGenerator

import pytest
import structlog

import waiting
from krate import kinds
from krate.kinds import Kind
from krate_controllers.provisions import ROOT_CA, Provisioner, provisions
from krate_kube.memory import MemoryClient

until = functools.partial(waiting.until, pause=0)
NAMES = {kinds.SERVICE_ACCOUNT: "default", kinds.CONFIG_MAP: ROOT_CA}
CA = "-----BEGIN CERTIFICATE-----"


@pytest.fixture
async def client() -> AsyncGenerator[MemoryClient]:
    """An API with one namespace and the controller at work."""
    made = MemoryClient((kinds.NAMESPACE, *NAMES), namespaces=["acme"])
    task = asyncio.create_task(Provisioner(made, provisions(CA), log=structlog.get_logger()).run())
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def has(client: MemoryClient, kind: Kind, namespace: str) -> bool:
    return client.stored(kind, NAMES[kind], namespace=namespace) is not None


@pytest.mark.parametrize("kind", NAMES, ids=lambda kind: kind.name)
async def test_provisions(client: MemoryClient, kind: Kind) -> None:
    """Namespaces that are there, that come and whose object is deleted have one; those that go get none."""
    await until(lambda: has(client, kind, "acme"))
    await client.create(kinds.NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "globex"}})
    await until(lambda: has(client, kind, "globex"))
    await client.delete(kind, NAMES[kind], namespace="acme")
    await until(lambda: has(client, kind, "acme"))
    await client.delete(kinds.NAMESPACE, "globex")
    await client.delete(kind, NAMES[kind], namespace="globex")
    await client.delete(kind, NAMES[kind], namespace="acme")
    await until(lambda: has(client, kind, "acme"))
    assert not has(client, kind, "globex")


async def test_content(client: MemoryClient) -> None:
    """Certificates that somebody changes are put back; what else somebody added stays."""
    await until(lambda: has(client, kinds.CONFIG_MAP, "acme"))
    found = await client.get(kinds.CONFIG_MAP, ROOT_CA, namespace="acme")
    changed = {**found, "data": {"ca.crt": "mine", "more": "1"}, "immutable": False}
    await client.update(kinds.CONFIG_MAP, changed)

    def back() -> bool:
        stored = client.stored(kinds.CONFIG_MAP, ROOT_CA, namespace="acme")
        return stored is not None and stored["data"] == {"ca.crt": CA} and stored["immutable"] is False

    await until(back)
