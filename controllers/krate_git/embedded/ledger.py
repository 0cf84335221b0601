"""Intents: what is written down before refs move and closed with what really moved, in every order of crashes.

Between the two the repository is locked. An intent that cannot be closed, because the store fails or this process
died, keeps its repository from moving again until it is closed from the refs as they stand.
"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from krate import logging
from krate_git import repositories
from krate_git.embedded import locks as locking
from krate_git.embedded.hosting import Hosting
from krate_git.embedded.locks import Locks
from krate_git.interface import (
    ZERO,
    GitError,
    Push,
    PushSink,
    RefUpdate,
    RepositoryFacts,
    RepositoryKey,
    Verdict,
)
from krate_git.repositories import HEADS, TAGS
from krate_git.workers import Workers

log = logging.get(component="git")

ATTEMPTS: Final = 3
"""Times that closing an intent is tried before its repository is left blocked."""
_PAUSE: Final = 0.2


class Unrecorded(GitError):
    """an earlier push is not recorded yet, so nothing may move; try again in a moment."""


class Ledger:
    """Open intents of one host."""

    def __init__(self, sink: PushSink, *, hosting: Hosting, locks: Locks, workers: Workers) -> None:
        self._sink = sink
        self._hosting = hosting
        self._locks = locks
        self._workers = workers
        self._open: dict[RepositoryKey, list[tuple[str, Push]]] = {}

    async def begin(self, push: Push, verdict: Verdict) -> str:
        """Commit an intent; the caller has settled, and holds the lock until it is closed or left open here.

        Its refs can be moved then: lock files that a process left behind when it was killed are gone.
        """
        path = self._hosting.kept(push.key)
        if path is not None:
            await self._workers.light(locking.clear, path, [update.ref for update in push.updates])
        return await self._sink.begin(push, verdict)

    async def close(self, intent: str, push: Push) -> tuple[RefUpdate, ...]:
        """Close an intent with what moved, or remember it as open; answers what moved. Never raises."""
        self._open.setdefault(push.key, []).append((intent, push))
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return (await self.settle(push.key))[-1]
            except Unrecorded:
                await asyncio.sleep(_PAUSE * attempt)
        return ()

    def leave_open(self, intent: str, push: Push) -> None:
        """Remember an intent that its owner failed to close."""
        self._open.setdefault(push.key, []).append((intent, push))

    async def settle(self, key: RepositoryKey) -> list[tuple[RefUpdate, ...]]:
        """Close every intent of the repository that is still open; answers what each of them moved.

        Whoever holds the lock calls this before judging, because what is judged depends on what is recorded.

        Raises:
            Unrecorded: one could not be closed.
        """
        settled: list[tuple[RefUpdate, ...]] = []
        waiting = self._open.get(key, [])
        while waiting:
            intent, push = waiting[0]
            try:
                moved, facts = await self._look(push)
                await self._sink.finish(intent, moved, facts)
            except Exception as error:
                log.exception("intent not closed", repository=str(key), intent=intent)
                raise Unrecorded from error
            waiting.pop(0)
            settled.append(moved)
        self._open.pop(key, None)
        return settled

    async def _look(self, push: Push) -> tuple[tuple[RefUpdate, ...], RepositoryFacts]:
        path = self._hosting.kept(push.key)
        if path is None:
            return (), RepositoryFacts(0, 0, 0)
        return await self._workers.light(look, path, push.updates)

    async def recover(self) -> None:
        """Close the intents that a crash left open; waits for a receive-pack that outlived its server.

        Repositories whose intents cannot be closed stay blocked: their next push tries again.
        """
        for intent, push in await self._sink.open_intents():
            self._open.setdefault(push.key, []).append((intent, push))
        for key in tuple(self._open):
            try:
                settled = await self._recover(key)
            except (GitError, OSError):
                log.exception("repository stays blocked", repository=str(key))
                continue
            log.info("intents recovered", repository=str(key), moved=sum(map(len, settled)))

    async def _recover(self, key: RepositoryKey) -> list[tuple[RefUpdate, ...]]:
        path = self._hosting.kept(key)
        if path is None:
            return await self.settle(key)
        async with self._locks.hold(key, path):
            return await self.settle(key)


def look(path: Path, updates: Sequence[RefUpdate]) -> tuple[tuple[RefUpdate, ...], RepositoryFacts]:
    """Which of the updates took effect, and what the repository counts now."""
    repository = repositories.open_repository(path)
    try:
        refs = repositories.list_refs(repository)
    finally:
        repository.free()
    moved = tuple(update for update in updates if update.old != update.new and refs.get(update.ref, ZERO) == update.new)
    branches = sum(name.startswith(HEADS) for name in refs)
    tags = sum(name.startswith(TAGS) for name in refs)
    return moved, RepositoryFacts(branches, tags, size_of(path / "objects"))


def size_of(folder: Path) -> int:
    """Bytes of the files below a folder; files that vanish meanwhile count nothing."""
    total, waiting = 0, [os.fspath(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            continue
    return total
