"""What every Git host answers about history, ordinary and odd."""

import pytest
from pygit2 import enums

import git_rooms
import git_samples
from krate_git.interface import (
    Blob,
    EntryKind,
    Refs,
    RepositoryKey,
    RepositoryMissing,
    RevisionMissing,
    TreeEntry,
)

KEY = git_rooms.KEY
LATIN = b"d/\xe9t\xe9"
LATIN_TEXT = r'"d/\351t\351"'


# ------------------------------------------------------------------------------------------------ refs and revisions


async def test_an_empty_repository(host):
    """It has a default branch that names nothing, no refs, and no revision."""
    assert await host.refs(KEY) == Refs("main", {}, {})
    for rev in ("main", "HEAD", "refs/heads/main"):
        with pytest.raises(RevisionMissing):
            await host.resolve(KEY, rev)
    with pytest.raises(RevisionMissing):
        await host.tree(KEY, "main", "", with_commits=True)


async def test_a_repository_that_is_not_there(host):
    """Every read of an unknown repository says so."""
    nowhere = RepositoryKey("acme", "nowhere")
    calls = [
        host.refs(nowhere),
        host.resolve(nowhere, "main"),
        host.tree(nowhere, "main", "", with_commits=False),
        host.blob(nowhere, "main", "a", limit=1),
        host.commits(nowhere, "main", path="", limit=1, since=""),
        host.compare(nowhere, "main", "topic"),
        host.diff(nowhere, "main", "topic", context=3, max_lines=1),
        host.blame(nowhere, "main", "a"),
        host.contains(nowhere, "main", "topic"),
    ]
    for call in calls:
        with pytest.raises(RepositoryMissing):
            await call


async def test_refs_and_what_they_resolve_to(host, scribe):
    """Branches and tags by short name, annotated tags peeled; other refs are not listed and still resolve."""
    one = scribe.commit({"a": b"1"}, branch="main")
    two = scribe.commit({"a": b"2"}, parents=[one], branch="feature/x")
    scribe.tag("v1", one)
    scribe.point("refs/tags/light", two)
    scribe.point("refs/notes/n", two)
    assert await host.refs(KEY) == Refs("main", {"feature/x": two, "main": one}, {"light": two, "v1": one})
    revs = ("main", "HEAD", "feature/x", "v1", "light", "refs/heads/main", "refs/tags/v1", "refs/notes/n", two)
    assert [await host.resolve(KEY, rev) for rev in revs] == [one, one, two, one, two, one, one, two, two]


async def test_a_branch_wins_over_a_tag(host, scribe):
    """A short name means the branch first; the full name means what it says."""
    one = scribe.commit({"a": b"1"}, branch="same")
    two = scribe.commit({"a": b"2"})
    scribe.point("refs/tags/same", two)
    assert [await host.resolve(KEY, rev) for rev in ("same", "refs/tags/same")] == [one, two]


async def test_git_revision_syntax_is_not_offered(host, scribe):
    """Only names and object ids are revisions: searches and walks would cost what the asker likes."""
    one = scribe.commit({"a": b"1"}, message="find me", branch="main")
    scribe.commit({"a": b"2"}, parents=[one], branch="main")
    odd = [
        "main~1",
        "main^",
        "main^{tree}",
        ":/find",
        "@{1}",
        "main:a",
        one[:10],
        "",
        "..",
        "-x",
        "f" * 40,
        "refs/",
        "a\0b",
    ]
    for rev in odd:
        with pytest.raises(RevisionMissing):
            await host.resolve(KEY, rev)


async def test_objects_that_are_no_commits_are_no_revisions(host, scribe):
    """A tree, a blob, or a tag of a blob leads to no commit; a tag of one is listed all the same."""
    scribe.commit({"a": b"1"}, branch="main")
    blob = str(scribe.repository.create_blob(b"x"))
    scribe.tag("blob", blob, enums.ObjectType.BLOB)
    assert (await host.refs(KEY)).tags == {"blob": blob}
    for rev in (blob, "blob"):
        with pytest.raises(RevisionMissing):
            await host.resolve(KEY, rev)


async def test_contains(host, scribe):
    """A commit contains itself and what came before it."""
    one = scribe.commit({"a": b"1"}, branch="main")
    two = scribe.commit({"a": b"2"}, parents=[one], branch="topic")
    pairs = [("main", "topic"), ("topic", "main"), (one, one), ("main", two)]
    assert [await host.contains(KEY, *pair) for pair in pairs] == [True, False, True, True]
    with pytest.raises(RevisionMissing):
        await host.contains(KEY, "f" * 40, "main")


# ------------------------------------------------------------------------------------------------ trees and blobs


TREE = {
    "README.md": b"hello\n",
    "d/b.txt": b"b\n",
    LATIN: b"summer\n",
    b"\xff/y": b"z\n",
    "link": git_samples.symlink(b"../../etc/passwd"),
    "dep": git_samples.submodule("1" * 40),
    "run": git_samples.executable(b"#!/bin/sh\n"),
    "empty": b"",
}


