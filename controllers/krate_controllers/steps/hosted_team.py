"""HostedTeam: the team and its members stand beside the repositories, so that the host can name who can help."""

from typing import Final

from krate import kinds
from krate.conditions import Reason
from krate.models import HostedTeam
from krate.names import Annotation, Finalizer, ServiceAccount
from krate_controllers import triggers
from krate_controllers.controller import Controller
from krate_controllers.deps import HostDeps
from krate_controllers.outcomes import Done, Outcome, Wait
from krate_controllers.steps import managed


async def ensure_owner(view: HostedTeam, deps: HostDeps) -> Outcome:
    """The organisation exists on the host."""
    owner = view.spec.for_provider.organization
    if (stall := managed.foreign_owner(owner, view.metadata.namespace, "organization")) is not None:
        return stall
    if await deps.host.find_organization(owner) is None:
        return Wait(10, Reason.OWNER_PENDING, f"Waiting for organization {owner} on the Git host.")
    return Done()


async def ensure_team(view: HostedTeam, deps: HostDeps) -> Outcome:
    """The host holds the team with exactly these members."""
    want = view.spec.for_provider
    members = tuple(sorted(set(want.members)))
    have = await deps.host.find_team(want.organization, want.name)
    if have is None or tuple(sorted(have)) != members:
        what = f"Team {want.organization}/{want.name}"
        if (stall := managed.missing_policy(view.spec, what, exists=have is not None)) is not None:
            return stall
        await deps.host.put_team(want.organization, want.name, members)
    return Done(
        status={"atProvider": {"name": want.name, "members": list(members)}},
        annotations={Annotation.EXTERNAL_NAME.value: want.name},
    )


async def release_team(view: HostedTeam, deps: HostDeps) -> Outcome:
    """The team goes from the host, if that is allowed."""
    want = view.spec.for_provider
    if want.organization == view.metadata.namespace and managed.allows(view.spec, managed.Policy.DELETE):
        await deps.host.delete_team(want.organization, want.name)
    return Done()


CONTROLLER: Final[Controller[HostedTeam, HostDeps]] = Controller(
    "hosted-teams",
    kinds.HOSTED_TEAM,
    ServiceAccount.HOSTED,
    steps=(managed.find_provider, ensure_owner, ensure_team),
    finish=(release_team,),
    finalizer=Finalizer.HOSTED.value,
    summarize=managed.summarize,
    pausable=True,
    triggers=triggers.on(by_namespace=(kinds.HOSTED_ORGANIZATION,)),
    announces=managed.ANNOUNCES,
)
