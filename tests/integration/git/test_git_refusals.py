"""What a real Git client is refused by rules, and what people read then."""

import asyncio
from pathlib import Path

import git_rooms
from krate.models.refpolicy import FailurePolicy, Mode, RefOperation
from krate_git.document import BranchRules, RefRule, RefRules, Requirement, Source

PROTECTED = BranchRules(Source("BranchProtection", "main"), require_pull_request=True, required_approvals=1)


def ref_rules(**rule: object) -> RefRules:
    made = RefRule(**{"name": "rule", "refs": ("refs/**",), "operations": tuple(RefOperation), **rule})
    return RefRules(Source("RefPolicy", "rules"), Mode.ENFORCE, FailurePolicy.FAIL, (made,))


async def test_one_bad_ref_refuses_them_all(room: git_rooms.Room):
    """A push is one decision: with a refused ref among them, none of the others moves, and the denial is recorded."""
    tree = await room.work_tree()
    await room.git("push", "-q", "origin", "main", cwd=tree)
    before = await room.refs()
    await room.protect(branches=[PROTECTED])
    await room.commit(tree, {"a": "b"})
    refused = await room.git("push", "origin", "main", "main:topic", "HEAD:refs/tags/v1", cwd=tree, check=False)
    assert refused.status == 1
    assert await room.refs() == before
    ((push, verdict),) = room.sink.refused
    assert [update.ref for update in push.updates] == ["refs/heads/main", "refs/heads/topic", "refs/tags/v1"]
    assert [(finding.source, finding.rule) for finding in verdict.findings] == [
        ("BranchProtection/main", "requirePullRequest")
    ]


async def test_what_a_refused_person_reads(room: git_rooms.Room):
    """The client prints the ref, the object and its rule, and commands that do it the right way."""
    tree = await room.work_tree()
    await room.git("push", "-q", "origin", "main", cwd=tree)
    await room.protect(
        branches=[PROTECTED], refs=[ref_rules(refs=("refs/internal/**",), deny=True, message="Ask ops.")]
    )
    await room.commit(tree, {"a": "b"})
    refused = await room.git("push", "origin", "main", "HEAD:refs/internal/x", cwd=tree, check=False)
    told = [line.removeprefix("remote: ").rstrip() for line in refused.err.splitlines() if line.startswith("remote: ")]
    assert told[:-1] == [
        "Refused: refs/heads/main by BranchProtection/main, rule requirePullRequest:",
        "  main changes only by merging a pull request. Push a branch and open one:",
        "      git switch -c my-change",
        "      git push -u origin my-change",
        "Refused: refs/internal/x by RefPolicy/rules, rule rule:",
        "  refs/internal/x may not be created. Ask ops.",
    ]
    assert told[-1] == f"Nothing was changed. Details: krate trace {room.sink.refused[0][0].correlation_id}"
    await git_rooms.git("switch", "-q", "-c", "my-change", cwd=tree)
    await room.git("push", "-q", "-u", "origin", "my-change", cwd=tree)


async def test_the_first_push_and_the_second(room: git_rooms.Room):
    """The first push creates a protected default branch; the second is judged by the full rule."""
    await room.protect(branches=[PROTECTED])
    tree = await room.work_tree()
    told = await room.git("push", "origin", "main", cwd=tree)
    assert "Noted: refs/heads/main by BranchProtection/main, rule firstPush:" in told.err
    await room.commit(tree, {"a": "b"})
    refused = await room.git("push", "origin", "main", cwd=tree, check=False)
    assert "rule requirePullRequest" in refused.err


async def test_a_commit_cannot_slip_in_by_another_branch(room: git_rooms.Room):
    """A rule over main looks at commits that main has not seen, though the repository has them on a free branch."""
    rule = ref_rules(refs=("refs/heads/main",), require=Requirement(message="^KEY-"))
    tree = await room.work_tree()
    await room.git("push", "-q", "origin", "main", cwd=tree)
    await room.protect(refs=[rule])
    await room.commit(tree, {"a": "b"}, "no ticket")
    await room.git("push", "-q", "origin", "main:free", cwd=tree)
    refused = await room.git("push", "origin", "main", cwd=tree, check=False)
    assert "('no ticket') has a message without ^KEY-" in refused.err


