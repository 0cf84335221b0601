"""The process that serves Git dies by kill -9, at each point where refs and records could come apart."""

import asyncio
import contextlib
import os
import resource
import signal
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest

import git_rooms
import git_server
from krate_git.embedded.host import EmbeddedHost, Options
from krate_git.interface import ZERO, GitError, Push, RefUpdate, Verdict, Via
from krate_git.memory import MemoryPushSink

TESTS = Path(__file__).parents[2]


@dataclass
class Server:
    """A host in a process of its own."""

    process: asyncio.subprocess.Process
    url: str

    def rss(self) -> int:
        """Bytes of memory it holds."""
        pages = int((Path("/proc") / str(self.process.pid) / "statm").read_text().split()[1])
        return pages * resource.getpagesize()


@contextlib.asynccontextmanager
async def serving(root: Path, *, fault: str = "", file_size: int = 0) -> AsyncGenerator[Server]:
    """The server, killed at the end if it lives."""
    announce = root / "port"
    announce.unlink(missing_ok=True)
    found = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    faults = {"KRATE_FAULT": fault, "KRATE_FILE_SIZE": str(file_size)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, os.fspath(TESTS / "git_server.py"), os.fspath(root), os.fspath(announce)),
        env={**os.environ, **faults, "PYTHONPATH": os.pathsep.join((*found, os.fspath(TESTS)))},
    )
    try:
        async with asyncio.timeout(30):
            while not announce.exists() or not announce.read_text():
                assert process.returncode is None
                await asyncio.sleep(0.02)
        yield Server(process, f"http://127.0.0.1:{announce.read_text()}/acme/web.git")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def work_tree(folder: Path, *, files: dict[str, str] | None = None) -> tuple[Path, str]:
    tree = folder / "work"
    tree.mkdir()
    await git_rooms.git("init", "-q", "-b", "main", cwd=tree)
    for name, text in (files or {"README.md": "hello\n"}).items():
        (tree / name).write_text(text)
    await git_rooms.git("add", "-A", cwd=tree)
    await git_rooms.git("commit", "-q", "-m", "first", cwd=tree)
    return tree, (await git_rooms.git("rev-parse", "HEAD", cwd=tree)).out


async def push(tree: Path, url: str, *specs: str) -> git_rooms.Outcome:
    header = f"http.extraHeader=Authorization: {git_rooms.basic('alice')}"
    return await git_rooms.git("-c", header, "push", url, *(specs or ("main",)), cwd=tree, check=False)


def moves(root: Path) -> list[tuple[str, list[str]]]:
    """What the journal holds: refusals, intents, and what each moved."""
    return [
        (entry["what"], [update["ref"] for update in entry.get("moved", ())])
        for entry in git_server.JournalSink(root / "journal").entries()
    ]


def refs(root: Path) -> dict[str, str]:
    return dict(git_rooms.read_refs(root / "data" / "acme" / "web.git"))


def socket_of(root: Path) -> Path:
    """Where the evaluator listens, or listened when it was killed."""
    return Path((root / "data" / ".krate" / "socket").read_text()) / "evaluator"


def is_there(path: Path) -> bool:
    return path.exists()


def quarantines(root: Path) -> list[Path]:
    return list((root / "data" / "acme" / "web.git" / "objects").glob("tmp_*"))


async def test_killed_after_the_refs_moved(tmp_path: Path):
    """The ref stands, the intent is open; the next start closes it with what moved before anything is served."""
    tree, sha = await work_tree(tmp_path)
    async with serving(tmp_path, fault="before-finish") as server:
        await push(tree, server.url)
        assert await server.process.wait() == -signal.SIGKILL
    assert refs(tmp_path) == {"refs/heads/main": sha}
    assert moves(tmp_path) == [("begin", [])]
    left = socket_of(tmp_path)
    assert left.exists()
    async with serving(tmp_path) as server:
        assert (is_there(left.parent), is_there(socket_of(tmp_path))) == (False, True)
        assert moves(tmp_path) == [("begin", []), ("finish", ["refs/heads/main"])]
        entry = git_server.JournalSink(tmp_path / "journal").entries()[-1]
        assert (entry["moved"], entry["facts"]["branches"]) == (
            [{"ref": "refs/heads/main", "old": ZERO, "new": sha}],
            1,
        )
        assert (await push(tree, server.url, "main:topic")).ok


async def test_killed_before_the_hook_was_answered(tmp_path: Path):
    """Without its answer the hook refuses: no ref, and the next start closes the intent with nothing moved."""
    tree, _ = await work_tree(tmp_path)
    async with serving(tmp_path, fault="after-begin") as server:
        outcome = await push(tree, server.url)
        assert not outcome.ok
    assert refs(tmp_path) == {}
    async with serving(tmp_path) as server:
        assert moves(tmp_path) == [("begin", []), ("finish", [])]
        assert (await push(tree, server.url)).ok


