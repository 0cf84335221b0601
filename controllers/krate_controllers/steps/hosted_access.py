"""HostedAccess: who has which permission, recorded beside the repository; the host names these people in refusals."""

from typing import Final

from krate import kinds
from krate.conditions import Reason
from krate.models import HostedAccess
from krate.names import Finalizer, Label, ServiceAccount
from krate_controllers import triggers
from krate_controllers.controller import Controller
from krate_controllers.deps import HostDeps
from krate_controllers.outcomes import Done, Outcome, Wait
from krate_controllers.steps import managed
from krate_git.interface import Collaborator, RepositoryKey, RepositoryMissing


def key_of(view: HostedAccess) -> RepositoryKey:
    """The repository that is meant: `forProvider.repository` is its name on the host, the label its object's name."""
    name = view.metadata.labels.get(Label.REPOSITORY) or view.metadata.name
    return RepositoryKey(view.metadata.namespace, name)


async def ensure_access(view: HostedAccess, deps: HostDeps) -> Outcome:
    """The host holds exactly these permissions."""
    want = view.spec.for_provider
    if (stall := managed.foreign_owner(want.owner, view.metadata.namespace, "owner")) is not None:
        return stall
    key = key_of(view)
    collaborators = sorted(
        (Collaborator(entry.kind, entry.name, entry.permission) for entry in want.collaborators),
        key=lambda entry: (entry.kind, entry.name),
    )
    have = await deps.host.find_access(key) or ()
    if sorted(have, key=lambda entry: (entry.kind, entry.name)) != collaborators:
        if (stall := managed.missing_policy(view.spec, f"Access to {key}", exists=bool(have))) is not None:
            return stall
        try:
            await deps.host.put_access(key, collaborators)
        except RepositoryMissing:
            return Wait(10, Reason.HOST_PENDING, f"Waiting for repository {key} on the Git host.")
    return Done(status={"atProvider": {"collaborators": len(collaborators)}})


async def release_access(view: HostedAccess, deps: HostDeps) -> Outcome:
    """Nobody is named any more; a repository that is gone takes its permissions along."""
    if managed.allows(view.spec, managed.Policy.DELETE):
        try:
            await deps.host.put_access(key_of(view), ())
        except RepositoryMissing:
            return Done()
    return Done()


CONTROLLER: Final[Controller[HostedAccess, HostDeps]] = Controller(
    "hosted-accesses",
    kinds.HOSTED_ACCESS,
    ServiceAccount.HOSTED,
    steps=(managed.find_provider, ensure_access),
    finish=(release_access,),
    finalizer=Finalizer.HOSTED.value,
    summarize=managed.summarize,
    pausable=True,
    triggers=triggers.on(by_name=(kinds.HOSTED_REPOSITORY,)),
    announces=managed.ANNOUNCES,
)
