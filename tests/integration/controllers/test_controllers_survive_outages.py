"""The API server goes away and comes back: controllers wait, catch up with what they missed, and lose nothing."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import structlog

import factories
import kube_server
from krate import conditions, kinds
from krate.conditions import Type
from krate_controllers import main as controllers
from krate_controllers import wiring
from krate_controllers.wiring import Kit
from krate_git.interface import RepositoryKey
from krate_git.memory import MemoryHost
from krate_kube.client import HttpClient
from krate_kube.connections import Connection, Retries
from krate_kube.memory import MemoryClient
from waiting import until

WEB = {"forProvider": {"owner": "acme", "name": "web", "repository": "web"}}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def controlling(port: int, host: MemoryHost) -> AsyncGenerator[None]:
    """All controllers over HTTP, whether or not a server is there."""
    async with AsyncExitStack() as stack:
        connection = Connection(f"http://127.0.0.1:{port}", retries=Retries(attempts=1))
        clients = {account: await stack.enter_async_context(HttpClient(connection)) for account in wiring.IDENTITIES}
        kit = Kit(clients=clients, host=lambda _account: host, clone_base="http://127.0.0.1:7080")
        work = asyncio.create_task(controllers.run(kit, log=structlog.get_logger()))
        try:
            yield
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


def enforced(client: MemoryClient, generation: int) -> bool:
    found = client.stored(kinds.BRANCH_PROTECTION, "main", namespace="acme")
    said = conditions.find((found or {}).get("status", {}).get("conditions", []), Type.ENFORCED)
    return said is not None and (said["status"], said["observedGeneration"]) == ("True", generation)


async def test_outages(tmp_path: Path) -> None:
    """Started before the server, cut off from it, and left behind by its history: in the end all is as declared."""
    client, host, port = MemoryClient(namespaces=["acme"]), MemoryHost(tmp_path), free_port()
    app = kube_server.KubeApp(client)
    owner = {"forProvider": {"username": "acme", "full_name": "Acme"}}
    async with controlling(port, host):
        await asyncio.sleep(0)
        await client.create(kinds.REPOSITORY, factories.make_repository())
        await client.create(kinds.BRANCH_PROTECTION, factories.make_branch_protection())
        await client.create(kinds.HOSTED_REPOSITORY, factories.make(kinds.HOSTED_REPOSITORY, "web", spec=WEB))
        async with kube_server.serving(app, at=port):
            await client.create(
                kinds.HOSTED_ORGANIZATION, factories.make(kinds.HOSTED_ORGANIZATION, "acme", spec=owner)
            )
            await until(lambda: enforced(client, 1))
        # The server is gone; while it is, things change, and their history is forgotten.
        await client.patch(kinds.BRANCH_PROTECTION, "main", {"spec": {"requiredApprovals": 2}}, namespace="acme")
        await client.delete(kinds.HOSTED_REPOSITORY, "web", namespace="acme")
        client.compact()
        async with kube_server.serving(app, at=port):
            await until(lambda: client.stored(kinds.HOSTED_REPOSITORY, "web", namespace="acme") is None)
            assert await host.find_repository(RepositoryKey("acme", "web")) is None
            await client.create(kinds.HOSTED_REPOSITORY, factories.make(kinds.HOSTED_REPOSITORY, "web", spec=WEB))
            await until(lambda: enforced(client, 2))
    host.close()
