"""A store or a disk that fails while somebody pushes: nothing is half applied."""

import errno
import os
from pathlib import Path

import pytest

import git_faults
import git_rooms
from krate_git.document import BranchRules, Source
from krate_git.interface import GitError, Push, RepositoryKey


async def full_disk(push: Push) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_an_intent_that_cannot_be_written(room: git_rooms.Room, tree: Path, sink: git_faults.Faulty):
    """A full disk or a failing store refuses the push before anything moves, and the next one works."""
    sink.before_begin = full_disk
    await git_faults.refused(room, tree, "Refused: the rules of this repository cannot be evaluated; details:")
    sink.before_begin = None
    assert (await git_faults.push(room, tree)).ok


async def test_a_denial_that_cannot_be_recorded(room: git_rooms.Room, tree: Path, sink: git_faults.Faulty):
    """A refusal stays a refusal when the store fails."""
    await room.protect(branches=[BranchRules(Source("BranchProtection", "all"), ("**",), require_pull_request=True)])
    sink.before_denied = full_disk
    await git_faults.refused(room, tree, "Refused: the rules of this repository cannot be evaluated")


async def test_a_push_that_cannot_be_recorded_blocks_the_next(
    room: git_rooms.Room, tree: Path, sink: git_faults.Faulty
):
    """The refs moved, so the client hears of it; until the store has heard of it too, nothing else moves."""

    async def fail(intent: str) -> None:
        raise OSError(errno.EIO, "Input/output error")

    sink.before_finish = fail
    assert (await git_faults.push(room, tree)).ok
    blocked = await git_faults.push(room, tree, "main:topic")
    assert "an earlier push is not recorded yet, so nothing may move" in blocked.err
    assert sorted(await room.refs()) == ["refs/heads/main"]
    sink.before_finish = None
    assert (await git_faults.push(room, tree, "main:topic")).ok
    assert [[update.ref for update in done.moved] for done in sink.finished] == [
        ["refs/heads/main"],
        ["refs/heads/topic"],
    ]


async def test_a_disk_that_fails_to_flush(tmp_path: Path):
    """A setting or a policy that cannot be made durable is an error, and the one before stays in force."""
    failing = False

    def sync(descriptor: int) -> None:
        if failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        os.fsync(descriptor)

    async with git_rooms.open_room(tmp_path, sync=sync) as room:
        before = git_rooms.policy().digest
        failing = True
        other = git_rooms.policy(branches=[git_faults.PROTECTED])
        for change in (
            room.host.put_ref_policy(git_rooms.KEY, other),
            room.host.put_repository(git_rooms.settings(description="new")),
            room.host.put_repository(git_rooms.settings(RepositoryKey("acme", "second"))),
            room.host.put_access(git_rooms.KEY, ()),
            room.host.put_organization("globex", full_name="Globex", visibility="private"),
            room.host.put_team("acme", "platform", ["alice"]),
            room.host.retire_repository(git_rooms.KEY, "uid-1"),
        ):
            with pytest.raises(GitError, match=r"could not write to its disk: .*No space left"):
                await change
        failing = False
        assert await room.host.find_ref_policy_digest(git_rooms.KEY) == before
        assert await room.host.find_repository(git_rooms.KEY) == git_rooms.settings()
        assert await room.host.find_repository(RepositoryKey("acme", "second")) is None
        assert await room.host.find_access(git_rooms.KEY) is None
        assert await room.host.find_team("acme", "platform") is None
        stored = {path.name for path in room.host.locate(git_rooms.KEY).joinpath("krate").iterdir()}
        assert stored == {"settings.json", "policy.json", "lock"}
    async with git_rooms.open_room(tmp_path, sync=sync) as room:
        assert await room.host.find_ref_policy_digest(git_rooms.KEY) == before