async def test_symlinks_submodules_and_large_files(room: git_rooms.Room):
    """File rules hold for what a push brings, and removing what is forbidden is allowed."""
    rule = ref_rules(require=Requirement(no_symlinks=True, no_submodules=True, max_file_size=100))
    await room.protect(refs=[rule])
    tree = await room.work_tree()
    await room.git("push", "-q", "origin", "main", cwd=tree)
    (tree / "link").symlink_to("/etc/passwd")
    await room.commit(tree, {}, "link")
    refused = await room.git("push", "origin", "main", cwd=tree, check=False)
    assert "adds the symbolic link link" in refused.err
    await git_rooms.git("reset", "-q", "--hard", "HEAD~1", cwd=tree)
    await git_rooms.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},dep", cwd=tree)
    await git_rooms.git("commit", "-q", "-m", "dep", cwd=tree)
    assert "adds the submodule dep" in (await room.git("push", "origin", "main", cwd=tree, check=False)).err
    await git_rooms.git("reset", "-q", "--hard", "HEAD~1", cwd=tree)
    await room.commit(tree, {"big": "x" * 101})
    assert "adds big with 101 bytes" in (await room.git("push", "origin", "main", cwd=tree, check=False)).err


async def test_trees_that_attack_work_trees_are_refused(room: git_rooms.Room):
    """A tree with `.git/hooks` in it never gets in, nor does a `.gitmodules` that names an option."""
    tree = await room.work_tree()
    await room.git("push", "-q", "origin", "main", cwd=tree)
    hook = (await git_rooms.git("hash-object", "-w", "README.md", cwd=tree)).out
    names = [".git", ".GIT", "git~1"]
    for name in names:
        inner = await _tree(tree, f"100755 blob {hook}\tpost-checkout\n")
        middle = await _tree(tree, f"040000 tree {inner}\thooks\n")
        outer = await _tree(tree, f"040000 tree {middle}\t{name}\n")
        commit = (await git_rooms.git("commit-tree", outer, "-m", "attack", cwd=tree)).out
        refused = await room.git("push", "origin", f"{commit}:refs/heads/attack", cwd=tree, check=False)
        assert "hasDotgit" in refused.err, name
    (tree / ".gitmodules").write_text('[submodule "x"]\n\turl = --upload-pack=touch /tmp/pwned\n\tpath = x\n')
    await room.commit(tree, {}, "modules")
    assert "gitmodulesUrl" in (await room.git("push", "origin", "HEAD:refs/heads/attack", cwd=tree, check=False)).err
    assert sorted(await room.refs()) == ["refs/heads/main"]


async def _tree(tree: Path, listing: str) -> str:
    """`git mktree`, which checks nothing."""
    process = await asyncio.create_subprocess_exec(
        "git", "mktree", cwd=tree, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate(listing.encode())
    return out.decode().strip()


async def test_reserved_refs_are_refused_to_everybody(room: git_rooms.Room):
    """The host's own namespaces, AGit's and replacement refs included, are closed whatever policies say."""
    tree = await room.work_tree()
    await room.git("push", "-q", "origin", "main", cwd=tree)
    for ref in ("refs/pull/1/head", "refs/for/main", "refs/krate/x", "refs/replace/x"):
        refused = await room.git("push", "origin", f"HEAD:{ref}", cwd=tree, check=False)
        assert f"Refused: {ref} by Krate/host, rule reservedRef:" in refused.err, ref
    assert sorted(await room.refs()) == ["refs/heads/main"]


async def test_the_default_branch_stays(room: git_rooms.Room):
    """It cannot be deleted, unless another one is the default first."""
    tree = await room.work_tree()
    await room.git("push", "-q", "origin", "main", "main:next", cwd=tree)
    refused = await room.git("push", "origin", ":main", cwd=tree, check=False)
    assert "main is the default branch and cannot be deleted; set spec.defaultBranch" in refused.err
    await room.host.put_repository(git_rooms.settings(default_branch="next"))
    await room.git("push", "-q", "origin", ":main", cwd=tree)
    assert sorted(await room.refs()) == ["refs/heads/next"]


async def test_an_archived_repository_is_read_only(room: git_rooms.Room):
    """Clones go on, pushes are refused with the reason."""
    tree = await room.work_tree()
    await room.git("push", "-q", "origin", "main", cwd=tree)
    await room.host.put_repository(git_rooms.settings(archived=True))
    refused = await room.git("push", "origin", "main:topic", cwd=tree, check=False)
    assert "the repository is archived" in refused.err
    await room.git("clone", "-q", room.clone_url(), "copy")


async def test_a_repository_without_policy_accepts_nothing(room: git_rooms.Room):
    """Until a document is loaded every push is refused, and the text says when to try again."""
    key = git_rooms.RepositoryKey("acme", "fresh")
    room.gate.writer("alice", key)
    await room.host.put_repository(git_rooms.settings(key))
    tree = await room.work_tree()
    refused = await room.git("push", room.clone_url(key), "main", cwd=tree, check=False)
    assert "kubectl get repository fresh -n acme" in refused.err
    assert (await room.host.refs(key)).branches == {}
