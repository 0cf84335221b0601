"""The ServiceAccount that every namespace has."""

import asyncio
import functools

import structlog

import waiting
from krate import kinds
from krate_controllers.accounts import DefaultAccounts
from krate_kube.memory import MemoryClient

until = functools.partial(waiting.until, pause=0)
ACCOUNT = kinds.SERVICE_ACCOUNT


async def test_default_accounts() -> None:
    """Namespaces that are there, that come and whose account is deleted have one; those that go get none."""
    client = MemoryClient((kinds.NAMESPACE, ACCOUNT), namespaces=["acme"])
    task = asyncio.create_task(DefaultAccounts(client, log=structlog.get_logger()).run())

    def has(name: str) -> bool:
        return client.stored(ACCOUNT, "default", namespace=name) is not None

    try:
        await until(lambda: has("acme"))
        await client.create(kinds.NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "globex"}})
        await until(lambda: has("globex"))
        await client.delete(ACCOUNT, "default", namespace="acme")
        await until(lambda: has("acme"))
        await client.delete(kinds.NAMESPACE, "globex")
        await client.delete(ACCOUNT, "default", namespace="globex")
        await client.delete(ACCOUNT, "default", namespace="acme")
        await until(lambda: has("acme"))
        assert not has("globex")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
