"""What every Git host answers about history, ordinary and odd."""

import base64
from datetime import UTC, datetime

import pytest
from pygit2 import enums

import git_rooms
import git_samples
from krate_git.interface import (
    BlameLine,
    Blob,
    ChangeKind,
    Commit,
    Comparison,
    DiffLine,
    EntryKind,
    FileDiff,
    GitError,
    Hunk,
    Mergeability,
    Refs,
    RepositoryKey,
    RepositoryMissing,
    RevisionMissing,
    Signature,
    TreeEntry,
)

KEY = git_rooms.KEY
LATIN = b"d/\xe9t\xe9"
LATIN_TEXT = r'"d/\351t\351"'


def lines(*changed: tuple[int, str], count: int = 20) -> bytes:
    """`count` numbered lines, some replaced."""
    text = {number: f"line {number}" for number in range(1, count + 1)} | dict(changed)
    return "".join(f"{line}\n" for line in text.values()).encode()


def commit_of(scribe: git_samples.Scribe, sha: str) -> Commit:
    found = scribe.repository[sha]
    at = datetime.fromtimestamp(found.commit_time, UTC)
    person = Signature(found.author.name, found.author.email, at)
    return Commit(sha, tuple(str(parent) for parent in found.parent_ids), person, person, found.message)


@pytest.fixture
async def filled(stage):
    await git_rooms.fill(stage.host)
    return stage


@pytest.fixture
def host(filled):
    return filled.host


