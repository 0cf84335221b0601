"""Walks over history: which commits, which commit touched what last, who wrote which line. Every walk is bounded.

A commit touches a path when the entry there differs from that in each of its parents; a merge that took one side
unchanged touches nothing, as in `git log`.
"""

import heapq
import itertools
import time
from collections.abc import Iterator
from typing import Final

import pygit2
from pygit2 import enums

from krate_git import commits, repositories
from krate_git.interface import BlameLine, Commit, GitError, RevisionMissing

MAX_VISITED: Final = 100_000
"""Commits looked at for one answer about a path."""
MAX_SECONDS: Final = 10.0
"""Time spent on one answer about a path."""
TREE_VISITED: Final = 5_000
"""Commits looked at to find the last ones that touched the entries of a directory."""
TREE_SECONDS: Final = 1.0
"""Time spent on them; a directory page must not wait longer."""
BLAME_BYTES: Final = 2 * 1024 * 1024
"""Largest file whose lines are attributed."""

Mark = tuple[str, int] | None
"""Identity of a tree entry: object id and mode; None where there is none."""


def log(repository: pygit2.Repository, rev: str, *, path: str, limit: int, since: str) -> tuple[Commit, ...]:
    """Newest first, at most `limit`, without those reachable from `since`; with `path`, those that touch it."""
    # Without a sort mode libgit2 takes the newest commit it knows next, as `git log` does; with one it first reads all.
    walker = repository.walk(repositories.commit_of(repository, rev).id, enums.SortMode.NONE)
    if since:
        walker.hide(repositories.commit_of(repository, since).id)
    segments = repositories.parse_path(path)
    wanted = _touching(walker, segments) if segments else iter(walker)
    found: list[Commit] = []
    for commit in wanted:
        if len(found) >= limit:
            break
        found.append(commits.value(commit))
    return tuple(found)


def _touching(walker: Iterator[pygit2.Commit], segments: tuple[bytes, ...]) -> Iterator[pygit2.Commit]:
    marks = _Marks(segments)
    deadline = time.monotonic() + MAX_SECONDS
    for visited, commit in enumerate(walker):
        if visited >= MAX_VISITED or time.monotonic() > deadline:
            return
        mark = marks.of(commit)
        parents = [marks.of(parent) for parent in commit.parents]
        if all(mark != parent for parent in parents) and (parents or mark is not None):
            yield commit


class _Marks:
    """What stands at one path in each commit; neighbours share root trees, so answers are kept by root tree."""

    def __init__(self, segments: tuple[bytes, ...]) -> None:
        self.segments = segments
        self.known: dict[pygit2.Oid, Mark] = {}

    def of(self, commit: pygit2.Commit) -> Mark:
        """The mark at the path in this commit."""
        root = commit.tree_id
        if root not in self.known:
            self.known[root] = _mark(repositories.entry_at(commit.tree, self.segments))
        return self.known[root]


def _mark(entry: pygit2.Object | None) -> Mark:
    return None if entry is None else (str(entry.id), int(entry.filemode or 0))


def last_commits(head: pygit2.Commit, segments: tuple[bytes, ...]) -> dict[bytes, pygit2.Commit]:
    """For the names in a directory, the latest commit that touched each; names not found within the bound are absent.

    Each commit on the way passes a name on to the first parent that has the same entry, and answers for the rest.
    """
    found: dict[bytes, pygit2.Commit] = {}
    listing = _Listings(segments)
    asked: dict[pygit2.Oid, set[bytes]] = {head.id: set(listing.of(head))}
    ticket = itertools.count()
    queue = [(-head.commit_time, next(ticket), head)]
    deadline = time.monotonic() + TREE_SECONDS
    for _ in range(TREE_VISITED):
        if not queue or time.monotonic() > deadline:
            break
        _, _, commit = heapq.heappop(queue)
        names = asked.pop(commit.id)
        for parent in commit.parents:
            passed = {name for name in names if listing.of(commit)[name] == listing.of(parent).get(name)}
            names -= passed
            if passed and parent.id not in asked:
                heapq.heappush(queue, (-parent.commit_time, next(ticket), parent))
            if passed:
                asked.setdefault(parent.id, set()).update(passed)
        found.update(dict.fromkeys(names, commit))
    return found


class _Listings:
    """Names and marks of one directory in each commit, kept by the directory's own tree."""

    def __init__(self, segments: tuple[bytes, ...]) -> None:
        self.segments = segments
        self.trees: dict[pygit2.Oid, dict[bytes, Mark]] = {}
        self.known: dict[pygit2.Oid, dict[bytes, Mark]] = {}

    def of(self, commit: pygit2.Commit) -> dict[bytes, Mark]:
        """Names and marks in this commit; empty where there is no such directory."""
        root = commit.tree_id
        if root not in self.known:
            self.known[root] = self._read(repositories.entry_at(commit.tree, self.segments))
        return self.known[root]

    def _read(self, directory: pygit2.Object | None) -> dict[bytes, Mark]:
        if not isinstance(directory, pygit2.Tree):
            return {}
        if directory.id not in self.trees:
            self.trees[directory.id] = {entry.raw_name or b"": _mark(entry) for entry in directory}
        return self.trees[directory.id]


def blame(repository: pygit2.Repository, rev: str, path: str) -> tuple[BlameLine, ...]:
    """Runs of lines with the commit that wrote them, in order; an empty file has none.

    Raises:
        GitError: the file is binary or too large for its lines to mean anything.
    """
    commit = repositories.commit_of(repository, rev)
    segments = repositories.parse_path(path)
    entry = repositories.entry_at(commit.tree, segments)
    if not isinstance(entry, pygit2.Blob):
        raise RevisionMissing(f"{rev} holds no file {path}")
    if repositories.size_of(repository, entry.id) > BLAME_BYTES or entry.is_binary:
        raise GitError(f"{path} is binary or larger than {BLAME_BYTES} bytes: its lines are not attributed")
    if not entry.size:
        return ()
    runs: list[BlameLine] = []
    raw = b"/".join(segments)
    # pygit2 passes bytes on as they are; its annotation says str only.
    for hunk in repository.blame(raw, newest_commit=commit.id):  # pyright: ignore[reportArgumentType]
        sha = str(hunk.final_commit_id)
        if runs and runs[-1].commit.sha == sha:
            runs[-1] = BlameLine(runs[-1].start, runs[-1].count + hunk.lines_in_hunk, runs[-1].commit)
        else:
            writer = commits.value(repository[hunk.final_commit_id].peel(pygit2.Commit))
            runs.append(BlameLine(hunk.final_start_line_number, hunk.lines_in_hunk, writer))
    return tuple(runs)
