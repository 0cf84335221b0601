"""Every implementation of the Client port, behind one fixture.

A real server joins as one more parameter: a function that yields a client with full rights whose server holds the
namespaces `acme` and `globex`, and is otherwise empty.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

import kube_server
from krate_kube.client import HttpClient
from krate_kube.connections import Connection
from krate_kube.interface import Client
from krate_kube.memory import MemoryClient

NAMESPACES = ("acme", "globex")


@asynccontextmanager
async def memory() -> AsyncIterator[Client]:
    yield MemoryClient(namespaces=NAMESPACES)


@asynccontextmanager
async def http() -> AsyncIterator[Client]:
    """The HTTP client before the twin."""
    async with (
        kube_server.serving(kube_server.KubeApp(MemoryClient(namespaces=NAMESPACES))) as address,
        HttpClient(Connection(f"http://{address}")) as client,
    ):
        yield client


OPENERS: tuple[Callable[[], AbstractAsyncContextManager[Client]], ...] = (memory, http)
"""The owner adds the real server here: an opener named `server`."""


@pytest.fixture(params=OPENERS, ids=lambda opener: opener.__name__)
async def kube_client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    async with request.param() as client:
        yield client
