"""Several people at one repository at the same time."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import git_faults
import git_rooms
import git_samples
import waiting
from krate.identity import Attributes, Caller, Decision
from krate_git.document import BranchRules, Source
from krate_git.interface import Push


async def test_two_first_pushes(room: git_rooms.Room, tree: Path, sink: git_faults.Faulty):
    """Of two racing first pushes one wins; the loser is judged by the full rule and refused."""
    await room.protect(branches=[git_faults.PROTECTED])
    other = await room.work_tree("other", files={"b": "2"})
    await git_rooms.git("commit", "-q", "--amend", "-m", "unrelated", cwd=other)
    outcomes = await asyncio.gather(git_faults.push(room, tree), git_faults.push(room, other, user="bob"))
    assert sorted(outcome.ok for outcome in outcomes) == [False, True]
    assert len(await room.refs()) == 1
    assert [len(done.moved) for done in sink.finished] == [1]
    (loser,) = [outcome for outcome in outcomes if not outcome.ok]
    assert "remote: Refused: refs/heads/main" in loser.err or "fetch first" in loser.err


async def test_refs_that_the_store_does_not_know_of(room: git_rooms.Room, tree: Path):
    """A repository that holds a ref is no virgin, whatever the records say."""
    git_samples.Scribe(room.host.locate(git_rooms.KEY)).commit({"a": b"1"}, branch="elsewhere")
    await room.protect(branches=[git_faults.PROTECTED])
    assert await room.sink.never_pushed(git_rooms.KEY)
    assert "rule requirePullRequest" in (await git_faults.push(room, tree)).err


async def test_the_loser_of_a_first_push_hears_the_full_rule(room: git_rooms.Room, tree: Path, sink: git_faults.Faulty):
    """A push that began before the first one ended, and creates another branch beside, is no first push any more."""
    await room.protect(branches=[BranchRules(Source("BranchProtection", "all"), ("**",), require_pull_request=True)])
    started, proceed = asyncio.Event(), asyncio.Event()

    async def wait(push: Push) -> None:
        started.set()
        await proceed.wait()

    sink.before_begin = wait
    winner = asyncio.create_task(git_faults.push(room, tree))
    await started.wait()
    sink.before_begin = None
    loser = asyncio.create_task(git_faults.push(room, tree, "main:other", user="bob"))
    await waiting.until(lambda: len(git_faults.receive_packs()) == 2)
    proceed.set()
    assert (await winner).ok
    assert "by BranchProtection/all, rule requirePullRequest:" in (await loser).err


async def test_concurrent_pushes_to_one_repository(room: git_rooms.Room, tree: Path, sink: git_faults.Faulty):
    """Ten pushes to ten branches at once all arrive, one after the other; ten to one branch let one win."""
    assert (await git_faults.push(room, tree)).ok
    trees = []
    for number in range(10):
        copy = room.folder / f"copy{number}"
        await room.git("clone", "-q", room.clone_url(), os.fspath(copy))
        await room.commit(copy, {"n": str(number)}, f"change {number}")
        trees.append(copy)
    own = await asyncio.gather(*(git_faults.push(room, copy, f"main:own{number}") for number, copy in enumerate(trees)))
    assert [outcome.status for outcome in own] == [0] * 10
    assert len(await room.refs()) == 11
    same = await asyncio.gather(*(git_faults.push(room, copy, "main") for copy in trees))
    assert sorted(outcome.ok for outcome in same) == [False] * 9 + [True]
    (winner,) = [copy for copy, outcome in zip(trees, same, strict=True) if outcome.ok]
    assert (await room.refs())["refs/heads/main"] == (await git_rooms.git("rev-parse", "HEAD", cwd=winner)).out
    assert [len(done.moved) for done in sink.finished] == [1] * 12
    assert list(await sink.open_intents()) == []


async def test_a_ref_that_moves_under_a_push(room: git_rooms.Room, tree: Path):
    """A push whose old value is no longer true is refused as a whole with that reason, before any rule looks at it."""
    assert (await git_faults.push(room, tree)).ok
    one = (await git_rooms.git("rev-parse", "HEAD", cwd=tree)).out
    await room.commit(tree, {"a": "b"})
    assert (await git_faults.push(room, tree)).ok
    await room.commit(tree, {"a": "c"})
    body = await git_rooms.push_body(tree, "refs/heads/main", old=one)
    answer = await git_faults.post(room, body)
    assert "refs/heads/main moved while you pushed; fetch, look again, and push anew" in git_rooms.told(answer.content)


async def test_a_right_that_is_lost_during_the_push(room: git_rooms.Room, tree: Path, sink: git_faults.Faulty):
    """The right is reviewed again under the lock, after the upload, and the refusal is recorded."""
    review, updates = room.gate.review, 0

    async def losing(caller: Caller, attributes: Attributes) -> Decision:
        nonlocal updates
        updates += attributes.verb == "update"
        return Decision(allowed=False) if updates > 2 else await review(caller, attributes)

    room.gate.review = losing
    outcome = await git_faults.push(room, tree)
    assert "by Krate/host, rule access:" in outcome.err
    assert await room.refs() == {}
    assert [verdict.findings[0].rule for _, verdict in sink.refused] == ["access"]


@pytest.mark.parametrize("end", ["deleted", "retired"])
async def test_a_repository_that_goes_while_it_is_pushed_to(room: git_rooms.Room, tree: Path, end: str):
    """A push that was uploading when its repository went is refused, and the repository stays gone."""
    body = await git_rooms.push_body(tree, "refs/heads/main")
    path = room.host.locate(git_rooms.KEY)

    async def slowly() -> AsyncIterator[bytes]:
        yield body[:20]
        await waiting.until(git_faults.receive_packs)
        if end == "deleted":
            await room.host.delete_repository(git_rooms.KEY, "uid-1")
        else:
            await room.host.retire_repository(git_rooms.KEY, "uid-1")
        yield body[20:]

    answer = await git_faults.post(room, slowly())
    assert b"ok refs/heads/main" not in answer.content
    assert path.exists() is (end == "retired")
    if end == "retired":
        assert "the Git host holds no such repository" in git_rooms.told(answer.content)
        await room.host.put_repository(git_rooms.settings())
        assert await room.refs() == {}
