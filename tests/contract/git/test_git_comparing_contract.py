"""What every Git host answers when two revisions are compared."""

import base64

import pytest

import git_rooms
import git_samples
from krate_git.interface import (
    ChangeKind,
    Comparison,
    DiffLine,
    FileDiff,
    GitError,
    Hunk,
    Mergeability,
)

KEY = git_rooms.KEY
LATIN = b"d/\xe9t\xe9"
LATIN_TEXT = r'"d/\351t\351"'


async def test_compare(host, scribe):
    """Merge base, distances, statistics by file, and whether the head merges."""
    one = scribe.commit({"a": git_samples.lines(), "b": b"1\n"}, branch="main")
    topic = scribe.commit({"a": git_samples.lines((2, "x")), "c": b"new\n"}, parents=[one], branch="topic")
    main = scribe.commit({"a": git_samples.lines((19, "y")), "b": b"1\n"}, parents=[one], branch="main")
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
    one = scribe.commit({"a": git_samples.lines()}, branch="main")
    scribe.commit({"a": git_samples.lines((3, "three\x0c\u2028still"), (17, "x\ny"))}, parents=[one], branch="topic")
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
    one = scribe.commit({"old/name": git_samples.lines(), "keep": b"k"}, branch="main")
    scribe.commit({"new/name": git_samples.lines((7, "seven")), "keep": b"k"}, parents=[one], branch="topic")
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
    one = scribe.commit({"big": git_samples.lines(count=300), "small": b"1\n"}, branch="main")
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
