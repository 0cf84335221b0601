"""The lock of a repository: one holder in this process, and one among processes."""

import asyncio
import fcntl
import os
from pathlib import Path

import pytest

from krate_git.embedded import locks
from krate_git.embedded.locks import Busy, Locks
from krate_git.interface import RepositoryKey, RepositoryMissing

KEY = RepositoryKey("acme", "web")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "krate").mkdir()
    return tmp_path


async def test_holders_take_turns_in_order(repository: Path):
    """One after the other, first come first served."""
    found, order = Locks(), []

    async def take(number: int) -> None:
        async with found.hold(KEY, repository):
            order.append(number)
            await asyncio.sleep(0)
            order.append(number)

    await asyncio.gather(*(take(number) for number in range(5)))
    assert order == [number for number in range(5) for _ in range(2)]


async def test_other_repositories_do_not_wait(repository: Path, tmp_path: Path):
    """A lock is that of one repository."""
    (tmp_path / "other" / "krate").mkdir(parents=True)
    found = Locks(patience=1)
    async with found.hold(KEY, repository), found.hold(RepositoryKey("acme", "api"), tmp_path / "other"):
        pass


async def test_patience_ends(repository: Path):
    """Who waits too long is told so, and the lock is sound afterwards."""
    found = Locks(patience=0.05)
    async with found.hold(KEY, repository):
        with pytest.raises(Busy):
            async with found.hold(KEY, repository):
                pass
    async with found.hold(KEY, repository):
        pass


async def test_another_process_holds_the_file(repository: Path):
    """A process that outlived its server is waited for through the file, and its end frees the repository."""
    descriptor = locks.open_lock(repository)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    found = Locks(patience=0.05)
    with pytest.raises(Busy):
        async with found.hold(KEY, repository):
            pass
    os.close(descriptor)
    async with found.hold(KEY, repository):
        pass


async def test_a_descriptor_that_a_child_inherited_keeps_the_lock(repository: Path):
    """The lock belongs to the open file: as long as a child has it, closing our end frees nothing."""
    descriptor = locks.open_lock(repository)
    held = await Locks().acquire(KEY, descriptor)
    child = await asyncio.create_subprocess_exec("sleep", "60", pass_fds=(descriptor,))
    os.close(descriptor)
    try:
        with pytest.raises(Busy):
            async with Locks(patience=0.05).hold(KEY, repository):
                pass
    finally:
        child.kill()
        await child.wait()
    async with Locks(patience=5).hold(KEY, repository):
        pass
    del held


async def test_releasing_twice(repository: Path):
    """It frees once, and never what somebody else holds by then."""
    found = Locks(patience=0.05)
    descriptor = locks.open_lock(repository)
    held = await found.acquire(KEY, descriptor)
    held.release()
    async with found.hold(KEY, repository):
        held.release()
        with pytest.raises(Busy):
            async with found.hold(KEY, repository):
                pass
    os.close(descriptor)


async def test_a_waiter_that_is_cancelled(repository: Path):
    """It leaves no trace."""
    found = Locks()
    async with found.hold(KEY, repository):
        waiting = asyncio.create_task(found.hold(KEY, repository).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with found.hold(KEY, repository):
        pass


async def test_a_repository_that_is_gone(tmp_path: Path):
    """There is nothing to lock."""
    with pytest.raises(RepositoryMissing):
        async with Locks().hold(KEY, tmp_path / "nowhere"):
            pass
