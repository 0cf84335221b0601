"""GitReading over bare repositories on this machine: where each read runs, and nothing else."""

from collections.abc import Callable
from pathlib import Path

from krate_git import diff, history, objects, repositories
from krate_git.interface import BlameLine, Blob, Commit, Comparison, FileDiff, Refs, RepositoryKey, TreeEntry
from krate_git.workers import Workers


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
        run = self._workers.heavy if with_commits else self._workers.light
        return await run(repositories.call, objects.tree, self._locate(key), rev, path, with_commits=with_commits)

    async def blob(self, key: RepositoryKey, rev: str, path: str, *, limit: int) -> Blob:
        return await self._workers.light(repositories.call, objects.blob, self._locate(key), rev, path, limit=limit)

    async def commits(self, key: RepositoryKey, rev: str, *, path: str, limit: int, since: str) -> tuple[Commit, ...]:
        run = self._workers.heavy if path else self._workers.light
        return await run(repositories.call, history.log, self._locate(key), rev, path=path, limit=limit, since=since)

    async def compare(self, key: RepositoryKey, base: str, head: str) -> Comparison:
        return await self._workers.heavy(repositories.call, diff.compare, self._locate(key), base, head)

    async def diff(
        self, key: RepositoryKey, base: str, head: str, *, context: int, max_lines: int
    ) -> tuple[FileDiff, ...]:
        return await self._workers.heavy(
            repositories.call, diff.diff, self._locate(key), base, head, context=context, max_lines=max_lines
        )

    async def blame(self, key: RepositoryKey, rev: str, path: str) -> tuple[BlameLine, ...]:
        return await self._workers.heavy(repositories.call, history.blame, self._locate(key), rev, path)
