"""Facts about a push, read through its quarantine: what each update does, which commits and files it brings.

"New" has one meaning: not reachable from the refs one names. Asking for what no ref of the repository reaches, as
`git rev-list --not --all` does, would let a commit slip past a rule over main by way of a branch the rule does not
cover; so each rule names the refs whose commits it has already judged.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import pygit2
from pygit2 import enums

from krate.models.refpolicy import RefOperation
from krate_git import commits, objects, quoting, repositories
from krate_git.interface import ZERO, ChangeKind, Commit, EntryKind, RefUpdate

MAX_COMMITS: Final = 10_000
"""New commits of one update that rules look into."""
MAX_SECONDS: Final = 20.0
"""Time that reading the commits and files of one push may take."""


class TooMuch(Exception):
    """the push brings more than the rules can look into."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


@dataclass(frozen=True, slots=True)
class PushedFile:
    """One file that a commit changes."""

    path: str
    change: ChangeKind
    kind: EntryKind = EntryKind.BLOB
    size: int = 0
    executable: bool = False


class Facts(Protocol):
    """What rules ask of a push."""

    @property
    def refs(self) -> Mapping[str, str]:
        """All refs before the push, by full name."""
        ...

    def operation(self, update: RefUpdate) -> RefOperation: ...

    def names_commit(self, update: RefUpdate) -> bool:
        """Whether the new value leads to a commit; a tag may name anything."""
        ...

    def new_commits(self, update: RefUpdate, seen: Collection[str]) -> tuple[Commit, ...]:
        """Commits reachable from the new value and from none of `seen` (object ids), newest first.

        Raises:
            TooMuch: there are more than can be looked into.
        """
        ...

    def files(self, commit: Commit) -> tuple[PushedFile, ...]:
        """Files that differ from those of every parent.

        Raises:
            TooMuch: the time for this push is used up.
        """
        ...


class QuarantinedPush:
    """Facts from a repository whose object store includes the quarantine of the push."""

    def __init__(
        self,
        repository: pygit2.Repository,
        *,
        max_commits: int = MAX_COMMITS,
        max_seconds: float = MAX_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._repository = repository
        self._max_commits = max_commits
        self._now = now
        self._deadline = now() + max_seconds
        self._max_seconds = max_seconds
        self._files: dict[str, tuple[PushedFile, ...]] = {}
        self.refs: Mapping[str, str] = repositories.list_refs(repository)

    def operation(self, update: RefUpdate) -> RefOperation:
        """What the update does; anything but moving forward along history is a ForceUpdate."""
        if update.new == ZERO:
            return RefOperation.DELETE
        if update.old == ZERO:
            return RefOperation.CREATE
        old, new = self._commit(update.old), self._commit(update.new)
        if old is None or new is None:
            return RefOperation.FORCE_UPDATE
        forward = old.id == new.id or self._repository.descendant_of(new.id, old.id)
        return RefOperation.UPDATE if forward else RefOperation.FORCE_UPDATE

    def names_commit(self, update: RefUpdate) -> bool:
        return self._commit(update.new) is not None

    def _commit(self, sha: str) -> pygit2.Commit | None:
        found = self._repository.get(pygit2.Oid(hex=sha))
        if found is None:
            return None
        try:
            return found.peel(pygit2.Commit)
        except pygit2.GitError:
            return None

    def new_commits(self, update: RefUpdate, seen: Collection[str]) -> tuple[Commit, ...]:
        head = self._commit(update.new)
        if head is None:
            return ()
        walker = self._repository.walk(head.id, enums.SortMode.NONE)
        for sha in seen:
            hidden = self._commit(sha)
            if hidden is not None:
                walker.hide(hidden.id)
        found: list[Commit] = []
        for commit in walker:
            if len(found) >= self._max_commits:
                raise TooMuch(
                    f"{update.ref} brings more than {self._max_commits} commits, which is more than the rules look "
                    "into; push it in smaller parts, older commits first"
                )
            self._check_time()
            found.append(commits.value(commit))
        return tuple(found)

    def files(self, commit: Commit) -> tuple[PushedFile, ...]:
        if commit.sha not in self._files:
            self._check_time()
            self._files[commit.sha] = tuple(self._changed(commit))
        return self._files[commit.sha]

    def _check_time(self) -> None:
        if self._now() > self._deadline:
            raise TooMuch(
                f"the rules could not look into this push within {self._max_seconds:g} seconds; push it in smaller "
                "parts, older commits first"
            )

    def _changed(self, commit: Commit) -> list[PushedFile]:
        found = self._repository[commit.sha].peel(pygit2.Commit)
        changes = [self._against(found, parent) for parent in found.parents] or [self._against(found, None)]
        first, *rest = changes
        return [file for path, file in sorted(first.items()) if all(path in other for other in rest)]

    def _against(self, commit: pygit2.Commit, parent: pygit2.Commit | None) -> dict[bytes, PushedFile]:
        flags = enums.DiffOption.INCLUDE_TYPECHANGE | enums.DiffOption.SKIP_BINARY_CHECK
        if parent is None:
            diff = commit.tree.diff_to_tree(flags=flags, swap=True)
        else:
            diff = parent.tree.diff_to_tree(commit.tree, flags=flags)
        return {delta.new_file.raw_path: self._file(delta) for delta in diff.deltas}

    def _file(self, delta: pygit2.DiffDelta) -> PushedFile:
        path = quoting.show(delta.new_file.raw_path)
        if delta.status == enums.DeltaStatus.DELETED:
            return PushedFile(path, ChangeKind.DELETED, objects.kind_of(delta.old_file.mode))
        kind = objects.kind_of(delta.new_file.mode)
        return PushedFile(
            path,
            ChangeKind.ADDED if delta.status == enums.DeltaStatus.ADDED else ChangeKind.MODIFIED,
            kind,
            0 if kind is EntryKind.SUBMODULE else repositories.size_of(self._repository, delta.new_file.id),
            delta.new_file.mode == enums.FileMode.BLOB_EXECUTABLE,
        )
