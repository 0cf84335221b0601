"""A served Git room for each test."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

import git_rooms


@pytest.fixture
async def room(tmp_path: Path) -> AsyncGenerator[git_rooms.Room]:
    async with git_rooms.open_room(tmp_path) as found:
        yield found
