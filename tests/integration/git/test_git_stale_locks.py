"""Lock files of refs that a killed process left behind: Git itself would refuse to move those refs for ever."""

import asyncio
import os
from pathlib import Path

import git_rooms
from krate_git.embedded import locks


def abandon(repository: Path, *refs: str) -> None:
    """What is left of a ref transaction that was killed."""
    for ref in refs:
        (repository / f"{ref}.lock").write_text("")


def left(repository: Path) -> list[str]:
    return sorted(path.name for path in repository.rglob("*.lock"))


async def test_pushes_go_on(room: git_rooms.Room, tree: Path):
    """A push that updates, creates and deletes refs whose locks are stale succeeds, and leaves none behind."""
    path = room.host.locate(git_rooms.KEY)
    await room.git("push", "-q", "origin", "main", "main:old", cwd=tree)
    abandon(path, "HEAD", "packed-refs", "refs/heads/main", "refs/heads/old", "refs/heads/new")
    sha = await room.commit(tree, {"README.md": "again\n"})
    await room.git("push", "-q", "origin", "main", "main:new", ":old", cwd=tree)
    assert {ref: found for ref, found in (await room.refs()).items() if ref.startswith("refs/heads/")} == {
        "refs/heads/main": sha,
        "refs/heads/new": sha,
    }
    assert left(path) == []


async def test_the_default_branch_can_be_changed(room: git_rooms.Room):
    """Settings that point HEAD elsewhere are not stopped by a stale HEAD.lock."""
    path = room.host.locate(git_rooms.KEY)
    abandon(path, "HEAD")
    await room.host.put_repository(git_rooms.settings(default_branch="trunk"))
    assert (path / "HEAD").read_text() == "ref: refs/heads/trunk\n"
    assert left(path) == []


def test_nothing_outside_of_refs_is_touched(tmp_path: Path):
    """A name that would lead out of the repository's refs removes nothing; a file in a folder's place is no error."""
    repository = tmp_path / "web.git"
    (repository / "refs" / "heads").mkdir(parents=True)
    (repository / "refs" / "heads" / "a").write_text("")
    kept = [tmp_path / "x.lock", repository / "config.lock"]
    for path in kept:
        path.write_text("")
    locks.clear(repository, ["refs/../../x", f"{tmp_path}/x", "config", "refs/heads/a/b"])
    assert [path for path in kept if path.exists()] == kept


async def test_the_living_keep_their_locks(room: git_rooms.Room, tree: Path):
    """While another process holds the repository nothing is cleared: the push waits for it."""
    path = room.host.locate(git_rooms.KEY)
    holder = locks.open_lock(path)
    try:
        held = await locks.Locks().acquire(git_rooms.KEY, holder)
        abandon(path, "refs/heads/main")
        push = room.git("push", "-q", "origin", "main", cwd=tree)
        waiting = asyncio.ensure_future(push)
        await asyncio.wait([waiting], timeout=0.5)
        assert (waiting.done(), left(path)) == (False, ["main.lock"])
        held.release()
        assert (await waiting).ok
        assert left(path) == []
    finally:
        os.close(holder)
