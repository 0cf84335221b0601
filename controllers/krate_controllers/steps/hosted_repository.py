"""HostedRepository: the repository exists on the Git host with these settings; it goes, or retires, with its object."""

from typing import Any, Final

from krate import kinds
from krate.conditions import Reason
from krate.models import HostedRepository
from krate.names import Annotation, Finalizer, ServiceAccount
from krate_controllers import triggers
from krate_controllers.controller import Controller
from krate_controllers.deps import HostDeps
from krate_controllers.outcomes import Done, Outcome, Stall, Wait
from krate_controllers.steps import managed
from krate_git.interface import HostedRepositorySettings, HostNameTaken, PredecessorExists, RepositoryKey


async def ensure_owner(view: HostedRepository, deps: HostDeps) -> Outcome:
    """The organisation exists on the host."""
    owner = view.spec.for_provider.owner
    if (stall := managed.foreign_owner(owner, view.metadata.namespace, "owner")) is not None:
        return stall
    if await deps.host.find_organization(owner) is None:
        return Wait(10, Reason.OWNER_PENDING, f"Waiting for organization {owner} on the Git host.")
    return Done()


async def ensure_repository(view: HostedRepository, deps: HostDeps) -> Outcome:
    """The host holds the repository as asked for; one that was retired is restored."""
    want = settings(view)
    have = await deps.host.find_repository(want.key)
    if have != want:
        exists = have is not None and not have.retired_at
        if (stall := managed.missing_policy(view.spec, f"Repository {want.key}", exists=exists)) is not None:
            return stall
        try:
            have = await deps.host.put_repository(want)
        except PredecessorExists as still:
            return Wait(5, Reason.PREDECESSOR_DELETING, f"{still}: wait until it is deleted.")
        except HostNameTaken as taken:
            return Stall(Reason.RECONCILE_ERROR, f"{taken}: choose another spec.hostName.")
    return Done(
        status={"atProvider": at_provider(have or want, deps.clone_base)},
        annotations={Annotation.EXTERNAL_NAME.value: want.host_name},
    )


def settings(view: HostedRepository) -> HostedRepositorySettings:
    """What the host should hold."""
    want = view.spec.for_provider
    return HostedRepositorySettings(
        key=RepositoryKey(view.metadata.namespace, want.repository),
        host_name=want.name,
        uid=view.metadata.uid,
        description=want.description,
        private=want.private,
        default_branch=want.default_branch,
        archived=want.archived,
    )


def at_provider(have: HostedRepositorySettings, clone_base: str) -> dict[str, Any]:
    """What the host holds, in the host's words."""
    return {
        "full_name": f"{have.key.namespace}/{have.host_name}",
        "clone_url": f"{clone_base}/{have.key.namespace}/{have.host_name}.git",
        "description": have.description,
        "private": have.private,
        "default_branch": have.default_branch,
        "archived": have.archived,
    }


async def release_repository(view: HostedRepository, deps: HostDeps) -> Outcome:
    """With Delete the data goes; without it the repository is retired, unless it was only ever observed."""
    key = RepositoryKey(view.metadata.namespace, view.spec.for_provider.repository)
    if managed.allows(view.spec, managed.Policy.DELETE):
        await deps.host.delete_repository(key, view.metadata.uid)
    elif managed.allows(view.spec, managed.Policy.CREATE) or managed.allows(view.spec, managed.Policy.UPDATE):
        await deps.host.retire_repository(key, view.metadata.uid)
    return Done()


CONTROLLER: Final[Controller[HostedRepository, HostDeps]] = Controller(
    "hosted-repositories",
    kinds.HOSTED_REPOSITORY,
    ServiceAccount.HOSTED,
    steps=(managed.find_provider, ensure_owner, ensure_repository),
    finish=(release_repository,),
    finalizer=Finalizer.HOSTED.value,
    summarize=managed.summarize,
    pausable=True,
    triggers=triggers.on(by_namespace=(kinds.HOSTED_ORGANIZATION,)),
    announces=managed.ANNOUNCES,
)