async def test_killed_while_receive_pack_lives_on(tmp_path: Path):
    """A receive-pack that was told yes and outlives its server is waited for, so that what it moves is recorded."""
    tree, sha = await work_tree(tmp_path)
    async with serving(tmp_path, fault="stop-receive-pack") as server:
        pushing = asyncio.create_task(push(tree, server.url))
        async with asyncio.timeout(20):
            await server.process.wait()
        await pushing
    (orphan,) = orphans()
    starting = serving(tmp_path)
    entering = asyncio.create_task(starting.__aenter__())
    try:
        done, _ = await asyncio.wait({entering}, timeout=1.5)
        assert (done, refs(tmp_path), moves(tmp_path)) == (set(), {}, [("begin", [])])
    finally:
        os.kill(orphan, signal.SIGCONT)
    server = await entering
    try:
        assert refs(tmp_path) == {"refs/heads/main": sha}
        assert moves(tmp_path) == [("begin", []), ("finish", ["refs/heads/main"])]
        assert (await push(tree, server.url, "main:topic")).ok
    finally:
        await starting.__aexit__(None, None, None)


def orphans() -> list[int]:
    """Stopped receive-packs of a server that is gone."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and b"receive-pack\0--stateless-rpc" in (entry / "cmdline").read_bytes():
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                found += [int(entry.name)] if state == "T" else []
    return found


async def test_a_root_belongs_to_one_process(tmp_path: Path):
    """A second server over the same data refuses to start, and says why; after the first is gone it starts."""
    async with serving(tmp_path):
        host = EmbeddedHost(
            tmp_path / "data",
            sink=MemoryPushSink(),
            gatekeeper=git_rooms.everybody(),
            options=Options(archive_secret=git_rooms.SECRET),
        )
        with pytest.raises(GitError, match="another process serves the repositories in"):
            await host.start()
        await host.stop()
    async with serving(tmp_path):
        pass


async def test_recovery_of_intents_whose_refs_went_elsewhere(tmp_path: Path):
    """A move that did not happen is not recorded: refs decide, one by one, and a repository that is gone moved none."""
    sink = MemoryPushSink()
    async with git_rooms.open_room(tmp_path, sink=sink) as room:
        tree = await room.work_tree()
        await room.git("push", "-q", "origin", "main", "main:topic", cwd=tree)
        sha = (await git_rooms.git("rev-parse", "HEAD", cwd=tree)).out
        # A retired repository holds what moved in it; one that is gone does not.
        await room.host.retire_repository(git_rooms.KEY, "uid-1")
    main, topic = RefUpdate("refs/heads/main", ZERO, sha), RefUpdate("refs/heads/topic", sha, ZERO)
    gone = git_rooms.RepositoryKey("acme", "gone")
    for key in (git_rooms.KEY, gone):
        await sink.begin(Push(key, git_rooms.everybody().user("bob"), Via.PUSH, (main, topic), "c"), Verdict())
    async with git_rooms.open_room(tmp_path, sink=sink):
        assert [(done.push.key, done.moved) for done in sink.finished[1:]] == [(git_rooms.KEY, (main,)), (gone, ())]


async def test_a_disk_that_ends_in_the_middle_of_a_push(tmp_path: Path):
    """A pack that cannot be written is refused whole: no ref, no intent, no leftovers; what fits still goes in."""
    tree, sha = await work_tree(tmp_path)
    (tree / "big").write_bytes(os.urandom(2_000_000))
    await git_rooms.git("add", "-A", cwd=tree)
    await git_rooms.git("commit", "-q", "-m", "big", cwd=tree)
    async with serving(tmp_path, file_size=500_000) as server:
        outcome = await push(tree, server.url)
        assert "main -> main (unpacker error)" in outcome.err
        assert (refs(tmp_path), (tmp_path / "journal").exists()) == ({}, False)
        assert quarantines(tmp_path) == []
        assert (await push(tree, server.url, f"{sha}:refs/heads/main")).ok
    assert refs(tmp_path) == {"refs/heads/main": sha}


@pytest.mark.timeout(300)
async def test_memory_stays_bounded(tmp_path: Path):
    """A hundred megabytes go up and come down through a server whose memory does not grow with them."""
    tree, sha = await work_tree(tmp_path)
    size = 100 * 1024 * 1024
    with (tree / "big").open("wb") as file:
        for _ in range(100):
            file.write(os.urandom(1024 * 1024))
    await git_rooms.git("config", "core.compression", "0", cwd=tree)
    await git_rooms.git("add", "-A", cwd=tree)
    await git_rooms.git("commit", "-q", "-m", "big", cwd=tree)
    async with serving(tmp_path) as server:
        assert (await push(tree, server.url, f"{sha}:refs/heads/main")).ok
        before, peak = server.rss(), 0
        done = asyncio.Event()

        async def watch() -> None:
            nonlocal peak
            while not done.is_set():
                peak = max(peak, server.rss())
                await asyncio.sleep(0.01)

        watching = asyncio.create_task(watch())
        assert (await push(tree, server.url)).ok
        header = f"http.extraHeader=Authorization: {git_rooms.basic('alice')}"
        await git_rooms.git("-c", header, "clone", "-q", server.url, "copy", cwd=tmp_path)
        done.set()
        await watching
    assert (tmp_path / "copy" / "big").stat().st_size == size
    print(f"server grew by {(peak - before) // 1024} KiB")  # noqa: T201 - worth knowing
    assert peak - before < 24 * 1024 * 1024, f"{before} bytes grew to {peak}"
