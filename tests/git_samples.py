"""Sample histories for the suites of the Git room: real bare repositories, written with few words.

A tree is a mapping of paths to contents; a content is bytes, or an `Entry` where the mode matters. Dates are a fixed
second per commit, so that every object id is the same in every run.
"""

import hashlib
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pygit2
from pygit2 import enums

from krate_git.interface import Commit, Signature

FIRST_SECOND = 1_700_000_000
AUTHOR = ("Alice", "alice@example.com")


@dataclass(frozen=True)
class Entry:
    """A tree entry that is no plain file: a symlink's target, an executable's text, a submodule's commit."""

    mode: int
    data: bytes = b""
    commit: str = ""


def symlink(target: bytes) -> Entry:
    return Entry(enums.FileMode.LINK, target)


def executable(text: bytes) -> Entry:
    return Entry(enums.FileMode.BLOB_EXECUTABLE, text)


def submodule(commit: str = "1" * 40) -> Entry:
    return Entry(enums.FileMode.COMMIT, commit=commit)


def scatter(repository: Path, count: int) -> list[str]:
    """Loose blobs that nothing reaches, as many small pushes leave them; answers their ids."""
    ids: list[str] = []
    for number in range(count):
        text = b"%d\n" % number
        raw = b"blob %d\0%s" % (len(text), text)
        sha = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
        folder = repository / "objects" / sha[:2]
        folder.mkdir(exist_ok=True)
        (folder / sha[2:]).write_bytes(zlib.compress(raw))
        ids.append(sha)
    return ids


Files = Mapping[str | bytes, bytes | Entry]


class Scribe:
    """Writes commits into a bare repository and moves branches, without asking any policy."""

    def __init__(self, path: Path, *, default_branch: str = "main") -> None:
        if path.exists():
            self.repository = pygit2.Repository(os.fspath(path))
        else:
            self.repository = pygit2.init_repository(os.fspath(path), bare=True, initial_head=default_branch)
        self.seconds = FIRST_SECOND

    def tree(self, files: Files) -> pygit2.Oid:
        """A tree written byte by byte, so that it can hold what no library would write."""
        rows: list[tuple[bytes, int, bytes]] = []
        folders: dict[bytes, dict[str | bytes, bytes | Entry]] = {}
        for name, content in files.items():
            head, slash, rest = os.fsencode(name).partition(b"/")
            if slash:
                folders.setdefault(head, {})[rest] = content
                continue
            entry = content if isinstance(content, Entry) else Entry(enums.FileMode.BLOB, content)
            oid = pygit2.Oid(hex=entry.commit) if entry.commit else self.repository.create_blob(entry.data)
            rows.append((head, entry.mode, oid.raw))
        rows += [(folder, enums.FileMode.TREE, self.tree(inside).raw) for folder, inside in folders.items()]
        rows.sort(key=lambda row: row[0] + (b"/" if row[1] == enums.FileMode.TREE else b""))
        raw = b"".join(b"%o %s\0%s" % (mode, name, oid) for name, mode, oid in rows)
        return self.repository.write(enums.ObjectType.TREE, raw)

    def commit(
        self,
        files: Files,
        *,
        message: str = "change",
        parents: Sequence[str] = (),
        branch: str = "",
        author: tuple[str, str] = AUTHOR,
    ) -> str:
        """A commit of exactly `files`; `branch` is moved to it when named."""
        self.seconds += 1
        signature = pygit2.Signature(*author, self.seconds, 0)
        ids: list[str | pygit2.Oid] = [pygit2.Oid(hex=parent) for parent in parents]
        oid = self.repository.create_commit(None, signature, signature, message, self.tree(files), ids)
        if branch:
            self.point(f"refs/heads/{branch}", str(oid))
        return str(oid)

    def point(self, ref: str, target: str) -> None:
        self.repository.create_reference(ref, pygit2.Oid(hex=target), force=True)

    def tag(self, name: str, target: str, kind: enums.ObjectType = enums.ObjectType.COMMIT) -> str:
        """An annotated tag."""
        signature = pygit2.Signature(*AUTHOR, self.seconds, 0)
        return str(self.repository.create_tag(name, pygit2.Oid(hex=target), kind, signature, f"tag {name}"))


def lines(*changed: tuple[int, str], count: int = 20) -> bytes:
    """`count` numbered lines, some replaced."""
    text = {number: f"line {number}" for number in range(1, count + 1)} | dict(changed)
    return "".join(f"{line}\n" for line in text.values()).encode()


def commit_of(scribe: Scribe, sha: str) -> Commit:
    """A commit of the scribe's as reads answer it."""
    found = scribe.repository[sha]
    at = datetime.fromtimestamp(found.commit_time, UTC)
    person = Signature(found.author.name, found.author.email, at)
    return Commit(sha, tuple(str(parent) for parent in found.parent_ids), person, person, found.message)
