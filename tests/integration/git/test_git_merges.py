"""The merge service's side of the host: real merge commits, judged at merge time, under the lock of pushes."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import git_rooms
from krate.models.refpolicy import FailurePolicy, Mode, RefOperation
from krate_git.document import BranchRules, CheckRule, RefRule, RefRules, Requirement, Source
from krate_git.interface import (
    ZERO,
    GitError,
    HostUnavailable,
    MergeFacts,
    MergeOrder,
    MergeOutcome,
    RefMoved,
    RefUpdate,
    RepositoryMissing,
    Verdict,
    Via,
)

PROTECTED = BranchRules(
    Source("BranchProtection", "main"),
    require_pull_request=True,
    required_approvals=1,
    required_checks=(CheckRule("build"),),
)
FACTS = MergeFacts(approvals=1, approving_teams=1, checks={"build": ("ci",)}, up_to_date=True)


@dataclass
class Scene:
    """A repository with a protected main and a topic branch that is one commit ahead."""

    room: git_rooms.Room
    tree: Path
    base: str
    head: str

    def order(self, **over: Any) -> MergeOrder:
        base = {
            "key": git_rooms.KEY,
            "caller": self.room.gate.tokens["bob-token"],
            "target": "main",
            "target_sha": self.base,
            "source": "topic",
            "head_sha": self.head,
            "message": "Merge web-1: Topic",
            "author_name": "Bob",
            "author_email": "bob@example.com",
            "facts": FACTS,
            "correlation_id": "correlation-1",
            "pull_request": "web-1",
            "delete_source": False,
        }
        return MergeOrder(**{**base, **over})


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncGenerator[Scene]:
    async with git_rooms.open_room(tmp_path) as room:
        tree = await room.work_tree()
        base = (await git_rooms.git("rev-parse", "HEAD", cwd=tree)).out
        await git_rooms.git("switch", "-q", "-c", "topic", cwd=tree)
        head = await room.commit(tree, {"new": "1\n"}, "topic")
        await room.git("push", "-q", "origin", "main", "topic", cwd=tree)
        await room.protect(branches=[PROTECTED])
        room.sink.finished.clear()
        yield Scene(room, tree, base, head)


async def close_through(scene: Scene, outcome: MergeOutcome) -> None:
    """What the caller's transaction does."""
    assert outcome.facts is not None
    await scene.room.sink.finish(outcome.intent, outcome.moved, outcome.facts)


async def test_a_merge(scene: Scene):
    """A two-parent commit appears on the target, the intent names it, and a client pulls it."""
    outcome = await scene.room.host.merge(scene.order(), close=lambda found: close_through(scene, found))
    update = RefUpdate("refs/heads/main", scene.base, outcome.commit)
    assert outcome == MergeOutcome(
        Verdict(), outcome.commit, outcome.intent, False, Verdict(), (update,), outcome.facts
    )
    assert (await scene.room.refs())["refs/heads/main"] == outcome.commit
    (finished,) = scene.room.sink.finished
    assert (finished.push.via, finished.push.pull_request, finished.push.caller.username, finished.moved) == (
        Via.MERGE,
        "web-1",
        "bob",
        (update,),
    )
    await scene.room.git("fetch", "-q", "origin", cwd=scene.tree)
    shown = await git_rooms.git("log", "-1", "--format=%P|%an|%ae|%B", "origin/main", cwd=scene.tree)
    assert shown.out == f"{scene.base} {scene.head}|Bob|bob@example.com|Merge web-1: Topic"
    assert list(await scene.room.sink.open_intents()) == []


async def test_a_merge_deletes_its_source(scene: Scene):
    """One intent holds both updates; without a closing the caller finds it open."""
    outcome = await scene.room.host.merge(scene.order(delete_source=True))
    moved = (
        RefUpdate("refs/heads/main", scene.base, outcome.commit),
        RefUpdate("refs/heads/topic", scene.head, ZERO),
    )
    assert (outcome.source_deleted, outcome.moved) == (True, moved)
    assert await scene.room.refs() == {"refs/heads/main": outcome.commit}
    ((intent, push),) = await scene.room.sink.open_intents()
    assert (intent, push.updates) == (outcome.intent, moved)


