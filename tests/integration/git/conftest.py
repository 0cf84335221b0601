"""A served Git room for each test."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

import git_faults
import git_rooms


@pytest.fixture
def sink() -> git_faults.Faulty:
    """The room's sink, which fails when a test asks it to."""
    return git_faults.Faulty()


@pytest.fixture
async def room(tmp_path: Path, sink: git_faults.Faulty) -> AsyncGenerator[git_rooms.Room]:
    async with git_rooms.open_room(tmp_path, sink=sink) as found:
        yield found


@pytest.fixture
async def tree(room: git_rooms.Room) -> Path:
    """A work tree with one commit that is not pushed yet."""
    return await room.work_tree()
