"""Every implementation of the Store port, behind two fixtures: an engine to open and close, and an open store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import store_rooms
from krate_api.store.interface import Put, Store
from store_rooms import Engine
from store_samples import sample


@pytest.fixture(params=store_rooms.ENGINES, ids=lambda engine: engine.__name__.removesuffix("Engine").lower())
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    return request.param(tmp_path)


@pytest.fixture
async def store(engine: Engine) -> AsyncIterator[Store]:
    found = engine.open()
    yield found
    await found.close()


@pytest.fixture
async def filled(store: Store) -> tuple[Store, list[Put]]:
    """Sixty samples."""
    operations = [sample(number) for number in range(60)]
    await store.commit(operations)
    return store, operations
