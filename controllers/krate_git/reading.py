"""GitReading over bare repositories on this machine: where each read runs, and nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar

from krate_git import diff, history, objects, repositories
from krate_git.interface import BlameLine, Blob, Commit, Comparison, FileDiff, Refs, RepositoryKey, TreeEntry
from krate_git.workers import Workers

P = ParamSpec("P")
T = TypeVar("T")


class Run(Protocol):
    """`Workers.light` or `Workers.heavy`."""

    async def __call__(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T: ...


class Reading:
    """Reads of the repositories that `locate` finds.

    Args of the constructor:
        locate: path of the bare repository of a key; raises RepositoryMissing.
        workers: where blocking work runs.
    """

    def __init__(self, locate: Callable[[RepositoryKey], Path], workers: Workers) -> None:
        self._locate = locate
        self._workers = workers

    async def refs(self, key: RepositoryKey) -> Refs:
        return await self._workers.light(repositories.call, objects.refs, self._locate(key))

    async def resolve(self, key: RepositoryKey, rev: str) -> str:
        return await self._workers.light(repositories.call, objects.resolve, self._locate(key), rev)

    async def contains(self, key: RepositoryKey, ancestor: str, descendant: str) -> bool:
        return await self._workers.light(repositories.call, objects.contains, self._locate(key), ancestor, descendant)

    async def tree(self, key: RepositoryKey, rev: str, path: str, *, with_commits: bool) -> tuple[TreeEntry, ...]:
        return await self._workers.light(
            repositories.call, objects.tree, self._locate(key), rev, path, with_commits=with_commits
        )

    async def blob(self, key: RepositoryKey, rev: str, path: str, *, limit: int) -> Blob:
        return await self._workers.light(repositories.call, objects.blob, self._locate(key), rev, path, limit=limit)

    async def commits(self, key: RepositoryKey, rev: str, *, path: str, limit: int, since: str) -> tuple[Commit, ...]:
        return await self._workers.light(
            repositories.call, history.log, self._locate(key), rev, path=path, limit=limit, since=since
        )

    async def blame(self, key: RepositoryKey, rev: str, path: str) -> tuple[BlameLine, ...]:
        # Blaming releases the GIL while it works, as merging does.
        return await self._workers.light(repositories.call, history.blame, self._locate(key), rev, path)

    async def compare(self, key: RepositoryKey, base: str, head: str) -> Comparison:
        run = await self._run_of(key, base, head)
        return await run(repositories.call, diff.compare, self._locate(key), base, head)

    async def diff(
        self, key: RepositoryKey, base: str, head: str, *, context: int, max_lines: int
    ) -> tuple[FileDiff, ...]:
        run = await self._run_of(key, base, head)
        return await run(
            repositories.call, diff.diff, self._locate(key), base, head, context=context, max_lines=max_lines
        )

    async def _run_of(self, key: RepositoryKey, base: str, head: str) -> Run:
        """Where a comparison runs: diffing holds the GIL, so a large one must not run beside an event loop."""
        small = await self._workers.light(repositories.call, diff.small, self._locate(key), base, head)
        return self._workers.light if small else self._workers.heavy
