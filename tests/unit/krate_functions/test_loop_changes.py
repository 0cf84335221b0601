"""What the loop makes of what people change: others lose access, drift is undone, what is wanted no more goes."""

from collections import Counter
from pathlib import Path
from typing import Any

import factories
from composite_rooms import (
    HOSTED,
    PROTECTION,
    all_ready,
    declare,
    events,
    held,
    looping,
    quiet,
    said,
    writers,
    writes,
)
from krate import kinds
from krate_kube.memory import MemoryClient
from waiting import until


async def test_a_removed_member_loses_access(controlled: MemoryClient, tmp_path: Path) -> None:
    """A change of a team reaches the bindings of repositories well within the second, and touches nothing else."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
        await until(lambda: writers(controlled) == ["alice", "bob"])
        await quiet(controlled)
        controlled.actions.clear()
        await controlled.patch(kinds.TEAM, "platform", {"spec": {"members": ["alice"]}}, namespace="acme")
        await until(lambda: writers(controlled) == ["alice"], seconds=1)
        await quiet(controlled)
    touched = {(action.kind.name, action.name) for action in writes(controlled) if action.subresource != "status"}
    assert touched - {(kind.name, "") for kind in HOSTED} == {
        ("Team", "platform"),
        ("RoleBinding", "krate-repository-web-writer"),
        ("RoleBinding", "krate-team-platform"),
        ("ClusterRoleBinding", "krate-organization-acme"),
        ("HostedTeam", "platform"),
    }


async def test_a_deleted_team_takes_its_access_along(controlled: MemoryClient, tmp_path: Path) -> None:
    """Without the team its people write no more, and the repository says what to do."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await until(lambda: writers(controlled) == ["alice", "bob"])
        await controlled.delete(kinds.TEAM, "platform", namespace="acme")
        await until(lambda: writers(controlled) == [])
        await until(lambda: said(controlled, kinds.REPOSITORY, "web", "AccessReady").get("reason") == "TeamMissing")


async def test_drift(controlled: MemoryClient, tmp_path: Path) -> None:
    """A deleted object comes back, a changed field is set again, and what others added stays."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
        name = "krate-repository-web-writer"
        before = held(controlled, kinds.ROLE, name)
        await controlled.delete(kinds.ROLE, name, namespace="acme")
        await until(lambda: controlled.stored(kinds.ROLE, name, namespace="acme") is not None)
        after = held(controlled, kinds.ROLE, name)
        assert (after["rules"], after["metadata"]["uid"] != before["metadata"]["uid"]) == (before["rules"], True)
        theirs = {"metadata": {"labels": {"theirs": "1"}}, "subjects": []}
        await controlled.patch(kinds.ROLE_BINDING, name, theirs, namespace="acme")
        await until(lambda: writers(controlled) == ["alice", "bob"])
        labels = held(controlled, kinds.ROLE_BINDING, name)["metadata"]["labels"]
        assert labels["theirs"] == "1"


async def test_what_is_wanted_no_more_goes(controlled: MemoryClient, tmp_path: Path) -> None:
    """A field that was wanted is removed, an object that was wanted is deleted, fields of others stay."""

    def protection() -> dict[str, Any]:
        found = controlled.stored(kinds.BRANCH_PROTECTION, "organization-default", namespace="acme")
        return found["spec"] if found else {}

    async with looping(controlled, tmp_path):
        await controlled.create(kinds.ORGANIZATION, factories.make_organization(**PROTECTION))
        await until(lambda: protection().get("requireUpToDate") is True)
        theirs = {"spec": {"pushers": ["robot"]}}
        await controlled.patch(kinds.BRANCH_PROTECTION, "organization-default", theirs, namespace="acme")
        less = {"spec": {"defaults": {"branchProtection": {"requireUpToDate": None}}}}
        await controlled.patch(kinds.ORGANIZATION, "acme", less)
        await until(lambda: "requireUpToDate" not in protection())
        assert (protection()["requiredApprovals"], protection()["pushers"]) == (2, ["robot"])
        await controlled.patch(kinds.ORGANIZATION, "acme", {"spec": {"defaults": None}})
        await until(lambda: protection() == {})
        await until(lambda: said(controlled, kinds.ORGANIZATION, "acme", "PoliciesReady")["reason"] == "NotRequired")


async def test_a_composite_that_is_being_deleted_is_left_alone(controlled: MemoryClient, tmp_path: Path) -> None:
    """While a finalizer holds it, its objects vanish and are not made again; when it is gone nothing is remembered."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
        held = {"metadata": {"finalizers": ["krate.a5c.ai/repository"]}}
        await controlled.patch(kinds.REPOSITORY, "web", held, namespace="acme")
        await controlled.delete(kinds.REPOSITORY, "web", namespace="acme")
        await until(lambda: said(controlled, kinds.REPOSITORY, "web", "Ready").get("reason") == "Deleting")
        await controlled.delete(kinds.ROLE, "krate-repository-web-writer", namespace="acme")
        await controlled.patch(kinds.TEAM, "platform", {"spec": {"members": ["alice"]}}, namespace="acme")
        await quiet(controlled)
        assert controlled.stored(kinds.ROLE, "krate-repository-web-writer", namespace="acme") is None
        assert writers(controlled) == ["alice", "bob"]
        await controlled.patch(kinds.REPOSITORY, "web", {"metadata": {"finalizers": None}}, namespace="acme")
        await quiet(controlled)
    assert controlled.stored(kinds.REPOSITORY, "web", namespace="acme") is None


async def test_events_are_recorded_once(controlled: MemoryClient, tmp_path: Path) -> None:
    """Each transition is one event; reconciles that change nothing record nothing."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
        await quiet(controlled)
        before = Counter(
            (event["involvedObject"]["kind"], event["reason"], event["type"]) for event in events(controlled)
        )
        await controlled.patch(kinds.TEAM, "platform", {"metadata": {"labels": {"a": "b"}}}, namespace="acme")
        await quiet(controlled)
    after = Counter((event["involvedObject"]["kind"], event["reason"], event["type"]) for event in events(controlled))
    assert after == before
    told = Counter((event["involvedObject"]["uid"], event["reason"], event["message"]) for event in events(controlled))
    assert {key: count for key, count in told.items() if count > 1} == {}
    assert before["Repository", "Available", "Normal"] == 1
    assert {
        event["involvedObject"]["kind"] for event in events(controlled) if event["metadata"]["namespace"] == "default"
    } == {"Organization"}


async def test_paused(controlled: MemoryClient, tmp_path: Path) -> None:
    """A paused composite says so and is left alone until the annotation goes."""
    async with looping(controlled, tmp_path):
        await declare(controlled)
        await all_ready(controlled)
        paused = {"metadata": {"annotations": {"crossplane.io/paused": "true"}}}
        await controlled.patch(kinds.REPOSITORY, "web", paused, namespace="acme")
        await until(lambda: said(controlled, kinds.REPOSITORY, "web", "Synced").get("reason") == "ReconcilePaused")
        await controlled.patch(kinds.TEAM, "platform", {"spec": {"members": []}}, namespace="acme")
        await quiet(controlled)
        assert writers(controlled) == ["alice", "bob"]
        going = {"metadata": {"annotations": {"crossplane.io/paused": None}}}
        await controlled.patch(kinds.REPOSITORY, "web", going, namespace="acme")
        await until(lambda: writers(controlled) == [])
        await until(lambda: said(controlled, kinds.REPOSITORY, "web", "Synced").get("reason") == "ReconcileSuccess")