async def test_policies_decide_about_the_source(scene: Scene):
    """A protected source stays, the merge stands, and the refusal of the deletion is told and recorded."""
    keep = BranchRules(Source("BranchProtection", "keep"), ("topic",))
    await scene.room.protect(branches=[PROTECTED, keep])
    outcome = await scene.room.host.merge(scene.order(delete_source=True))
    assert (outcome.source_deleted, [finding.rule for finding in outcome.deletion_verdict.findings]) == (
        False,
        ["allowDeletion"],
    )
    assert sorted(await scene.room.refs()) == ["refs/heads/main", "refs/heads/topic"]
    assert len(scene.room.sink.refused) == 1


NOT_MET = [
    ("no approval", replace(FACTS, approvals=0), "requiredApprovals"),
    ("no check", replace(FACTS, checks={}), "requiredChecks"),
]


@pytest.mark.parametrize(("facts", "rule"), [row[1:] for row in NOT_MET], ids=[row[0] for row in NOT_MET])
async def test_requirements_at_merge_time(scene: Scene, facts: MergeFacts, rule: str):
    """A merge whose requirements do not hold is refused with the rule, moves nothing, and is recorded as a denial."""
    before = await scene.room.refs()
    outcome = await scene.room.host.merge(scene.order(facts=facts, delete_source=True))
    assert (outcome.commit, outcome.intent, [finding.rule for finding in outcome.verdict.findings]) == ("", "", [rule])
    assert await scene.room.refs() == before
    assert [push.via for push, _ in scene.room.sink.refused] == [Via.MERGE]


async def test_ref_policies_see_the_real_merge_commit(scene: Scene):
    """The receive policies judge the commits that the target gains, the merge commit among them."""
    rule = RefRule("tickets", ("refs/heads/main",), tuple(RefOperation), require=Requirement(message="^(KEY-|topic)"))
    rules = RefRules(Source("RefPolicy", "messages"), Mode.ENFORCE, FailurePolicy.FAIL, (rule,))
    await scene.room.protect(branches=[PROTECTED], refs=[rules])
    refused = await scene.room.host.merge(scene.order())
    (finding,) = refused.verdict.findings
    assert "('Merge web-1: Topic') has a message without ^(KEY-|topic)" in finding.message
    assert (await scene.room.host.merge(scene.order(message="KEY-1 merge"))).verdict.allowed


async def test_linear_history_takes_no_merge_commit(scene: Scene):
    """A protection that asks for linear history refuses the merge itself."""
    await scene.room.protect(branches=[replace(PROTECTED, require_linear_history=True)])
    outcome = await scene.room.host.merge(scene.order())
    assert [finding.rule for finding in outcome.verdict.findings] == ["requireLinearHistory"]


MOVED = [
    ("the target", {"target_sha": "a" * 40}, "main is at"),
    ("the source", {"head_sha": "a" * 40}, "topic is at"),
    ("a source that is gone", {"source": "nowhere"}, "nowhere is gone"),
]


@pytest.mark.parametrize(("over", "text"), [row[1:] for row in MOVED], ids=[row[0] for row in MOVED])
async def test_what_moved_in_the_meantime(scene: Scene, over: dict[str, str], text: str):
    """A target or source that is not where the order says is an error of its own, before anything is written."""
    with pytest.raises(RefMoved, match=text):
        await scene.room.host.merge(scene.order(**over))
    assert (await scene.room.refs())["refs/heads/main"] == scene.base


