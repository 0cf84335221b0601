"""`krate-controllers`: every controller of one installation, in one process.

`krate up` runs it in process B, beside the composite engine, through `run`. As a program of its own it is told by
standard input where it is and as whom it acts (`krate_controllers.briefing`), and it ends when the input does.
"""

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

import pydantic_settings
import structlog

from krate import kinds, logging
from krate.names import ServiceAccount
from krate_controllers import wiring, xrds
from krate_controllers.briefing import LINE_LIMIT, Briefing
from krate_controllers.clusterroles import ClusterRoleAggregator
from krate_controllers.definitions import DefinitionController
from krate_controllers.garbage import GarbageCollector
from krate_controllers.namespaces import NamespaceController
from krate_controllers.operator import Operator
from krate_controllers.provisions import Provisioner, provisions
from krate_controllers.wiring import Kit
from krate_git import cel
from krate_git.embedded.client import HostClient
from krate_git.interface import GitHost
from krate_kube.client import HttpClient
from krate_kube.interface import Client

HOST_IDENTITIES: Final = (ServiceAccount.HOSTED, ServiceAccount.PULL_REQUESTS)
"""Accounts that speak to the Git host."""


class Settings(pydantic_settings.BaseSettings):
    """How the program runs; each field is a variable `KRATE_CONTROLLERS_<FIELD>`."""

    model_config = pydantic_settings.SettingsConfigDict(
        env_prefix="KRATE_CONTROLLERS_", frozen=True, use_attribute_docstrings=True
    )

    log_level: str = "info"
    """debug, info, warning or error."""


async def run(kit: Kit, *, log: structlog.typing.FilteringBoundLogger | None = None) -> None:
    """Run every controller until cancelled; the first one to fail ends all, because a half-run control plane lies."""
    log = log or logging.get()
    parts = (
        Operator(kit.clients[ServiceAccount.OPERATOR], wiring.reconcilers(kit, log=log), log=log),
        GarbageCollector(kit.clients[ServiceAccount.GARBAGE_COLLECTOR], served=(*kinds.KINDS, xrds.KIND), log=log),
        NamespaceController(kit.clients[ServiceAccount.NAMESPACES], log=log),
        Provisioner(kit.clients[ServiceAccount.NAMESPACES], provisions(kit.ca), log=log),
        ClusterRoleAggregator(kit.clients[ServiceAccount.CLUSTER_ROLES], log=log),
        DefinitionController(kit.clients[ServiceAccount.DEFINITIONS], log=log, now=kit.now),
    )
    async with asyncio.TaskGroup() as group:
        for part in parts:
            group.create_task(part.run())


async def open_kit(briefing: Briefing, stack: AsyncExitStack) -> Kit:
    """Clients and hosts of every identity, closed with `stack`."""
    clients: dict[ServiceAccount, Client] = {}
    for account in wiring.IDENTITIES:
        client = HttpClient(briefing.connection(account), user_agent=f"{account}/0.1")
        clients[account] = await stack.enter_async_context(client)
    hosts: dict[ServiceAccount, GitHost] = {}
    # The host's client reads its trust from a file, once.
    with NamedTemporaryFile("w", suffix=".pem") as ca:
        ca.write(briefing.ca)
        ca.flush()
        for account in HOST_IDENTITIES:
            host = HostClient(briefing.server, token=briefing.token(account), ca_file=Path(ca.name))
            stack.push_async_callback(host.close)
            hosts[account] = host
    return Kit(
        clients=clients,
        host=hosts.__getitem__,
        clone_base=briefing.web,
        ca=briefing.ca,
        compile_expression=cel.compile_expression,
    )


async def serve() -> None:
    """Read the briefing, run, and end with standard input."""
    reader = asyncio.StreamReader(limit=LINE_LIMIT)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    line = await reader.readline()
    if not line:
        return
    briefing = Briefing.parse(line)
    async with AsyncExitStack() as stack:
        kit = await open_kit(briefing, stack)
        work = asyncio.create_task(run(kit))
        orders = asyncio.create_task(briefing.follow(reader))
        done, _ = await asyncio.wait({work, orders}, return_when=asyncio.FIRST_COMPLETED)
        for task in (work, orders):
            task.cancel()
        await asyncio.gather(work, orders, return_exceptions=True)
        for task in done:
            task.result()


def main() -> None:
    """Entry point of `krate-controllers`."""
    logging.configure(level=Settings().log_level)
    asyncio.run(serve())


if __name__ == "__main__":
    main()
