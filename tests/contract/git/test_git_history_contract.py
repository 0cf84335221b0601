"""What every Git host answers about history: commits, the paths they touch, and who wrote which line."""

from datetime import UTC, datetime

import pytest
from pygit2 import enums

import git_rooms
import git_samples
from krate_git.interface import (
    BlameLine,
    GitError,
    RevisionMissing,
)

KEY = git_rooms.KEY
LATIN = b"d/\xe9t\xe9"
LATIN_TEXT = r'"d/\351t\351"'


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
    assert (first, first.title) == (git_samples.commit_of(scribe, shas[0]), "one")


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
    one = scribe.commit({"old": git_samples.lines()}, branch="main")
    two = scribe.commit({"new": git_samples.lines((5, "x"), (6, "y"))}, parents=[one], branch="main")
    first, second = git_samples.commit_of(scribe, one), git_samples.commit_of(scribe, two)
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