async def test_two_merges_at_once(scene: Scene):
    """One wins, the other finds the target moved; nothing is lost."""
    outcomes = await asyncio.gather(
        *(scene.room.host.merge(scene.order(), close=lambda found: close_through(scene, found)) for _ in range(4)),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["MergeOutcome", *["RefMoved"] * 3]
    assert len(scene.room.sink.finished) == 1


async def test_a_merge_and_pushes_at_once(scene: Scene):
    """A push to another branch waits until the merge is recorded, so records come in the order of moves."""
    merging, proceed = asyncio.Event(), asyncio.Event()

    async def close(outcome: MergeOutcome) -> None:
        merging.set()
        await proceed.wait()
        await close_through(scene, outcome)

    merge = asyncio.create_task(scene.room.host.merge(scene.order(), close=close))
    await merging.wait()
    push = asyncio.create_task(scene.room.git("push", "-q", "origin", "topic:other", cwd=scene.tree))
    await asyncio.wait({push}, timeout=0.5)
    assert (push.done(), scene.room.sink.finished) == (False, [])
    proceed.set()
    await asyncio.gather(merge, push)
    assert [done.push.via for done in scene.room.sink.finished] == [Via.MERGE, Via.PUSH]


async def test_a_closing_that_fails(scene: Scene):
    """The error reaches the caller; the merge stands, and is recorded from the refs before anything else moves."""

    async def close(outcome: MergeOutcome) -> None:
        raise OSError("the store is gone")

    with pytest.raises(OSError, match="the store is gone"):
        await scene.room.host.merge(scene.order(delete_source=True), close=close)
    assert scene.room.sink.finished == []
    await scene.room.git("push", "-q", "origin", "topic:other", cwd=scene.tree)
    first, second = scene.room.sink.finished
    assert [update.ref for update in first.moved] == ["refs/heads/main", "refs/heads/topic"]
    assert [update.ref for update in second.moved] == ["refs/heads/other"]


async def test_a_caller_that_is_cancelled(scene: Scene):
    """A merge that began completes by its own closing, though nobody waits for it any more."""
    merging, proceed, closed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def close(outcome: MergeOutcome) -> None:
        merging.set()
        await proceed.wait()
        await close_through(scene, outcome)
        closed.set()

    task = asyncio.create_task(scene.room.host.merge(scene.order(), close=close))
    await merging.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    proceed.set()
    async with asyncio.timeout(10):
        await closed.wait()
    await scene.room.git("push", "-q", "origin", "topic:other", cwd=scene.tree)
    assert [done.push.via for done in scene.room.sink.finished] == [Via.MERGE, Via.PUSH]


async def test_a_target_that_cannot_be_locked(scene: Scene):
    """A ref that cannot be moved is an error; the intent is closed with nothing moved."""
    path = scene.room.host.locate(git_rooms.KEY)
    (path / "refs" / "heads" / "main.lock").mkdir()
    with pytest.raises(GitError, match="being changed by somebody else"):
        await scene.room.host.merge(scene.order())
    assert [done.moved for done in scene.room.sink.finished] == [()]
    assert list(await scene.room.sink.open_intents()) == []


async def test_merges_that_cannot_be(scene: Scene):
    """Conflicts name their paths; archived, retired and unknown repositories merge nothing."""
    await git_rooms.git("switch", "-q", "main", cwd=scene.tree)
    await room_commit_direct(scene, {"new": "2\n"})
    moved = (await scene.room.refs())["refs/heads/main"]
    with pytest.raises(GitError, match="the merge conflicts in new; merge the target into the source branch"):
        await scene.room.host.merge(scene.order(target_sha=moved))
    await scene.room.host.put_repository(git_rooms.settings(archived=True))
    with pytest.raises(GitError, match="archived"):
        await scene.room.host.merge(scene.order(target_sha=moved))
    await scene.room.host.retire_repository(git_rooms.KEY, "uid-1")
    with pytest.raises(RepositoryMissing):
        await scene.room.host.merge(scene.order(target_sha=moved))


async def room_commit_direct(scene: Scene, files: dict[str, str]) -> None:
    """Move main by a push, as somebody who bypasses its protection."""
    await scene.room.protect(branches=[replace(PROTECTED, bypass=("alice",))])
    await scene.room.commit(scene.tree, files, "direct")
    told = await scene.room.git("push", "origin", "main", cwd=scene.tree)
    assert "Bypassed: BranchProtection/main; this is recorded" in told.err
    assert scene.room.sink.finished[-1].verdict.bypassed == ("BranchProtection/main",)


async def test_a_host_that_is_not_started_merges_nothing(scene: Scene):
    """Open intents of a crash are resolved first."""
    scene.room.host._ready = False
    with pytest.raises(HostUnavailable, match="starting"):
        await scene.room.host.merge(scene.order())


async def test_locks_of_the_dead(scene: Scene):
    """A merge whose target, source and HEAD are still locked by a process that was killed takes place."""
    path = scene.room.host.locate(git_rooms.KEY)
    for ref in ("HEAD", "packed-refs", "refs/heads/main", "refs/heads/topic"):
        (path / f"{ref}.lock").write_text("")
    outcome = await scene.room.host.merge(scene.order(delete_source=True))
    assert outcome.moved == (
        RefUpdate("refs/heads/main", scene.base, outcome.commit),
        RefUpdate("refs/heads/topic", scene.head, ZERO),
    )
    assert list(path.rglob("*.lock")) == []
