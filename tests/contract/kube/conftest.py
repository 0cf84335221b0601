"""Every implementation of the Client port, behind one fixture, and the real server behind the real client.

Each opener yields a client with full rights whose server holds the namespaces `acme` and `globex`, and is otherwise
empty.
"""

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

import pytest

import installations
import kube_server
from krate import errors, kinds
from krate_kube import config
from krate_kube.client import HttpClient
from krate_kube.connections import Connection
from krate_kube.interface import Client
from krate_kube.memory import MemoryClient

NAMESPACES = ("acme", "globex")


@asynccontextmanager
async def memory(_request: pytest.FixtureRequest) -> AsyncGenerator[Client]:
    yield MemoryClient(namespaces=NAMESPACES)


@asynccontextmanager
async def http(_request: pytest.FixtureRequest) -> AsyncGenerator[Client]:
    """The HTTP client before the twin."""
    async with (
        kube_server.serving(kube_server.KubeApp(MemoryClient(namespaces=NAMESPACES))) as address,
        HttpClient(Connection(f"http://{address}")) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def krate_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[installations.Threaded]:
    """One installation for the whole session; starting it takes longer than any test here."""
    with installations.Threaded(tmp_path_factory.mktemp("krate")) as server:
        yield server


@asynccontextmanager
async def server(request: pytest.FixtureRequest) -> AsyncGenerator[Client]:
    """The HTTP client before the real API server, emptied of what the tests here leave."""
    found: installations.Threaded = request.getfixturevalue("krate_server")
    async with HttpClient(config.load([found.kubeconfig])) as client:
        for name in NAMESPACES:
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            with suppress(errors.AlreadyExists):
                await client.create(kinds.NAMESPACE, body)
        for kind in (kinds.CONFIG_MAP, kinds.REPOSITORY, kinds.ORGANIZATION):
            await installations.clear(client, kind)
        yield client


Opener = Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Client]]
OPENERS: tuple[Opener, ...] = (memory, http, server)


@pytest.fixture(params=OPENERS, ids=lambda opener: opener.__name__)
async def kube_client(request: pytest.FixtureRequest) -> AsyncGenerator[Client]:
    async with request.param(request) as client:
        yield client
