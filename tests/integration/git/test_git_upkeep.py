"""Housekeeping: what is purged, what is packed, and what is never lost."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pygit2

import git_rooms
import git_samples
from krate_git.embedded import upkeep
from krate_git.interface import RepositoryKey


def objects(path: Path) -> tuple[int, int]:
    """Loose objects and packs."""
    return len(list(path.glob("objects/??/*"))), len(list(path.glob("objects/pack/*.pack")))


async def test_what_was_retired_is_purged_after_thirty_days(tmp_path: Path):
    """Not a second earlier, and only what is retired."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    async with git_rooms.open_room(tmp_path, clock=lambda: now) as room:
        kept = RepositoryKey("acme", "kept")
        await room.host.put_repository(git_rooms.settings(kept))
        path = room.host.locate(git_rooms.KEY)
        await room.host.retire_repository(git_rooms.KEY, "uid-1")
        now += timedelta(days=30, seconds=-1)
        assert await room.host.upkeep() == ()
        assert path.exists()
        now += timedelta(seconds=1)
        assert await room.host.upkeep() == (git_rooms.KEY,)
        assert not path.exists()
        assert await room.host.find_repository(git_rooms.KEY) is None
        assert await room.host.find_repository(kept) == git_rooms.settings(kept)


async def test_many_small_pushes_are_packed(room: git_rooms.Room):
    """Loose objects become packs, unreachable ones included; clients and reads see no difference."""
    path = room.host.locate(git_rooms.KEY)
    scribe = git_samples.Scribe(path)
    head = scribe.commit({"a": b"1"}, branch="main")
    unreachable = git_samples.scatter(path, 3000)[0]
    assert upkeep.wants_packing(path)
    await room.host.upkeep()
    assert objects(path) == (0, 1)
    assert not upkeep.wants_packing(path)
    assert pygit2.Repository(str(path)).get(unreachable) is not None
    assert (await room.host.resolve(git_rooms.KEY, "main")) == head
    await room.git("clone", "-q", room.clone_url(), "copy")
    await room.commit(room.folder / "copy", {"n": "new"})
    await room.git("push", "-q", "origin", "main", cwd=room.folder / "copy")


async def test_many_refs_are_packed(room: git_rooms.Room):
    """A thousand branches become one file, and pushes go on moving them."""
    path = room.host.locate(git_rooms.KEY)
    scribe = git_samples.Scribe(path)
    sha = scribe.commit({"a": b"1"}, branch="main")
    for number in range(upkeep.MANY_REFS):
        (path / "refs" / "heads" / f"b{number}").write_text(f"{sha}\n")
    await room.host.upkeep()
    assert list((path / "refs" / "heads").iterdir()) == []
    assert len((await room.host.refs(git_rooms.KEY)).branches) == upkeep.MANY_REFS + 1
    await room.git("clone", "-q", room.clone_url(), "copy")
    await room.git("push", "-q", "origin", ":b7", cwd=room.folder / "copy")
    assert "refs/heads/b7" not in await room.refs()


async def test_quarantines_of_killed_pushes(room: git_rooms.Room):
    """What a receive-pack that was killed left behind goes after a day; what is being pushed now stays."""
    path = room.host.locate(git_rooms.KEY)
    for name, hours in (("old", 25), ("new", 23)):
        quarantine = path / "objects" / f"tmp_objdir-incoming-{name}"
        (quarantine / "17").mkdir(parents=True)
        at = datetime.now(UTC).timestamp() - hours * 3600
        os.utime(quarantine, (at, at))
    await room.host.upkeep()
    assert [found.name for found in path.glob("objects/tmp_objdir*")] == ["tmp_objdir-incoming-new"]


async def test_a_damaged_repository_does_not_stop_the_others(room: git_rooms.Room):
    """Upkeep of one fails, upkeep of the next goes on."""
    other = RepositoryKey("acme", "zoo")
    await room.host.put_repository(git_rooms.settings(other))
    for key in (git_rooms.KEY, other):
        git_samples.scatter(room.host.locate(key), 3000)
    packs = room.host.locate(git_rooms.KEY) / "objects" / "pack"
    packs.rmdir()
    packs.write_text("no folder")
    await room.host.upkeep()
    assert objects(room.host.locate(git_rooms.KEY)) == (3000, 0)
    assert objects(room.host.locate(other)) == (0, 1)


async def test_leftovers_of_a_crash_are_cleared(tmp_path: Path):
    """Half made and half deleted repositories are gone after the next start; damaged ones are left alone."""
    async with git_rooms.open_room(tmp_path):
        pass
    acme = tmp_path / "data" / "acme"
    for name in (".creating-x", ".deleting-x", "damaged.git"):
        (acme / name / "objects").mkdir(parents=True)
    async with git_rooms.open_room(tmp_path) as room:
        assert sorted(path.name for path in acme.iterdir()) == ["damaged.git", "krate", "web.git"]
        assert await room.host.find_repository(git_rooms.KEY) == git_rooms.settings()


async def test_everything_survives_a_restart(tmp_path: Path):
    """Organisations, teams, repositories, access, policies and refs are what they were."""
    key = git_rooms.KEY
    async with git_rooms.open_room(tmp_path) as room:
        await room.host.put_team("acme", "platform", ["alice"])
        await room.host.put_access(key, [])
        await room.host.put_repository(git_rooms.settings(RepositoryKey("acme", "old"), host_name="Old"))
        await room.host.retire_repository(RepositoryKey("acme", "old"), "uid-1")
        before = await everything(room)
    async with git_rooms.open_room(tmp_path) as room:
        assert await everything(room) == before


async def everything(room: git_rooms.Room) -> list[object]:
    host, key = room.host, git_rooms.KEY
    return [
        await host.find_organization("acme"),
        await host.find_team("acme", "platform"),
        await host.find_repository(key),
        await host.find_repository(RepositoryKey("acme", "old")),
        await host.find_access(key),
        await host.find_ref_policy_digest(key),
        await host.refs(key),
    ]


async def test_a_policy_that_cannot_be_loaded_after_a_restart(tmp_path: Path):
    """The repository then accepts no push and answers no digest, until a sound document is put."""
    async with git_rooms.open_room(tmp_path) as room:
        record = room.host.locate(git_rooms.KEY) / "krate" / "policy.json"
    record.write_text(record.read_text().replace('\\"repository\\"', '\\"repo\\"'))
    async with git_rooms.serve_unfilled(tmp_path) as room:
        assert await room.host.find_ref_policy_digest(git_rooms.KEY) is None
        tree = await room.work_tree()
        refused = await room.git("push", "origin", "main", cwd=tree, check=False)
        assert "rule noPolicyDocument" in refused.err
        await room.host.put_ref_policy(git_rooms.KEY, git_rooms.policy())
        await room.git("push", "-q", "origin", "main", cwd=tree)
