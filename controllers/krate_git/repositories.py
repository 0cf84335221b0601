"""Opening bare repositories and finding what a revision names: the ground under every read.

Repository objects are never shared between threads (libgit2's rule), and opening one costs 40 microseconds, so every
call opens its own. A revision is a name or an object id; Git's revision language is not offered, because its searches
(`:/text`, `@{date}`) cost as much as the asker likes.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

import pygit2
from pygit2 import enums

from krate_git import interface, quoting

P = ParamSpec("P")
T = TypeVar("T")

HEADS: Final = "refs/heads/"
TAGS: Final = "refs/tags/"
OBJECT_ID: Final = re.compile(r"[0-9a-f]{40}")
_FLAGS: Final = enums.RepositoryOpenFlag.BARE | enums.RepositoryOpenFlag.NO_SEARCH


def open_repository(path: Path) -> pygit2.Repository:
    """The bare repository at `path` itself, never one above it.

    Raises:
        RepositoryMissing: there is none.
    """
    try:
        return pygit2.Repository(os.fspath(path), _FLAGS)
    except pygit2.GitError:
        raise interface.RepositoryMissing from None


def call(
    function: Callable[Concatenate[pygit2.Repository, P], T], place: Path, /, *args: P.args, **kwargs: P.kwargs
) -> T:
    """`function` on the repository at `place`, in a thread or a worker process.

    Raises:
        RepositoryMissing: there is no repository.
        RevisionMissing: an object that was needed is absent.
        GitError: libgit2 failed, as it does when a repository is damaged.
    """
    repository = open_repository(place)
    try:
        return function(repository, *args, **kwargs)
    except KeyError as error:
        raise interface.RevisionMissing(f"the repository holds no object {error.args[0]}") from error
    except (pygit2.GitError, OSError, ValueError) as error:
        raise interface.GitError(f"the repository could not be read: {error}") from error
    finally:
        repository.free()


def commit_of(repository: pygit2.Repository, rev: str) -> pygit2.Commit:
    """The commit that a full ref, HEAD, a branch, a tag or an object id names, in this order of precedence.

    An object id wins over a branch of the same spelling; the receive path refuses such branches.

    Raises:
        RevisionMissing: nothing of that name leads to a commit.
    """
    found = _lookup(repository, rev)
    if found is not None:
        try:
            return found.peel(pygit2.Commit)
        except pygit2.GitError:
            pass
    raise interface.RevisionMissing(f"the repository holds no commit named {rev}")


def _lookup(repository: pygit2.Repository, rev: str) -> pygit2.Object | None:
    if OBJECT_ID.fullmatch(rev):
        return repository.get(pygit2.Oid(hex=rev))
    candidates = (rev,) if rev.startswith("refs/") or rev == "HEAD" else (HEADS + rev, TAGS + rev)
    for name in candidates:
        target = read_ref(repository, name)
        if target:
            return repository.get(pygit2.Oid(hex=target))
    return None


def read_ref(repository: pygit2.Repository, name: str) -> str:
    """Object id that a ref names, symbolic refs followed; empty when it does not exist."""
    try:
        reference = repository.lookup_reference(name).resolve()
    except (KeyError, ValueError, pygit2.GitError):
        return ""
    return str(reference.target)


def merge_base(repository: pygit2.Repository, one: pygit2.Commit, other: pygit2.Commit) -> pygit2.Oid | None:
    """The best common ancestor; None for unrelated histories."""
    return repository.merge_base(one.id, other.id)


def list_refs(repository: pygit2.Repository) -> dict[str, str]:
    """All direct refs by full name, with the object ids they name."""
    return {
        reference.name: str(reference.target)
        for reference in repository.references.iterator()
        if isinstance(reference.target, pygit2.Oid)
    }


def parse_path(path: str) -> tuple[bytes, ...]:
    """Segments of a path; surrounding slashes mean nothing, and `.` or `..` name no entry of a tree.

    Raises:
        RevisionMissing: the text is no path.
    """
    try:
        raw = quoting.parse(path)
    except ValueError as error:
        raise interface.RevisionMissing(str(error)) from None
    if b"\0" in raw:
        raise interface.RevisionMissing("a path holds no NUL byte")
    return tuple(segment for segment in raw.split(b"/") if segment)


def entry_at(tree: pygit2.Tree, segments: tuple[bytes, ...]) -> pygit2.Object | None:
    """The entry below `tree` with its name and mode; None when there is none, `tree` itself for no segments."""
    found: pygit2.Object = tree
    for segment in segments:
        if not isinstance(found, pygit2.Tree):
            return None
        try:
            # fsdecode and pygit2's own encoding are inverse to each other in every locale, bad UTF-8 included.
            found = found[os.fsdecode(segment)]
        except KeyError:
            return None
    return found


def size_of(repository: pygit2.Repository, oid: pygit2.Oid) -> int:
    """Bytes of an object, without reading its content."""
    _, size = repository.odb.read_header(oid)
    return size


def make_durable() -> None:
    """Let libgit2 flush objects and refs to the disk in this process, as `core.fsync` makes Git do."""
    pygit2.settings.enable_fsync_gitdir(True)
