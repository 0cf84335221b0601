"""Who may fetch and push with a real Git client, and what everybody else hears."""

import os

import git_rooms
from krate.models.refpolicy import FailurePolicy, Mode, RefOperation
from krate_git.document import BranchRules, RefRule, RefRules, Source
from krate_git.interface import Collaborator

PROTECTED = BranchRules(Source("BranchProtection", "main"), require_pull_request=True, required_approvals=1)


def ref_rules(**rule: object) -> RefRules:
    made = RefRule(**{"name": "rule", "refs": ("refs/**",), "operations": tuple(RefOperation), **rule})
    return RefRules(Source("RefPolicy", "rules"), Mode.ENFORCE, FailurePolicy.FAIL, (made,))


async def test_access_decides(room: git_rooms.Room):
    """Readers fetch, strangers see nothing, anonymous callers are asked for a token, revoked rights end at once."""
    tree = await room.work_tree()
    await room.git("push", "-q", "origin", "main", cwd=tree)
    for user, status in (("alice", 0), ("rita", 0), ("nina", 128), ("", 128)):
        assert (await room.git("ls-remote", room.clone_url(), user=user, check=False)).status == status, user
    room.gate.revoke("rita")
    refused = await room.git("ls-remote", room.clone_url(), user="rita", check=False)
    assert "there is no such repository, or rita may not see it" in refused.err


async def test_public_repositories_are_fetched_without_a_token(room: git_rooms.Room):
    """The review for the anonymous caller decides; pushing still needs a token."""
    tree = await room.work_tree()
    await room.git("push", "-q", "origin", "main", cwd=tree)
    room.gate.reader("system:unauthenticated")
    await room.git("clone", "-q", room.clone_url(), "copy", user="")
    refused = await room.git("push", "origin", "main:topic", cwd=tree, user="", check=False)
    assert "could not read Username" in refused.err


async def test_who_may_help(room: git_rooms.Room):
    """Somebody who may only fetch is told who can push, with the members of the teams."""
    await room.host.put_team("acme", "platform", ["alice", "bob"])
    people = [
        Collaborator("Team", "platform", "write"),
        Collaborator("User", "rita", "read"),
        Collaborator("User", "zoe", "admin"),
    ]
    await room.host.put_access(git_rooms.KEY, people)
    tree = await room.work_tree()
    refused = await room.git("push", "origin", "main", cwd=tree, user="rita", check=False)
    assert (
        "remote: rita may fetch from acme/web but not push to it. "
        "Those who can: team platform (alice, bob); user zoe. Ask one of them."
    ) in refused.err


async def test_credentials_from_a_helper(room: git_rooms.Room):
    """The way people work: a credential helper answers the challenge, and no token stands in a URL."""
    tree = await room.work_tree()
    helper = room.folder / "helper"
    helper.write_text("#!/bin/sh\n[ \"$1\" = get ] && printf 'username=alice\\npassword=alice-token\\n'\nexit 0\n")
    helper.chmod(0o755)
    await git_rooms.git("-c", f"credential.helper={os.fspath(helper)}", "push", "-q", "origin", "main", cwd=tree)
    assert sorted(await room.refs()) == ["refs/heads/main"]