@pytest.fixture
def scribe(filled) -> git_samples.Scribe:
    return filled.scribe()


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
        name: commit_of(scribe, sha) for name, sha in wanted.items()
    }
    blob = str(scribe.repository.create_blob(b"2"))
    assert await host.tree(KEY, "main", "d", with_commits=True) == (
        TreeEntry("x", "d/x", EntryKind.BLOB, blob, 0o100644, 1, commit_of(scribe, right)),
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


# ------------------------------------------------------------------------------------------------ history


async def test_history(host, scribe):
    """Newest first, cut at the limit, without what is reachable from `since`."""
    shas = [scribe.commit({"a": b"1"}, message="one\n\nbody\n", branch="main")]
    for number in range(4):
        shas.append(scribe.commit({"a": b"%d" % number}, parents=[shas[-1]], branch="main"))

    async def log(*, limit: int = 10, since: str = "") -> list[str]:
        return [commit.sha for commit in await host.commits(KEY, "main", path="", limit=limit, since=since)]

    assert await log() == shas[::-1]
    assert await log(limit=2) == shas[:2:-1]
    assert await log(since=shas[2]) == shas[:2:-1]
    assert await log(since="main") == []
    (first,) = await host.commits(KEY, shas[0], path="", limit=10, since="")
    assert (first, first.title) == (commit_of(scribe, shas[0]), "one")


async def test_history_of_a_path(host, scribe):
    """Commits that touched it: creation, change, change of mode, deletion; a merge that took one side did not."""
    files = {"d/a": b"1", "b": b"1"}
    one = scribe.commit(files, branch="main")
    aside = scribe.commit({**files, "b": b"2"}, parents=[one])
    two = scribe.commit({**files, "d/a": b"2"}, parents=[one])
    merge = scribe.commit({"d/a": b"2", "b": b"2"}, parents=[two, aside])
    mode = scribe.commit({"d/a": git_samples.executable(b"2"), "b": b"2"}, parents=[merge])
    gone = scribe.commit({"b": b"2"}, parents=[mode], branch="main")

    async def log(path: str) -> list[str]:
        return [commit.sha for commit in await host.commits(KEY, "main", path=path, limit=10, since="")]

    assert await log("d/a") == [gone, mode, two, one]
    assert await log("d") == [gone, mode, two, one]
    assert await log("b") == [aside, one]
    assert await log("nowhere") == []


async def test_commits_hold_any_bytes(host, scribe):
    """Declared encodings are honoured, broken text is replaced, absurd times are clamped: old history never fails."""
    tree = scribe.tree({"a": b"1"})
    raw = (
        b"tree %s\nauthor Andr\xe9 <a@b\xff> -99999999999999 +9900\ncommitter C <c@d> 99999999999999 -0000\n"
        b"encoding latin-1\n\ncaf\xe9\n" % str(tree).encode()
    )
    sha = str(scribe.repository.write(enums.ObjectType.COMMIT, raw))
    scribe.point("refs/heads/main", sha)
    (found,) = await host.commits(KEY, "main", path="", limit=1, since="")
    assert (found.message, found.author.name) == ("café\n", "Andr\ufffd")
    assert (found.author.at, found.committer.at) == (
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    )


async def test_blame(host, scribe):
    """Runs of lines in order, each with the commit that wrote it, renames followed."""
    one = scribe.commit({"old": lines()}, branch="main")
    two = scribe.commit({"new": lines((5, "x"), (6, "y"))}, parents=[one], branch="main")
    first, second = commit_of(scribe, one), commit_of(scribe, two)
    assert await host.blame(KEY, one, "old") == (BlameLine(1, 20, first),)
    found = await host.blame(KEY, "main", "new")
    assert sum(run.count for run in found) == 20
    assert [run for run in found if run.start == 5] == [BlameLine(5, 2, second)] or found == (BlameLine(1, 20, second),)


async def test_blame_of_what_has_no_lines(host, scribe):
    """An empty file has none, a binary one has none that mean anything, a directory is no file."""
    scribe.commit({"empty": b"", "bin": b"a\0b", "d/x": b"1", LATIN: b"1\n"}, branch="main")
    assert await host.blame(KEY, "main", "empty") == ()
    assert len(await host.blame(KEY, "main", LATIN_TEXT)) == 1
    with pytest.raises(GitError, match="binary"):
        await host.blame(KEY, "main", "bin")
    with pytest.raises(RevisionMissing):
        await host.blame(KEY, "main", "d")


# ------------------------------------------------------------------------------------------------ comparing


async def test_compare(host, scribe):
    """Merge base, distances, statistics by file, and whether the head merges."""
    one = scribe.commit({"a": lines(), "b": b"1\n"}, branch="main")
    topic = scribe.commit({"a": lines((2, "x")), "c": b"new\n"}, parents=[one], branch="topic")
    main = scribe.commit({"a": lines((19, "y")), "b": b"1\n"}, parents=[one], branch="main")
    found = await host.compare(KEY, "main", "topic")
    a, b, c = found.files
    assert found == Comparison(main, topic, one, 1, 1, (a, b, c), 2, 2, Mergeability.CLEAN)
    assert [(file.path, file.change, file.additions, file.deletions, file.hunks) for file in found.files] == [
        ("a", ChangeKind.MODIFIED, 1, 1, ()),
        ("b", ChangeKind.DELETED, 0, 1, ()),
        ("c", ChangeKind.ADDED, 1, 0, ()),
    ]
    assert (a.old_sha != a.new_sha, b.new_sha, c.old_sha) == (True, "", "")


async def test_compare_says_whether_it_merges(host, scribe):
    """Contained, ahead only, conflicting with its paths, and without a common ancestor."""
    one = scribe.commit({"a": b"0\n"}, branch="main")
    scribe.commit({"a": b"1\n"}, parents=[one], branch="left")
    scribe.commit({"a": b"2\n"}, parents=[one], branch="right")
    scribe.commit({"z": b"0\n"}, branch="island")

    async def state(base: str, head: str) -> tuple[Mergeability, tuple[str, ...], str]:
        found = await host.compare(KEY, base, head)
        return found.mergeability, found.conflicts, found.merge_base

    assert await state("left", "main") == (Mergeability.MERGED, (), one)
    assert await state("main", "main") == (Mergeability.MERGED, (), one)
    assert await state("main", "left") == (Mergeability.CLEAN, (), one)
    assert await state("left", "right") == (Mergeability.CONFLICTS, ("a",), one)
    assert await state("main", "island") == (Mergeability.UNRELATED, (), "")


async def test_unrelated_histories_compare_as_all_new(host, scribe):
    """Without a common ancestor, everything in the head is an addition."""
    scribe.commit({"a": b"0\n"}, branch="main")
    scribe.commit({"b": b"1\n"}, branch="island")
    found = await host.compare(KEY, "main", "island")
    assert (found.ahead, found.behind, [(file.path, file.change) for file in found.files]) == (
        1,
        1,
        [("b", ChangeKind.ADDED)],
    )


async def test_a_diff_keeps_line_numbers(host, scribe):
    """Hunks with the context that was asked for; every line has its number on each side where it stands."""
    one = scribe.commit({"a": lines()}, branch="main")
    scribe.commit({"a": lines((3, "three\x0c\u2028still"), (17, "x\ny"))}, parents=[one], branch="topic")
    (file,) = await host.diff(KEY, "main", "topic", context=1, max_lines=100)
    assert file.hunks == (
        Hunk(
            "@@ -2,3 +2,3 @@ line 1",
            (
                DiffLine(" ", 2, 2, "line 2"),
                DiffLine("-", 3, None, "line 3"),
                DiffLine("+", None, 3, "three\x0c\u2028still"),
                DiffLine(" ", 4, 4, "line 4"),
            ),
        ),
        Hunk(
            "@@ -16,3 +16,4 @@ line 15",
            (
                DiffLine(" ", 16, 16, "line 16"),
                DiffLine("-", 17, None, "line 17"),
                DiffLine("+", None, 17, "x"),
                DiffLine("+", None, 18, "y"),
                DiffLine(" ", 18, 19, "line 18"),
            ),
        ),
    )


async def test_a_missing_newline_is_part_of_its_line(host, scribe):
    """The last line says that it has no end, on whichever side, and line numbers stay right."""
    one = scribe.commit({"a": b"1\n2"}, branch="main")
    scribe.commit({"a": b"1\n2\n"}, parents=[one], branch="topic")
    (file,) = await host.diff(KEY, "main", "topic", context=1, max_lines=100)
    assert file.hunks[0].lines == (
        DiffLine(" ", 1, 1, "1"),
        DiffLine("-", 2, None, "2", newline=False),
        DiffLine("+", None, 2, "2"),
    )


async def test_carriage_returns_are_content(host, scribe):
    """A change of line ends is visible."""
    one = scribe.commit({"a": b"1\r\n"}, branch="main")
    scribe.commit({"a": b"1\n"}, parents=[one], branch="topic")
    (file,) = await host.diff(KEY, "main", "topic", context=0, max_lines=100)
    assert [line.text for line in file.hunks[0].lines] == ["1\r", "1"]


async def test_renames_are_found(host, scribe):
    """A moved file with a small change is one rename with both paths, not a deletion and an addition."""
    one = scribe.commit({"old/name": lines(), "keep": b"k"}, branch="main")
    scribe.commit({"new/name": lines((7, "seven")), "keep": b"k"}, parents=[one], branch="topic")
    (file,) = (await host.compare(KEY, "main", "topic")).files
    assert (file.change, file.old_path, file.path, file.additions, file.deletions) == (
        ChangeKind.RENAMED,
        "old/name",
        "new/name",
        1,
        1,
    )


async def test_kinds_of_change(host, scribe):
    """A file that becomes a link, a mode, a submodule that moves, and bytes that are no text."""
    before = {"f": b"x\n", "m": b"x\n", "s": git_samples.submodule("1" * 40), "b": b"a\0", LATIN: b"1\n"}
    after = {
        "f": git_samples.symlink(b"x"),
        "m": git_samples.executable(b"x\n"),
        "s": git_samples.submodule("2" * 40),
        "b": b"b\0",
        LATIN: b"caf\xe9\n",
    }
    one = scribe.commit(before, branch="main")
    scribe.commit(after, parents=[one], branch="topic")
    found = {file.path: file for file in await host.diff(KEY, "main", "topic", context=0, max_lines=100)}
    assert {path: (file.change, file.binary, file.additions) for path, file in found.items()} == {
        "b": (ChangeKind.MODIFIED, True, 0),
        LATIN_TEXT: (ChangeKind.MODIFIED, False, 1),
        "f": (ChangeKind.TYPE_CHANGED, False, 1),
        "m": (ChangeKind.MODIFIED, False, 0),
        "s": (ChangeKind.MODIFIED, False, 1),
    }
    assert [(line.origin, line.text) for hunk in found["f"].hunks for line in hunk.lines] == [("-", "x"), ("+", "x")]
    assert [line.text for line in found["s"].hunks[0].lines] == [
        f"Subproject commit {'1' * 40}",
        f"Subproject commit {'2' * 40}",
    ]
    assert found[LATIN_TEXT].hunks[0].lines[1].text == "caf\ufffd"


async def test_large_changes_are_truncated(host, scribe):
    """A file with more changed lines than asked for keeps its statistics and says that its hunks are missing."""
    one = scribe.commit({"big": lines(count=300), "small": b"1\n"}, branch="main")
    scribe.commit({"big": b"", "small": b"2\n"}, parents=[one], branch="topic")
    big, small = await host.diff(KEY, "main", "topic", context=3, max_lines=299)
    assert (big.truncated, big.hunks, big.deletions) == (True, (), 300)
    assert (small.truncated, len(small.hunks)) == (False, 1)


async def test_huge_files_are_named_not_compared(host, scribe):
    """A file of many megabytes costs nothing: it is listed as truncated."""
    noise = base64.b64encode(b"0" * 13 * 1024 * 1024)
    one = scribe.commit({"huge": b""}, branch="main")
    scribe.commit({"huge": noise}, parents=[one], branch="topic")
    assert [(file.path, file.truncated, file.hunks) for file in (await host.compare(KEY, "main", "topic")).files] == [
        ("huge", True, ())
    ]


async def test_the_diff_starts_at_the_merge_base(host, scribe):
    """What happened on the base since does not show in the diff of a branch."""
    one = scribe.commit({"a": b"1\n", "b": b"1\n"}, branch="main")
    scribe.commit({"a": b"2\n", "b": b"1\n"}, parents=[one], branch="main")
    scribe.commit({"a": b"1\n", "b": b"2\n"}, parents=[one], branch="topic")
    found = await host.diff(KEY, "main", "topic", context=0, max_lines=10)
    assert found == (
        FileDiff(
            "b",
            "b",
            ChangeKind.MODIFIED,
            1,
            1,
            False,
            found[0].old_sha,
            found[0].new_sha,
            (Hunk("@@ -1 +1 @@", (DiffLine("-", 1, None, "1"), DiffLine("+", None, 1, "2"))),),
        ),
    )


async def test_a_damaged_repository_is_an_error_of_its_own(filled):
    """A missing or broken object fails the read that needs it, with a GitError and not with something else."""
    scribe = filled.scribe()
    sha = scribe.commit({"a": b"1"}, branch="main")
    (filled.path(KEY) / "objects" / sha[:2] / sha[2:]).chmod(0o600)
    (filled.path(KEY) / "objects" / sha[:2] / sha[2:]).write_bytes(b"broken")
    with pytest.raises(GitError):
        await filled.host.resolve(KEY, "main")
