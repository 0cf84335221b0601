"""What every Git host holds and refuses to hold: organisations, teams, repositories, access, policies."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

import git_rooms
from krate_git import holdings
from krate_git.interface import (
    Collaborator,
    GitError,
    HostNameTaken,
    PolicyInvalid,
    PredecessorExists,
    RefPolicyDocument,
    RepositoryKey,
    RepositoryMissing,
)

KEY = git_rooms.KEY
OTHER = RepositoryKey("acme", "api")
SETTINGS = git_rooms.settings(description="Wéb", private=False, default_branch="trunk", archived=True)


async def test_organizations(stage):
    """They are put, found as they were put last, and deleted; absent ones are None."""
    host = stage.host
    assert await host.find_organization("acme") is None
    await host.put_organization("acme", full_name="Acme", visibility="private")
    await host.put_organization("acme", full_name="Acme Ltd", visibility="public")
    assert await host.find_organization("acme") == {"full_name": "Acme Ltd", "visibility": "public"}
    await host.delete_organization("acme")
    await host.delete_organization("acme")
    assert await host.find_organization("acme") is None


async def test_teams(stage):
    """Members are a set, in order; deleting an absent team does nothing."""
    host = stage.host
    assert await host.find_team("acme", "platform") is None
    await host.put_team("acme", "platform", ["bob", "alice", "bob"])
    assert await host.find_team("acme", "platform") == ("alice", "bob")
    await host.put_team("acme", "platform", [])
    assert await host.find_team("acme", "platform") == ()
    await host.delete_team("acme", "platform")
    await host.delete_team("acme", "platform")
    assert await host.find_team("acme", "platform") is None


async def test_an_organization_goes_when_nothing_is_served_in_it(stage):
    """A repository keeps it; a retired one goes with it, and so do its teams."""
    host = stage.host
    await git_rooms.fill(host)
    await host.put_team("acme", "platform", ["alice"])
    with pytest.raises(GitError, match="still holds 1 repositories, web for one"):
        await host.delete_organization("acme")
    await host.retire_repository(KEY, "uid-1")
    await host.delete_organization("acme")
    found = (
        await host.find_organization("acme"),
        await host.find_repository(KEY),
        await host.find_team("acme", "platform"),
    )
    assert found == (None, None, None)


async def test_a_repository_is_what_was_put_last(stage):
    """Creating and updating answer what is held then; both may be repeated."""
    host = stage.host
    assert await host.find_repository(KEY) is None
    assert await host.put_repository(SETTINGS) == SETTINGS
    assert await host.put_repository(SETTINGS) == SETTINGS
    assert (await host.refs(KEY)).default_branch == "trunk"
    changed = replace(SETTINGS, description="", default_branch="main", archived=False)
    assert await host.put_repository(changed) == changed
    assert await host.find_repository(KEY) == changed
    assert (await host.refs(KEY)).default_branch == "main"


async def test_a_repository_can_be_renamed_on_the_host(stage):
    """Another host name keeps everything, and frees the old name."""
    await git_rooms.fill(stage.host)
    sha = stage.scribe().commit({"a": b"1"}, branch="main")
    await stage.host.put_repository(git_rooms.settings(host_name="Site"))
    assert (await stage.host.refs(KEY)).branches == {"main": sha}
    await stage.host.put_repository(git_rooms.settings(OTHER, host_name="web"))
    assert (await stage.host.refs(OTHER)).branches == {}


BAD_NAMES = [
    {"host_name": ""},
    {"host_name": ".."},
    {"host_name": ".hidden"},
    {"host_name": "a/b"},
    {"host_name": "web.git"},
    {"host_name": "web.GIT"},
    {"host_name": "-x"},
    {"host_name": "a b"},
    {"host_name": "x" * 101},
    {"host_name": "we\nb"},
    {"key": RepositoryKey("..", "web")},
    {"key": RepositoryKey("A", "web")},
    {"key": RepositoryKey("", "web")},
    {"default_branch": ""},
    {"default_branch": "a..b"},
    {"default_branch": "HEAD"},
    {"default_branch": "-x"},
]


@pytest.mark.parametrize("over", BAD_NAMES, ids=str)
async def test_names_that_are_no_names(stage, over):
    """What cannot be part of a path or an address is refused and leaves nothing."""
    settings = git_rooms.settings(**over)
    with pytest.raises(GitError, match=r"."):
        await stage.host.put_repository(settings)
    assert await stage.host.find_repository(settings.key) is None


@pytest.mark.parametrize("name", ["../x", "", "A", "a/b"], ids=repr)
async def test_team_names_that_are_no_names(stage, name):
    """A team's name is a DNS label, on every host."""
    with pytest.raises(GitError, match="no name of a team"):
        await stage.host.put_team("acme", name, [])


@pytest.mark.parametrize("name", ["web", "WEB"])
async def test_a_host_name_belongs_to_one_repository(stage, name):
    """Case does not make another name; another organisation does."""
    await git_rooms.fill(stage.host)
    with pytest.raises(HostNameTaken, match=r"taken on the Git host by acme/web$"):
        await stage.host.put_repository(git_rooms.settings(OTHER, host_name=name))
    elsewhere = git_rooms.settings(RepositoryKey("globex", "web"))
    assert await stage.host.put_repository(elsewhere) == elsewhere


