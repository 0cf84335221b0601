"""What a loop finds when it starts again: nothing to write, and what went or was withdrawn meanwhile."""

from pathlib import Path
from typing import Any

import pytest

import factories
from composite_rooms import PROTECTION, all_ready, declare, held, is_ready, looping, quiet, writes
from krate import kinds
from krate_functions.engine import loop, remembered
from krate_kube.memory import MemoryClient
from waiting import until


@pytest.mark.parametrize("lost", [False, True], ids=["remembered", "memory lost"])
async def test_a_restart_writes_nothing(controlled: MemoryClient, tmp_path: Path, lost: Any) -> None:
    """Settled composites are read and compared, and left alone, whether or not anything is remembered of them."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
        await quiet(controlled)
    if lost:
        (tmp_path / loop.FILE).unlink()
    controlled.actions.clear()
    async with looping(controlled, tmp_path):
        await quiet(controlled)
    assert writes(controlled) == []


async def test_what_was_withdrawn_while_nobody_looked(controlled: MemoryClient, tmp_path: Path) -> None:
    """An object that is wanted no more goes at the next start, although nobody composes its kind any longer."""
    name = "organization-default"
    async with looping(controlled, tmp_path):
        await controlled.create(kinds.ORGANIZATION, factories.make_organization(**PROTECTION))
        await until(lambda: is_ready(controlled, kinds.ORGANIZATION, "acme"))
    await controlled.patch(kinds.ORGANIZATION, "acme", {"spec": {"defaults": None}})
    async with looping(controlled, tmp_path):
        await until(lambda: controlled.stored(kinds.BRANCH_PROTECTION, name, namespace="acme") is None)


async def test_composites_that_went_meanwhile_are_forgotten(controlled: MemoryClient, tmp_path: Path) -> None:
    """What is remembered of composites that vanished while nobody looked is dropped at the start."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
    uid = held(controlled, kinds.REPOSITORY, "web")["metadata"]["uid"]
    await controlled.delete(kinds.REPOSITORY, "web", namespace="acme")
    async with looping(controlled, tmp_path):
        await quiet(controlled)
    found = remembered.Remembered(tmp_path / loop.FILE)
    assert uid not in found.composites()
    assert len(found.composites()) == 2
    found.close()
