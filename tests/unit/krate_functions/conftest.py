"""Servers in memory for the embedded loop."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from composite_rooms import control
from krate_functions.engine import queue, world
from krate_kube.memory import MemoryClient


@pytest.fixture
def client() -> MemoryClient:
    return MemoryClient()


@pytest.fixture
async def controlled(client: MemoryClient) -> AsyncGenerator[MemoryClient]:
    """A server whose controllers work."""
    task = asyncio.create_task(control(client))
    yield client
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures are tried again at once."""
    monkeypatch.setattr(queue, "FIRST_PAUSE", 0.005)
    monkeypatch.setattr(queue, "LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(world, "RETRY", 0.01)
