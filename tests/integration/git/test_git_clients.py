"""Real Git clients against the embedded host: what works, what is refused, and what people read then."""

from pathlib import Path

import pytest

import git_rooms
from krate.models.refpolicy import FailurePolicy, Mode, RefOperation
from krate_git.document import BranchRules, RefRule, RefRules, Source
from krate_git.interface import ZERO, RefUpdate
from krate_git.memory import Finished

PROTECTED = BranchRules(Source("BranchProtection", "main"), require_pull_request=True, required_approvals=1)


def ref_rules(**rule: object) -> RefRules:
    made = RefRule(**{"name": "rule", "refs": ("refs/**",), "operations": tuple(RefOperation), **rule})
    return RefRules(Source("RefPolicy", "rules"), Mode.ENFORCE, FailurePolicy.FAIL, (made,))


async def test_push_and_clone(room: git_rooms.Room):
    """What one pushes another clones; the push is recorded with what moved and who moved it."""
    tree = await room.work_tree(files={"README.md": "hello\n", "src/app.py": "print()\n"})
    await room.git("push", "-q", "-u", "origin", "main", cwd=tree)
    sha = (await git_rooms.git("rev-parse", "HEAD", cwd=tree)).out
    await room.git("clone", "-q", room.clone_url(), "copy", user="rita")
    assert (room.folder / "copy" / "src" / "app.py").read_text() == "print()\n"
    (finished,) = room.sink.finished
    assert isinstance(finished, Finished)
    assert (finished.push.caller.username, finished.moved) == ("alice", (RefUpdate("refs/heads/main", ZERO, sha),))
    assert (finished.facts.branches, finished.facts.tags, finished.facts.size > 0) == (1, 0, True)


async def test_an_empty_repository_names_its_default_branch(tmp_path: Path):
    """Cloning before the first push gives a work tree on the branch that the repository declares."""
    async with git_rooms.open_room(tmp_path) as room:
        await room.host.put_repository(git_rooms.settings(default_branch="trunk"))
        await room.git("clone", "-q", room.clone_url(), "copy")
        assert (await git_rooms.git("symbolic-ref", "HEAD", cwd=room.folder / "copy")).out == "refs/heads/trunk"


@pytest.mark.parametrize("version", ["0", "1", "2"])
async def test_protocol_versions(room: git_rooms.Room, version: str):
    """Clients of every protocol version clone and fetch."""
    tree = await room.work_tree()
    await room.git("push", "-q", "origin", "main", cwd=tree)
    await room.git("-c", f"protocol.version={version}", "clone", "-q", room.clone_url(), "copy")
    sha = await room.commit(tree, {"b": "2"})
    await room.git("-c", f"protocol.version={version}", "push", "-q", "origin", "main", cwd=tree)
    await room.git("-c", f"protocol.version={version}", "pull", "-q", cwd=room.folder / "copy")
    assert (await git_rooms.git("rev-parse", "HEAD", cwd=room.folder / "copy")).out == sha


async def test_protocol_v2_is_spoken(room: git_rooms.Room):
    """A modern client is answered in v2, where refs are asked for and not thrown at it."""
    tree = await room.work_tree()
    await room.git("push", "-q", "origin", "main", cwd=tree)
    environment = {"GIT_TRACE_PACKET": "1"}
    header = f"http.extraHeader=Authorization: {git_rooms.basic('alice')}"
    told = await git_rooms.git("-c", header, "ls-remote", room.clone_url(), cwd=room.folder, env=environment)
    assert "version 2" in told.err
    assert "command=ls-refs" in told.err


async def test_shallow_clones_deepen(room: git_rooms.Room):
    """A clone of depth one has one commit; deepening brings the rest."""
    tree = await room.work_tree()
    for number in range(4):
        await room.commit(tree, {"n": str(number)})
    await room.git("push", "-q", "origin", "main", cwd=tree)
    await room.git("clone", "-q", "--depth", "1", room.clone_url(), "copy")
    copy = room.folder / "copy"
    assert (await git_rooms.git("rev-list", "--count", "HEAD", cwd=copy)).out == "1"
    await room.git("fetch", "-q", "--unshallow", cwd=copy)
    assert (await git_rooms.git("rev-list", "--count", "HEAD", cwd=copy)).out == "5"


async def test_a_shallow_clone_cannot_cut_history(room: git_rooms.Room):
    """Pushing from a shallow clone works where the host has the rest, and never makes the repository shallow."""
    tree = await room.work_tree()
    await room.commit(tree, {"n": "1"})
    await room.git("push", "-q", "origin", "main", cwd=tree)
    await room.git("clone", "-q", "--depth", "1", room.clone_url(), "copy")
    await room.commit(room.folder / "copy", {"n": "2"})
    await room.git("push", "-q", "origin", "main", cwd=room.folder / "copy")
    assert len(await room.host.commits(git_rooms.KEY, "main", path="", limit=10, since="")) == 3
    assert not (room.host.locate(git_rooms.KEY) / "shallow").exists()


async def test_force_pushes_deletions_and_tags(room: git_rooms.Room):
    """An unprotected branch is rewritten and deleted freely; light and annotated tags come and go."""
    tree = await room.work_tree()
    await room.git("push", "-q", "origin", "main", "main:topic", cwd=tree)
    await git_rooms.git("commit", "-q", "--amend", "-m", "rewritten", cwd=tree)
    refused = await room.git("push", "origin", "main:topic", cwd=tree, check=False)
    assert "non-fast-forward" in refused.err
    await room.git("push", "-q", "--force-with-lease", "origin", "main:topic", cwd=tree)
    sha = (await git_rooms.git("rev-parse", "HEAD", cwd=tree)).out
    await git_rooms.git("tag", "light", cwd=tree)
    await git_rooms.git("tag", "-a", "-m", "v1", "v1", cwd=tree)
    await room.git("push", "-q", "origin", "--tags", cwd=tree)
    assert {k: v for k, v in (await room.refs()).items() if k != "refs/heads/main"} == {
        "refs/heads/topic": sha,
        "refs/tags/light": sha,
        "refs/tags/v1": sha,
    }
    await room.git("push", "-q", "origin", ":topic", ":refs/tags/v1", cwd=tree)
    assert sorted(await room.refs()) == ["refs/heads/main", "refs/tags/light"]
    moved = room.sink.finished[-1].moved
    assert [(update.ref, update.new) for update in moved] == [("refs/heads/topic", ZERO), ("refs/tags/v1", ZERO)]


async def test_many_refs_in_one_push(room: git_rooms.Room):
    """A hundred and fifty branches are one hook, one decision, one intent."""
    tree = await room.work_tree()
    specs = [f"main:refs/heads/b{number:03}" for number in range(150)]
    await room.git("push", "-q", "origin", *specs, cwd=tree)
    assert len(await room.refs()) == 150
    assert [len(finished.moved) for finished in room.sink.finished] == [150]