async def test_a_directory(host, scribe):
    """Directories first, then by name, with kind, mode and size; names that are no UTF-8 as Git quotes them."""
    scribe.commit(TREE, branch="main")
    found = await host.tree(KEY, "main", "", with_commits=False)
    assert [(entry.name, entry.path, entry.kind, oct(entry.mode), entry.size) for entry in found] == [
        ("d", "d", EntryKind.TREE, "0o40000", 0),
        (r'"\377"', r'"\377"', EntryKind.TREE, "0o40000", 0),
        ("README.md", "README.md", EntryKind.BLOB, "0o100644", 6),
        ("dep", "dep", EntryKind.SUBMODULE, "0o160000", 0),
        ("empty", "empty", EntryKind.BLOB, "0o100644", 0),
        ("link", "link", EntryKind.SYMLINK, "0o120000", 16),
        ("run", "run", EntryKind.BLOB, "0o100755", 10),
    ]
    assert found[3].sha == "1" * 40
    assert [entry.path for entry in await host.tree(KEY, "main", "/d/", with_commits=False)] == ["d/b.txt", LATIN_TEXT]
    assert [entry.path for entry in await host.tree(KEY, "main", r'"\377"', with_commits=False)] == [r'"\377/y"']


@pytest.mark.parametrize(
    "path", ["nowhere", "README.md", "link", "dep", "d/..", ".", "..", "d/b.txt/x", '"', "a\0b"], ids=repr
)
async def test_what_is_no_directory(host, scribe, path):
    """A file, a link, a submodule, a dot segment or nothing at all is no directory."""
    scribe.commit(TREE, branch="main")
    with pytest.raises(RevisionMissing):
        await host.tree(KEY, "main", path, with_commits=False)


async def test_last_commits_of_a_directory(host, scribe):
    """Each entry names the latest commit that touched it, below it included, on whichever side of a merge."""
    files = {"a": b"1", "b": b"1", "d/x": b"1"}
    one = scribe.commit(files, message="one", branch="main")
    left = scribe.commit({**files, "a": b"2"}, message="left", parents=[one])
    right = scribe.commit({**files, "d/x": b"2"}, message="right", parents=[one])
    files = {"a": b"2", "b": b"1", "d/x": b"2", "e": b"1"}
    merge = scribe.commit(files, message="merge", parents=[left, right])
    later = scribe.commit({**files, "f": b""}, parents=[merge], branch="main")
    wanted = {"a": left, "b": one, "d": right, "e": merge, "f": later}
    found = await host.tree(KEY, "main", "", with_commits=True)
    assert {entry.name: entry.last_commit for entry in found} == {
        name: git_samples.commit_of(scribe, sha) for name, sha in wanted.items()
    }
    blob = str(scribe.repository.create_blob(b"2"))
    assert await host.tree(KEY, "main", "d", with_commits=True) == (
        TreeEntry("x", "d/x", EntryKind.BLOB, blob, 0o100644, 1, git_samples.commit_of(scribe, right)),
    )


async def test_blobs(host, scribe):
    """Text, executables, links and bytes; a link answers where it points and is never followed."""
    scribe.commit({**TREE, "bin": b"a\0b", "latin": b"caf\xe9"}, branch="main")
    entries = {entry.path: entry for entry in await host.tree(KEY, "main", "", with_commits=False)}

    async def read(path: str) -> Blob:
        return await host.blob(KEY, "main", path, limit=100)

    assert await read("README.md") == Blob("README.md", entries["README.md"].sha, 6, b"hello\n", binary=False)
    assert await read("run") == Blob("run", entries["run"].sha, 10, b"#!/bin/sh\n", binary=False, executable=True)
    assert await read("link") == Blob("link", entries["link"].sha, 16, b"../../etc/passwd", binary=False)
    assert await read("bin") == Blob("bin", entries["bin"].sha, 3, b"a\0b", binary=True)
    assert await read("latin") == Blob("latin", entries["latin"].sha, 4, b"caf\xe9", binary=True)
    assert await read("empty") == Blob("empty", entries["empty"].sha, 0, b"", binary=False)
    assert (await read(LATIN_TEXT)).data == b"summer\n"


async def test_blobs_are_cut(host, scribe):
    """At most the bytes that were asked for, and a character cut in two does not make a file binary."""
    scribe.commit({"a": "aé".encode() * 1000}, branch="main")
    found = await host.blob(KEY, "main", "a", limit=5)
    assert (found.size, found.data, found.binary) == (3000, "aéa".encode() + b"\xc3", False)
    assert (await host.blob(KEY, "main", "a", limit=0)).data == b""


@pytest.mark.parametrize("path", ["", "d", "dep", "nowhere", "../a", "README.md/", "README.md/x"])
async def test_what_is_no_file(host, scribe, path):
    """A directory, a submodule or nothing is no file; a slash at the end means nothing."""
    scribe.commit(TREE, branch="main")
    if path == "README.md/":
        assert (await host.blob(KEY, "main", path, limit=10)).path == "README.md"
        return
    with pytest.raises(RevisionMissing):
        await host.blob(KEY, "main", path, limit=10)
