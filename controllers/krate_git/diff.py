"""Comparisons and diffs: what a pull request changes, with line numbers that comments can be anchored to."""

from collections.abc import Iterable, Iterator
from typing import Final

import pygit2
from pygit2 import enums

from krate_git import merge, quoting, repositories
from krate_git.interface import ChangeKind, Comparison, DiffLine, FileDiff, Hunk, Mergeability

LARGEST_SIDE: Final = 16 * 1024 * 1024
"""A file with more bytes than this on either side is named, not compared."""
MAX_LINES: Final = 200_000
"""Changed lines of one diff that are answered; files after that are truncated."""
RENAME_LIMIT: Final = 1_000
"""Added and deleted files beyond this many are not paired: pairing is quadratic."""

# Not INCLUDE_TYPECHANGE: it answers a file that became a link without a line of either.
_FLAGS: Final = enums.DiffOption.INDENT_HEURISTIC
_CHANGES: Final = {
    enums.DeltaStatus.ADDED: ChangeKind.ADDED,
    enums.DeltaStatus.DELETED: ChangeKind.DELETED,
    enums.DeltaStatus.RENAMED: ChangeKind.RENAMED,
}
# A line that lacks its newline is followed by a line of one of these origins (git_diff_line_t: EOFNL).
_NO_NEWLINE: Final = frozenset({"=", ">", "<"})
_NOWHERE: Final = "0" * 40

SMALL_FILES: Final = 300
SMALL_BYTES: Final = 4 * 1024 * 1024
"""A comparison of at most this many files and bytes holds the GIL too shortly to be worth another process."""


def compare(repository: pygit2.Repository, base: str, head: str) -> Comparison:
    """Base and head side by side; unrelated histories compare as if everything in the head were new."""
    ours = repositories.commit_of(repository, base)
    theirs = repositories.commit_of(repository, head)
    fork = repositories.merge_base(repository, ours, theirs)
    ahead, behind = repository.ahead_behind(theirs.id, ours.id)
    files = tuple(_joined(_files(repository, fork, theirs, context=0, max_lines=-1)))
    state, conflicts = _mergeability(repository, fork, ours=ours, theirs=theirs)
    return Comparison(
        base=str(ours.id),
        head=str(theirs.id),
        merge_base=str(fork) if fork is not None else "",
        ahead=ahead,
        behind=behind,
        files=files,
        additions=sum(file.additions for file in files),
        deletions=sum(file.deletions for file in files),
        mergeability=state,
        conflicts=conflicts,
    )


def diff(repository: pygit2.Repository, base: str, head: str, *, context: int, max_lines: int) -> tuple[FileDiff, ...]:
    """Files of `merge base..head` with hunks, by path."""
    ours = repositories.commit_of(repository, base)
    theirs = repositories.commit_of(repository, head)
    fork = repositories.merge_base(repository, ours, theirs)
    return tuple(_joined(_files(repository, fork, theirs, context=context, max_lines=max_lines)))


def small(repository: pygit2.Repository, base: str, head: str) -> bool:
    """Whether comparing is quick: told from trees and sizes, without reading a file."""
    ours = repositories.commit_of(repository, base)
    theirs = repositories.commit_of(repository, head)
    found = _changes(repository, repositories.merge_base(repository, ours, theirs), theirs, context=0)
    if len(found) > SMALL_FILES:
        return False
    sides = (side for delta in found.deltas for side in (delta.old_file, delta.new_file))
    return sum(_size(repository, side) for side in sides) <= SMALL_BYTES


def _mergeability(
    repository: pygit2.Repository, fork: pygit2.Oid | None, *, ours: pygit2.Commit, theirs: pygit2.Commit
) -> tuple[Mergeability, tuple[str, ...]]:
    if fork is None:
        return Mergeability.UNRELATED, ()
    if fork == theirs.id:
        return Mergeability.MERGED, ()
    if fork == ours.id:
        return Mergeability.CLEAN, ()
    conflicts = merge.conflicts_of(repository, ours, theirs)
    return (Mergeability.CONFLICTS if conflicts else Mergeability.CLEAN), conflicts