async def test_a_predecessor_must_go_first(stage):
    """Another owner's repository is not taken over while it lives; after it is deleted the name is free and empty."""
    await git_rooms.fill(stage.host)
    stage.scribe().commit({"a": b"1"}, branch="main")
    with pytest.raises(PredecessorExists, match="owned by uid-1"):
        await stage.host.put_repository(git_rooms.settings(uid="uid-2"))
    await stage.host.delete_repository(KEY, "uid-2")
    assert (await stage.host.find_repository(KEY)).uid == "uid-1"
    await stage.host.delete_repository(KEY, "uid-1")
    await stage.host.delete_repository(KEY, "uid-1")
    assert await stage.host.find_repository(KEY) is None
    await stage.host.put_repository(git_rooms.settings(uid="uid-2"))
    assert (await stage.host.refs(KEY)).branches == {}
    assert await stage.host.find_ref_policy_digest(KEY) is None


async def test_retiring_and_restoring(stage, clock):
    """A retired repository serves nothing and keeps everything; whoever puts its key again owns and restores it."""
    await git_rooms.fill(stage.host)
    sha = stage.scribe().commit({"a": b"1"}, branch="main")
    await stage.host.retire_repository(KEY, "uid-2")
    assert (await stage.host.find_repository(KEY)).retired_at == ""
    await stage.host.retire_repository(KEY, "uid-1")
    clock.now += timedelta(days=1)
    await stage.host.retire_repository(KEY, "uid-1")
    assert (await stage.host.find_repository(KEY)).retired_at == "2026-01-01T00:00:00Z"
    with pytest.raises(RepositoryMissing):
        await stage.host.refs(KEY)
    with pytest.raises(HostNameTaken, match="retired, kept for 30 days"):
        await stage.host.put_repository(git_rooms.settings(OTHER, host_name="web"))
    restored = git_rooms.settings(uid="uid-2")
    assert await stage.host.put_repository(restored) == restored
    assert (await stage.host.refs(KEY)).branches == {"main": sha}
    await stage.host.retire_repository(KEY, "uid-1")
    assert (await stage.host.find_repository(KEY)).retired_at == ""


async def test_access(stage):
    """Collaborators come back sorted; a repository that is not there has none and takes none."""
    host = stage.host
    people = [Collaborator("User", "bob", "read"), Collaborator("Team", "platform", "write")]
    assert await host.find_access(KEY) is None
    with pytest.raises(RepositoryMissing):
        await host.put_access(KEY, people)
    await git_rooms.fill(host)
    assert await host.find_access(KEY) is None
    await host.put_access(KEY, people)
    assert await host.find_access(KEY) == (people[1], people[0])
    await host.put_access(KEY, [])
    assert await host.find_access(KEY) == ()


async def test_policies(stage):
    """The digest that is answered is the one that is loaded; putting the same again changes nothing."""
    host = stage.host
    policy = git_rooms.policy()
    assert await host.find_ref_policy_digest(KEY) is None
    with pytest.raises(RepositoryMissing):
        await host.put_ref_policy(KEY, policy)
    await host.put_repository(git_rooms.settings())
    assert await host.find_ref_policy_digest(KEY) is None
    with_sources = replace(policy, sources=({"kind": "RefPolicy", "uid": "u", "generation": 3},))
    assert await host.put_ref_policy(KEY, with_sources) == policy.digest
    assert await host.put_ref_policy(KEY, policy) == policy.digest
    assert await host.find_ref_policy_digest(KEY) == policy.digest


BAD_POLICIES = [
    ("a wrong digest", RefPolicyDocument("sha256:0", git_rooms.policy().document), "not that of the document"),
    ("another repository's", git_rooms.policy(key=OTHER), "that of api, not of web"),
    ("an unknown rule", git_rooms.document_of('{"repository":"web","new":1}'), "new: Unexpected"),
    ("no document", git_rooms.document_of(""), "Invalid JSON"),
]


@pytest.mark.parametrize(("policy", "why"), [row[1:] for row in BAD_POLICIES], ids=[row[0] for row in BAD_POLICIES])
async def test_a_bad_policy_leaves_the_last_good_one(stage, policy, why):
    """What cannot be loaded is refused with the reason, and the digest says what is still in force."""
    await git_rooms.fill(stage.host)
    with pytest.raises(PolicyInvalid, match=why):
        await stage.host.put_ref_policy(KEY, policy)
    assert await stage.host.find_ref_policy_digest(KEY) == git_rooms.policy().digest


async def test_many_at_once(stage):
    """Concurrent puts of many repositories, and of one repeatedly, all end as one after the other would."""
    keys = [RepositoryKey("acme", f"r{number}") for number in range(8)]
    await asyncio.gather(*(stage.host.put_repository(git_rooms.settings(key)) for key in keys for _ in range(3)))
    assert [await stage.host.find_repository(key) for key in keys] == [git_rooms.settings(key) for key in keys]


def test_retention_is_thirty_days():
    """The promise of the design's kinds page."""
    assert timedelta(days=30) == holdings.RETENTION
