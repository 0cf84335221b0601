"""Worker processes: they do the work, die alone, and never outlive their parent."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

import git_samples
from krate_git import diff, repositories
from krate_git.interface import GitError, RepositoryKey, RepositoryMissing, RevisionMissing
from krate_git.reading import Reading
from krate_git.workers import Workers

KEY = RepositoryKey("acme", "web")


@contextlib.asynccontextmanager
async def workers(processes: int) -> AsyncGenerator[Workers]:
    found = Workers(processes=processes)
    try:
        yield found
    finally:
        found.close()


async def test_reads_in_worker_processes(tmp_path: Path):
    """Values and errors come back from another process as from a thread."""
    scribe = git_samples.Scribe(tmp_path / "web.git")
    one = scribe.commit({"a": b"1\n"}, branch="main")
    large = {f"f{number}": b"%d\n" % number for number in range(diff.SMALL_FILES)}
    scribe.commit({"a": b"2\n", **large}, parents=[one], branch="topic")
    async with workers(1) as heavy, workers(0) as light:
        answers = []
        for pool in (heavy, light):
            reading = Reading(lambda key: tmp_path / f"{key.name}.git", pool)
            found = [
                await reading.compare(KEY, "main", "topic"),
                await reading.diff(KEY, "main", "topic", context=3, max_lines=10),
                await reading.blame(KEY, "topic", "a"),
                await reading.commits(KEY, "topic", path="a", limit=5, since=""),
                await reading.tree(KEY, "topic", "", with_commits=True),
            ]
            answers.append(found)
            with pytest.raises(RevisionMissing, match="holds no commit named nowhere"):
                await reading.compare(KEY, "main", "nowhere")
            with pytest.raises(RepositoryMissing):
                await reading.compare(RepositoryKey("acme", "gone"), "main", "topic")
        assert answers[0] == answers[1]
        assert await heavy.heavy(os.getpid) != os.getpid()
        assert await heavy.light(os.getpid) == os.getpid()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def test_only_large_comparisons_leave_the_process(tmp_path: Path):
    """A small diff runs in a thread; one of many files or bytes runs where it cannot hold the GIL."""
    scribe = git_samples.Scribe(tmp_path / "web.git")
    one = scribe.commit({"a": b"1\n"}, branch="main")
    scribe.commit({"a": b"2\n"}, parents=[one], branch="few")
    scribe.commit({f"f{number}": b"1\n" for number in range(diff.SMALL_FILES + 1)}, parents=[one], branch="many")
    scribe.commit({"a": b"x\n" * (diff.SMALL_BYTES // 2)}, parents=[one], branch="big")
    found = {rev: repositories.call(diff.small, tmp_path / "web.git", "main", rev) for rev in ("few", "many", "big")}
    assert found == {"few": True, "many": False, "big": False}
    async with workers(1) as pool:
        reading = Reading(lambda key: tmp_path / f"{key.name}.git", pool)
        await reading.compare(KEY, "main", "few")
        assert pool._processes is None
        assert len((await reading.compare(KEY, "main", "many")).files) == diff.SMALL_FILES + 1
        assert pool._processes is not None


async def test_a_worker_that_dies():
    """The call that killed it is an error, and the next one gets a new worker."""
    async with workers(1) as pool:
        with pytest.raises(GitError, match="the worker that read the repository died; try again"):
            await pool.heavy(die)
        assert await pool.heavy(os.getpid) != os.getpid()


def lives(process: Path) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


PARENT = """
import asyncio, os
from krate_git.workers import Workers

async def main():
    print(await Workers(processes=1).heavy(os.getpid), flush=True)
    await asyncio.Event().wait()

if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_workers_end_with_their_parent(tmp_path: Path):
    """A parent that is killed leaves no worker behind."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    parent = await asyncio.create_subprocess_exec(sys.executable, os.fspath(script), stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    worker = Path("/proc") / (await parent.stdout.readline()).decode().strip()
    assert lives(worker)
    parent.kill()
    await parent.wait()
    # Long, because the machine may be busy; only a worker that never ends takes so long.
    async with asyncio.timeout(60):
        while lives(worker):  # noqa: ASYNC110 - a process of somebody else
            await asyncio.sleep(0.02)