def _files(
    repository: pygit2.Repository, fork: pygit2.Oid | None, head: pygit2.Commit, *, context: int, max_lines: int
) -> Iterator[FileDiff]:
    """Changes from the merge base, or from nothing; `max_lines` -1 asks for statistics only."""
    found = _changes(repository, fork, head, context=context)
    found.find_similar(flags=enums.DiffFind.FIND_RENAMES, rename_limit=RENAME_LIMIT)
    deleted = enums.DeltaStatus.DELETED
    order = sorted(enumerate(found.deltas), key=lambda pair: (pair[1].new_file.raw_path, pair[1].status != deleted))
    left = MAX_LINES
    for position, delta in order:
        patch = None if _too_large(repository, delta) else found[position]
        if patch is None:
            yield _file(delta, (0, 0), truncated=True)
            continue
        _, additions, deletions = patch.line_stats
        fits = additions + deletions <= min(max_lines, left)
        wanted = max_lines >= 0 and not patch.delta.is_binary
        if wanted and fits:
            left -= additions + deletions
        hunks = tuple(map(_hunk, patch.hunks)) if wanted and fits else ()
        yield _file(patch.delta, (additions, deletions), truncated=wanted and not fits, hunks=hunks)


def _joined(files: Iterable[FileDiff]) -> Iterator[FileDiff]:
    """A path that is deleted and added is one file whose type changed: a file that became a link, or a submodule."""
    last: FileDiff | None = None
    for file in files:
        if last is not None and last.path == file.path:
            last = FileDiff(
                path=file.path,
                old_path=file.path,
                change=ChangeKind.TYPE_CHANGED,
                additions=file.additions,
                deletions=last.deletions,
                binary=last.binary or file.binary,
                old_sha=last.old_sha,
                new_sha=file.new_sha,
                hunks=last.hunks + file.hunks,
                truncated=last.truncated or file.truncated,
            )
            continue
        if last is not None:
            yield last
        last = file
    if last is not None:
        yield last


def _changes(
    repository: pygit2.Repository, fork: pygit2.Oid | None, head: pygit2.Commit, *, context: int
) -> pygit2.Diff:
    if fork is None:
        return head.tree.diff_to_tree(flags=_FLAGS, context_lines=context, swap=True)
    before = repository[fork].peel(pygit2.Commit)
    return before.tree.diff_to_tree(head.tree, flags=_FLAGS, context_lines=context)


def _too_large(repository: pygit2.Repository, delta: pygit2.DiffDelta) -> bool:
    return any(_size(repository, side) > LARGEST_SIDE for side in (delta.old_file, delta.new_file))


def _size(repository: pygit2.Repository, side: pygit2.DiffFile) -> int:
    """Bytes of one side of a change; a side that is not there, or is a submodule, has none."""
    if side.mode in {enums.FileMode.COMMIT, enums.FileMode.UNREADABLE} or str(side.id) == _NOWHERE:
        return 0
    return repositories.size_of(repository, side.id)


def _file(
    delta: pygit2.DiffDelta, stats: tuple[int, int], *, truncated: bool, hunks: tuple[Hunk, ...] = ()
) -> FileDiff:
    additions, deletions = stats
    old, new = str(delta.old_file.id), str(delta.new_file.id)
    return FileDiff(
        path=quoting.show(delta.new_file.raw_path),
        old_path=quoting.show(delta.old_file.raw_path),
        change=_CHANGES.get(delta.status, ChangeKind.MODIFIED),
        additions=additions,
        deletions=deletions,
        binary=bool(delta.is_binary),
        old_sha="" if old == _NOWHERE else old,
        new_sha="" if new == _NOWHERE else new,
        hunks=hunks,
        truncated=truncated,
    )


def _hunk(hunk: pygit2.DiffHunk) -> Hunk:
    lines: list[DiffLine] = []
    for line in hunk.lines:
        if line.origin in _NO_NEWLINE:
            last = lines[-1]
            lines[-1] = DiffLine(last.origin, last.old, last.new, last.text, newline=False)
            continue
        old = line.old_lineno if line.old_lineno > 0 else None
        new = line.new_lineno if line.new_lineno > 0 else None
        text = line.raw_content.removesuffix(b"\n").decode(errors="replace")
        lines.append(DiffLine(line.origin, old, new, text))
    return Hunk(hunk.header.rstrip("\n"), tuple(lines))
