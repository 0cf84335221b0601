"""One lock per repository: whoever judges or moves refs holds it, from judgement until the refs have moved.

Two locks in one. Inside this process a fair asyncio lock. Between processes `flock` on a file in the repository,
through a descriptor that receive-pack inherits: when this process is killed after it said yes, the orphaned
receive-pack still holds the file, and the next process waits until it is done before it looks at the refs.
"""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path
from typing import Final

from krate_git.embedded import layout
from krate_git.interface import GitError, RepositoryKey, RepositoryMissing

PATIENCE: Final = 60.0
"""Seconds somebody waits for a repository before giving up."""
_POLL: Final = 0.02


class Busy(GitError):
    """another change to the repository is taking too long; try again in a moment."""


class Held:
    """A lock that is held until `release`; releasing twice does nothing."""

    def __init__(self, lock: asyncio.Lock, descriptor: int) -> None:
        self._lock = lock
        self._descriptor = descriptor
        self._open = True

    def release(self) -> None:
        """Let the next one in."""
        if self._open:
            self._open = False
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            self._lock.release()


def open_lock(repository: Path) -> int:
    """A descriptor of the repository's lock file; the caller closes it, after releasing what it holds through it.

    Raises:
        RepositoryMissing: the repository is gone.
    """
    try:
        return os.open(layout.lock_file(repository), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        raise RepositoryMissing from None


class Locks:
    """The locks of all repositories of one host."""

    def __init__(self, *, patience: float = PATIENCE) -> None:
        self._locks: dict[RepositoryKey, asyncio.Lock] = {}
        self._patience = patience

    async def acquire(self, key: RepositoryKey, descriptor: int) -> Held:
        """Wait for the repository, then hold it through a descriptor from `open_lock`.

        Raises:
            Busy: it took too long.
        """
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(self._patience):
                await lock.acquire()
                try:
                    await _flock(descriptor)
                except BaseException:
                    lock.release()
                    raise
        except TimeoutError:
            raise Busy from None
        return Held(lock, descriptor)

    @contextlib.asynccontextmanager
    async def hold(self, key: RepositoryKey, repository: Path) -> AsyncGenerator[int]:
        """Hold the repository for a block, through the descriptor that it is given.

        Raises:
            Busy: it took too long.
            RepositoryMissing: it is gone.
        """
        descriptor = open_lock(repository)
        try:
            held = await self.acquire(key, descriptor)
            try:
                yield descriptor
            finally:
                held.release()
        finally:
            os.close(descriptor)


def clear(repository: Path, refs: Iterable[str] = ()) -> None:
    """Remove the lock files of refs that a killed process left behind; nobody could move those refs ever again.

    The caller holds the repository, and has started nothing that moves refs: whatever lies there belongs to the dead.
    """
    for path in layout.ref_locks(repository, refs):
        # Mostly it is not there; one that cannot be removed fails the move, which says so.
        with contextlib.suppress(OSError):
            path.unlink()


async def _flock(descriptor: int) -> None:
    """Only a process that outlived its server contends for the file, so polling is rare and short."""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(_POLL)
        else:
            return
