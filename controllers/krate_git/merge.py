"""Merging without a work tree: in memory to look, in the repository to keep.

Nothing here runs a program or writes a file outside the object database, so a hostile tree has nothing to act on
(Gitea CVE-2026-60004 applied patches in a shared clone).
"""

import contextlib
import os
import tempfile
from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from typing import Final

import pygit2

from krate_git import quoting, repositories
from krate_git.interface import ZERO, GitError, RefMoved, Signature

_WRITABLE_FIRST: Final = 10
"""libgit2 writes to the writable backend of the highest priority."""
_DEFAULT_COMPRESSION: Final = -1
NAMED_CONFLICTS: Final = 20
"""Conflicting paths that a message names."""


@contextlib.contextmanager
def scratch(repository: pygit2.Repository) -> Generator[pygit2.Repository]:
    """The same repository with a throw-away object store in front: a merge writes blobs even when one only looks."""
    with tempfile.TemporaryDirectory(prefix="krate-merge-") as folder:
        odb = pygit2.Odb()
        odb.add_backend(pygit2.OdbBackendLoose(folder, _DEFAULT_COMPRESSION, False), _WRITABLE_FIRST)
        odb.add_disk_alternate(os.fspath(Path(repository.path) / "objects"))
        copy = repositories.open_repository(Path(repository.path))
        try:
            copy.set_odb(odb)
            yield copy
        finally:
            copy.free()


def conflicts_of(repository: pygit2.Repository, ours: pygit2.Commit, theirs: pygit2.Commit) -> tuple[str, ...]:
    """Paths that conflict when `theirs` is merged into `ours`; empty when the merge is clean."""
    with scratch(repository) as copy:
        return _conflicts(copy.merge_commits(ours.id, theirs.id))


def _conflicts(index: pygit2.Index) -> tuple[str, ...]:
    if index.conflicts is None:
        return ()
    paths = {entry.path for conflict in index.conflicts for entry in conflict if entry is not None}
    return tuple(sorted(quoting.show(os.fsencode(path)) for path in paths))


def write_merge(repository: pygit2.Repository, *, target: str, head: str, message: str, author: Signature) -> str:
    """A merge commit with the parents `target` and `head`, in the object database and named by no ref yet.

    Returns:
        Its object id.

    Raises:
        GitError: the histories are unrelated, there is nothing to merge, or the merge conflicts; the message says so.
    """
    ours, theirs = repositories.commit_of(repository, target), repositories.commit_of(repository, head)
    fork = repositories.merge_base(repository, ours, theirs)
    if fork is None:
        raise GitError("the two branches share no history, so they cannot be merged")
    if fork == theirs.id:
        raise GitError("there is nothing to merge: the target already holds every commit of the source")
    index = repository.merge_commits(ours.id, theirs.id)
    if conflicts := _conflicts(index):
        raise GitError(_conflict_message(conflicts))
    signature = pygit2.Signature(author.name, author.email, int(author.at.timestamp()), 0)
    tree = index.write_tree(repository)
    parents: list[str | pygit2.Oid] = [ours.id, theirs.id]
    return str(repository.create_commit(None, signature, signature, message.rstrip() + "\n", tree, parents))


def _conflict_message(conflicts: tuple[str, ...]) -> str:
    named = ", ".join(conflicts[:NAMED_CONFLICTS])
    rest = len(conflicts) - NAMED_CONFLICTS
    more = f" and {rest} more" if rest > 0 else ""
    return f"the merge conflicts in {named}{more}; merge the target into the source branch and resolve them there"


def move_ref(repository: pygit2.Repository, ref: str, *, old: str, new: str) -> None:
    """Compare and swap one ref under its lock file; `new` ZERO deletes it.

    Raises:
        RefMoved: it does not stand at `old`.
        GitError: somebody else holds the lock of the ref.
    """
    with repository.transaction() as transaction:
        try:
            transaction.lock_ref(ref)
        except pygit2.GitError as error:
            raise GitError(f"{ref} is being changed by somebody else: {error}") from error
        if (repositories.read_ref(repository, ref) or ZERO) != old:
            raise RefMoved
        if new == ZERO:
            transaction.remove(ref)
        else:
            transaction.set_target(ref, new)


def signature(name: str, email: str, at: datetime) -> Signature:
    """An author as Git can store it: angle brackets and line ends would end the field."""
    clean = str.maketrans(dict.fromkeys("<>\n\r\0", ""))
    return Signature(name.translate(clean).strip() or "unknown", email.translate(clean).strip() or "unknown", at)
