"""Steps of the Hosted kinds, as tables: what the host holds, what is asked for, what is called and what is said."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from hosted_samples import (
    ACME,
    BOB,
    DIGEST,
    EXTERNAL,
    HELD,
    OTHER,
    UID,
    WEB,
    Host,
    access,
    deps_for,
    organization,
    policy,
    repository,
    team,
)
from krate.conditions import Reason
from krate_controllers.outcomes import Done, Outcome, Stall, Wait
from krate_controllers.steps import (
    hosted_access,
    hosted_organization,
    hosted_ref_policy,
    hosted_repository,
    hosted_team,
    managed,
)
from krate_git.interface import (
    HostNameTaken,
    HostUnavailable,
    PolicyInvalid,
    PredecessorExists,
    RefPolicyDocument,
    RepositoryKey,
    RepositoryMissing,
)


def policies(*allowed: str) -> dict[str, Any]:
    return {"spec": {"managementPolicies": list(allowed)}}


OBSERVE = policies("Observe")
NO_DELETE = policies("Observe", "Create", "Update", "LateInitialize")
AT = {
    "full_name": "acme/web",
    "clone_url": "http://127.0.0.1:7080/acme/web.git",
    "description": "",
    "private": True,
    "default_branch": "main",
    "archived": False,
}
REPOSITORY_DONE = Done(status={"atProvider": AT}, annotations={EXTERNAL: "web"})
ORGANIZATION_DONE = Done(status={"atProvider": {"username": "acme", **ACME}}, annotations={EXTERNAL: "acme"})
TEAM_DONE = Done(
    status={"atProvider": {"name": "platform", "members": ["alice", "bob"]}}, annotations={EXTERNAL: "platform"}
)
PUT_POLICY = (
    "put_ref_policy",
    WEB,
    RefPolicyDocument(DIGEST, "{}", ({"kind": "RefPolicy", "uid": "p1", "generation": 3},)),
)


def error(message: str) -> Stall:
    return Stall(Reason.RECONCILE_ERROR, message)


def cannot(what: str, which: str) -> Stall:
    return error(
        f"{what}, and spec.managementPolicies does not allow {which}: add it, or make the change on the Git host."
    )


@dataclass(frozen=True)
class Case:
    name: str
    step: Callable[..., Any]
    view: Any
    host: Host
    want: Outcome
    calls: tuple[tuple[Any, ...], ...] = ()


def border(field_: str) -> str:
    return f"spec.forProvider.{field_} is globex, but objects of namespace acme can only host there: correct it."


CASES = [
    # organisations
    Case("new organization", hosted_organization.ensure_organization, organization(), Host(), ORGANIZATION_DONE,
         (("put_organization", "acme", "Acme", "private"),)),
    Case("held organization", hosted_organization.ensure_organization, organization(), Host(organization=dict(ACME)),
         ORGANIZATION_DONE),
    Case("renamed organization", hosted_organization.ensure_organization, organization(),
         Host(organization={**ACME, "full_name": "Old"}), ORGANIZATION_DONE,
         (("put_organization", "acme", "Acme", "private"),)),
    Case("organization of another namespace", hosted_organization.ensure_organization,
         organization(spec={"forProvider": {"username": "globex"}}), Host(), error(border("username"))),
    Case("organization to observe", hosted_organization.ensure_organization, organization(**OBSERVE), Host(),
         cannot("Organization acme does not exist on the Git host", "Create")),
    Case("deleted organization", hosted_organization.release_organization, organization(), Host(), Done(),
         (("delete_organization", "acme"),)),
    Case("retained organization", hosted_organization.release_organization, organization(**NO_DELETE), Host(), Done()),
    Case("deleted organization of another namespace", hosted_organization.release_organization,
         organization(spec={"forProvider": {"username": "globex"}}), Host(), Done()),
    # teams
    Case("team before its organization", hosted_team.ensure_owner, team(), Host(),
         Wait(10, Reason.OWNER_PENDING, "Waiting for organization acme on the Git host.")),
    Case("team with its organization", hosted_team.ensure_owner, team(), Host(organization={}), Done()),
    Case("team of another namespace", hosted_team.ensure_owner,
         team(spec={"forProvider": {"organization": "globex"}}), Host(), error(border("organization"))),
    Case("new team", hosted_team.ensure_team, team(), Host(), TEAM_DONE,
         (("put_team", "acme", "platform", ("alice", "bob")),)),
    Case("held team", hosted_team.ensure_team, team(), Host(team=("bob", "alice")), TEAM_DONE),
    Case("team that drifted", hosted_team.ensure_team, team(), Host(team=("mallory",)), TEAM_DONE,
         (("put_team", "acme", "platform", ("alice", "bob")),)),
    Case("team to create only", hosted_team.ensure_team, team(**policies("Create")), Host(team=("mallory",)),
         cannot("Team acme/platform differs", "Update")),
    Case("deleted team", hosted_team.release_team, team(), Host(), Done(), (("delete_team", "acme", "platform"),)),
    Case("retained team", hosted_team.release_team, team(**NO_DELETE), Host(), Done()),
    # repositories
    Case("repository before its organization", hosted_repository.ensure_owner, repository(), Host(),
         Wait(10, Reason.OWNER_PENDING, "Waiting for organization acme on the Git host.")),
    Case("repository with its organization", hosted_repository.ensure_owner, repository(), Host(organization={}),
         Done()),
    Case("repository of another namespace", hosted_repository.ensure_owner,
         repository(spec={"forProvider": {"owner": "globex"}}), Host(), error(border("owner"))),
    Case("new repository", hosted_repository.ensure_repository, repository(), Host(), REPOSITORY_DONE,
         (("put_repository", HELD),)),
    Case("held repository", hosted_repository.ensure_repository, repository(), Host(repository=HELD), REPOSITORY_DONE),
    Case("repository that drifted", hosted_repository.ensure_repository, repository(),
         Host(repository=replace(HELD, private=False, archived=True)), REPOSITORY_DONE, (("put_repository", HELD),)),
    Case("retired repository", hosted_repository.ensure_repository, repository(**policies("Create")),
         Host(repository=replace(HELD, retired_at="2026-01-01T00:00:00Z")), REPOSITORY_DONE,
         (("put_repository", HELD),)),
    Case("repository to observe", hosted_repository.ensure_repository, repository(**OBSERVE),
         Host(repository=replace(HELD, private=False)), cannot("Repository acme/web differs", "Update")),
    Case("repository with a predecessor", hosted_repository.ensure_repository, repository(),
         Host(failure=PredecessorExists("a predecessor")),
         Wait(5, Reason.PREDECESSOR_DELETING, "a predecessor: wait until it is deleted.")),
    Case("repository whose name is taken", hosted_repository.ensure_repository, repository(),
         Host(failure=HostNameTaken("the name is taken")), error("the name is taken: choose another spec.hostName.")),
    Case("deleted repository", hosted_repository.release_repository, repository(), Host(), Done(),
         (("delete_repository", WEB, UID),)),
    Case("retained repository", hosted_repository.release_repository, repository(**NO_DELETE), Host(), Done(),
         (("retire_repository", WEB, UID),)),
    Case("observed repository", hosted_repository.release_repository, repository(**OBSERVE), Host(), Done()),
    # access
    Case("access before its repository", hosted_access.ensure_access, access(), Host(failure=RepositoryMissing()),
         Wait(10, Reason.HOST_PENDING, "Waiting for repository acme/web on the Git host.")),
    Case("first access", hosted_access.ensure_access, access(), Host(),
         Done(status={"atProvider": {"collaborators": 1}}), (("put_access", WEB, (BOB,)),)),
    Case("new access", hosted_access.ensure_access, access(), Host(access=()),
         Done(status={"atProvider": {"collaborators": 1}}), (("put_access", WEB, (BOB,)),)),
    Case("held access", hosted_access.ensure_access, access(), Host(access=(BOB,)),
         Done(status={"atProvider": {"collaborators": 1}})),
    Case("access by label", hosted_access.ensure_access,
         access(metadata={"labels": {"krate.a5c.ai/repository": "site"}}), Host(access=()),
         Done(status={"atProvider": {"collaborators": 1}}),
         (("put_access", RepositoryKey("acme", "site"), (BOB,)),)),
    Case("access of another namespace", hosted_access.ensure_access,
         access(spec={"forProvider": {"owner": "globex"}}), Host(), error(border("owner"))),
    Case("access to observe", hosted_access.ensure_access, access(**OBSERVE), Host(access=(BOB, BOB)),
         cannot("Access to acme/web differs", "Update")),
    Case("retained access", hosted_access.release_access, access(**NO_DELETE), Host(), Done()),
    Case("policy of another namespace", hosted_ref_policy.ensure_loaded,
         policy(spec={"forProvider": {"owner": "globex"}}), Host(), error(border("owner"))),
    Case("deleted access", hosted_access.release_access, access(), Host(), Done(), (("put_access", WEB, ()),)),
    Case("deleted access of a gone repository", hosted_access.release_access, access(),
         Host(failure=RepositoryMissing()), Done()),
    # compiled policies
    Case("new policy", hosted_ref_policy.ensure_loaded, policy(), Host(),
         Done(status={"atProvider": {"digest": DIGEST}}), (PUT_POLICY,)),
    Case("loaded policy", hosted_ref_policy.ensure_loaded, policy(), Host(digest=DIGEST),
         Done(status={"atProvider": {"digest": DIGEST}})),
    Case("other policy", hosted_ref_policy.ensure_loaded, policy(), Host(digest=OTHER),
         Done(status={"atProvider": {"digest": DIGEST}}), (PUT_POLICY,)),
    Case("policy to observe", hosted_ref_policy.ensure_loaded, policy(**OBSERVE), Host(digest=OTHER),
         replace(cannot("The policy of acme/web differs", "Update"), status={"atProvider": {"digest": OTHER}})),
    Case("policy before its repository", hosted_ref_policy.ensure_loaded, policy(), Host(failure=RepositoryMissing()),
         Wait(10, Reason.HOST_PENDING, "Waiting for repository acme/web on the Git host.")),
    Case("policy that cannot be loaded", hosted_ref_policy.ensure_loaded, policy(),
         Host(failure=PolicyInvalid("rule 1 is unknown")),
         error("The Git host keeps its last policy: rule 1 is unknown")),
    # all of them
    Case("default provider", managed.find_provider, repository(), Host(), Done()),
    Case("named provider", managed.find_provider, repository(spec={"providerConfigRef": {"name": "big"}}), Host(),
         Done()),
    Case("missing provider", managed.find_provider, repository(spec={"providerConfigRef": {"name": "none"}}), Host(),
         Wait(30, Reason.PENDING, "ProviderConfig none does not exist in namespace acme: create it.")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_step(case: Case) -> None:
    """Given what the host holds, the step calls exactly this and says exactly that."""
    said = await case.step(case.view, deps_for(case.host, providers=("big",)))
    assert (said, tuple(case.host.calls)) == (case.want, case.calls)


async def test_an_unreachable_host_is_not_swallowed() -> None:
    """No step hides that the host cannot be reached; the loop turns it into a Wait."""
    with pytest.raises(HostUnavailable):
        await hosted_repository.ensure_repository(repository(), deps_for(Host(failure=HostUnavailable())))
