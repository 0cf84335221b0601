"""What can be read of a repository: refs, trees, blobs, commits, comparisons, diffs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from krate_git.interface.names import RepositoryKey


@dataclass(frozen=True, slots=True)
class Refs:
    """All branches and tags, by short name."""

    default_branch: str
    branches: Mapping[str, str]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Signature:
    """Author or committer."""

    name: str
    email: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit."""

    sha: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str

    @property
    def title(self) -> str:
        return self.message.partition("\n")[0]


class EntryKind(StrEnum):
    """What a tree entry is."""

    TREE = "tree"
    BLOB = "blob"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One name in a directory."""

    name: str
    path: str
    kind: EntryKind
    sha: str
    mode: int
    size: int = 0
    last_commit: Commit | None = None
    """Latest commit that touched it, when asked for and found within the walk's bound."""


@dataclass(frozen=True, slots=True)
class Blob:
    """The content of a file."""

    path: str
    sha: str
    size: int
    data: bytes
    """At most the number of bytes asked for."""
    binary: bool
    executable: bool = False


class ChangeKind(StrEnum):
    """What happened to a file."""

    ADDED = "Added"
    MODIFIED = "Modified"
    DELETED = "Deleted"
    RENAMED = "Renamed"
    TYPE_CHANGED = "TypeChanged"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a hunk; `origin` is a space, + or -."""

    origin: str
    old: int | None
    new: int | None
    text: str
    newline: bool = True


@dataclass(frozen=True, slots=True)
class Hunk:
    """A run of changed lines with context."""

    header: str
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True, slots=True)
class FileDiff:
    """The change of one file. Hunks are absent where only statistics were asked for, or the file is binary."""

    path: str
    old_path: str
    change: ChangeKind
    additions: int
    deletions: int
    binary: bool
    old_sha: str = ""
    new_sha: str = ""
    hunks: tuple[Hunk, ...] = ()
    truncated: bool = False


class Mergeability(StrEnum):
    """Whether a head merges into a base."""

    CLEAN = "Clean"
    CONFLICTS = "Conflicts"
    UNRELATED = "Unrelated"
    MERGED = "Merged"
    """The head is already contained in the base."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Base and head side by side; files are those of `merge_base..head`."""

    base: str
    head: str
    merge_base: str
    ahead: int
    behind: int
    files: tuple[FileDiff, ...]
    additions: int
    deletions: int
    mergeability: Mergeability
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BlameLine:
    """Which commit wrote a run of lines."""

    start: int
    count: int
    commit: Commit


class GitReading(Protocol):
    """Reads of one host; `rev` is a branch, a tag, a full ref or a SHA.

    Every method raises RepositoryMissing for an unknown or retired repository and RevisionMissing for an unknown
    revision or path.
    """

    async def refs(self, key: RepositoryKey) -> Refs: ...

    async def resolve(self, key: RepositoryKey, rev: str) -> str:
        """The commit that `rev` names."""
        ...

    async def tree(self, key: RepositoryKey, rev: str, path: str, *, with_commits: bool) -> tuple[TreeEntry, ...]:
        """Entries of a directory, directories first, then by name."""
        ...

    async def blob(self, key: RepositoryKey, rev: str, path: str, *, limit: int) -> Blob: ...

    async def commits(self, key: RepositoryKey, rev: str, *, path: str, limit: int, since: str) -> tuple[Commit, ...]:
        """Newest first, at most `limit`; `since` excludes what is reachable from it; `path` keeps what touches it."""
        ...

    async def compare(self, key: RepositoryKey, base: str, head: str) -> Comparison: ...

    async def diff(
        self, key: RepositoryKey, base: str, head: str, *, context: int, max_lines: int
    ) -> tuple[FileDiff, ...]:
        """Files of `merge base..head` with hunks; a file beyond `max_lines` changed lines is marked truncated."""
        ...

    async def blame(self, key: RepositoryKey, rev: str, path: str) -> tuple[BlameLine, ...]: ...

    async def contains(self, key: RepositoryKey, ancestor: str, descendant: str) -> bool: ...
