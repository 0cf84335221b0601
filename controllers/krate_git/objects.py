"""Reads of single objects: refs, directories and files, as values."""

import codecs
from typing import Final

import pygit2
from pygit2 import enums

from krate_git import commits, history, quoting, repositories
from krate_git.interface import Blob, EntryKind, Refs, RevisionMissing, TreeEntry

LARGEST_BLOB: Final = 256 * 1024 * 1024
"""A file beyond this many bytes is answered without content: libgit2 inflates a whole object or nothing."""
_SNIFF: Final = 8000
"""Git looks for NUL in this many bytes to call a file binary (xdiff-interface.c, FIRST_FEW_BYTES)."""


def refs(repository: pygit2.Repository) -> Refs:
    """Branches, and tags peeled to what they mark."""
    branches: dict[str, str] = {}
    tags: dict[str, str] = {}
    for name, target in sorted(repositories.list_refs(repository).items()):
        if name.startswith(repositories.HEADS):
            branches[name.removeprefix(repositories.HEADS)] = target
        elif name.startswith(repositories.TAGS):
            tags[name.removeprefix(repositories.TAGS)] = _peel(repository, target)
    head = str(repository.lookup_reference("HEAD").target)
    return Refs(head.removeprefix(repositories.HEADS), branches, tags)


def _peel(repository: pygit2.Repository, target: str) -> str:
    found = repository[pygit2.Oid(hex=target)]
    while isinstance(found, pygit2.Tag):
        found = repository[found.target]
    return str(found.id)


def resolve(repository: pygit2.Repository, rev: str) -> str:
    """Object id of the commit that a revision names."""
    return str(repositories.commit_of(repository, rev).id)


def contains(repository: pygit2.Repository, ancestor: str, descendant: str) -> bool:
    """Whether `descendant` is `ancestor` or comes after it."""
    below = repositories.commit_of(repository, ancestor).id
    above = repositories.commit_of(repository, descendant).id
    return below == above or repository.descendant_of(above, below)


def tree(repository: pygit2.Repository, rev: str, path: str, *, with_commits: bool) -> tuple[TreeEntry, ...]:
    """Entries of a directory, directories first, then by name."""
    commit = repositories.commit_of(repository, rev)
    segments = repositories.parse_path(path)
    found = repositories.entry_at(commit.tree, segments)
    if not isinstance(found, pygit2.Tree):
        raise RevisionMissing(f"{rev} holds no directory {path}")
    touched = history.last_commits(commit, segments) if with_commits else {}
    entries = sorted(found, key=lambda entry: (not isinstance(entry, pygit2.Tree), entry.raw_name or b""))
    return tuple(
        _entry(repository, entry, parent=segments, last=touched.get(entry.raw_name or b"")) for entry in entries
    )


def _entry(
    repository: pygit2.Repository, entry: pygit2.Object, *, parent: tuple[bytes, ...], last: pygit2.Commit | None
) -> TreeEntry:
    kind = kind_of(entry.filemode or 0)
    name = entry.raw_name or b""
    return TreeEntry(
        name=quoting.show(name),
        path=quoting.show(b"/".join((*parent, name))),
        kind=kind,
        sha=str(entry.id),
        mode=int(entry.filemode or 0),
        size=repositories.size_of(repository, entry.id) if kind in {EntryKind.BLOB, EntryKind.SYMLINK} else 0,
        last_commit=commits.value(last) if last is not None else None,
    )


def kind_of(mode: int) -> EntryKind:
    """What a tree entry's mode says it is."""
    match mode:
        case enums.FileMode.TREE:
            return EntryKind.TREE
        case enums.FileMode.LINK:
            return EntryKind.SYMLINK
        case enums.FileMode.COMMIT:
            return EntryKind.SUBMODULE
        case _:
            return EntryKind.BLOB


def blob(repository: pygit2.Repository, rev: str, path: str, *, limit: int) -> Blob:
    """A file, or a symbolic link's target, of which at most `limit` bytes are answered."""
    commit = repositories.commit_of(repository, rev)
    segments = repositories.parse_path(path)
    entry = repositories.entry_at(commit.tree, segments)
    if not isinstance(entry, pygit2.Blob):
        raise RevisionMissing(f"{rev} holds no file {path}")
    size = repositories.size_of(repository, entry.id)
    data, head = b"", b""
    if size <= LARGEST_BLOB:
        content = memoryview(repository[entry.id])  # pyright: ignore[reportArgumentType] - a buffer, untyped upstream
        data, head = bytes(content[:limit]), bytes(content[:_SNIFF])
    return Blob(
        path=quoting.show(b"/".join(segments)),
        sha=str(entry.id),
        size=size,
        data=data,
        binary=size > LARGEST_BLOB or b"\0" in head or not _is_text(data, cut=len(data) < size),
        executable=entry.filemode == enums.FileMode.BLOB_EXECUTABLE,
    )


def _is_text(data: bytes, *, cut: bool) -> bool:
    """Whether the bytes are UTF-8 without NUL; a character cut in two at the end is forgiven."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final=not cut)
    except UnicodeDecodeError:
        return False
    return b"\0" not in data
