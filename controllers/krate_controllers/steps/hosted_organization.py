"""HostedOrganization: the organisation exists on the Git host under the namespace's name."""

from typing import Final

from krate import kinds
from krate.models import HostedOrganization
from krate.names import Annotation, Finalizer, ServiceAccount
from krate_controllers import triggers
from krate_controllers.controller import Controller
from krate_controllers.deps import HostDeps
from krate_controllers.outcomes import Done, Outcome
from krate_controllers.steps import managed


async def ensure_organization(view: HostedOrganization, deps: HostDeps) -> Outcome:
    """The host holds the organisation with this name and visibility."""
    want = view.spec.for_provider
    if (stall := managed.foreign_owner(want.username, view.metadata.namespace, "username")) is not None:
        return stall
    have = await deps.host.find_organization(want.username)
    wanted = {"full_name": want.full_name, "visibility": want.visibility}
    if have is None or {key: have.get(key) for key in wanted} != wanted:
        what = f"Organization {want.username}"
        if (stall := managed.missing_policy(view.spec, what, exists=have is not None)) is not None:
            return stall
        await deps.host.put_organization(want.username, full_name=want.full_name, visibility=want.visibility)
    return Done(
        status={"atProvider": {"username": want.username, **wanted}},
        annotations={Annotation.EXTERNAL_NAME.value: want.username},
    )


async def release_organization(view: HostedOrganization, deps: HostDeps) -> Outcome:
    """With Delete among its policies the organisation goes from the host, once it holds no repository."""
    want = view.spec.for_provider
    if want.username == view.metadata.namespace and managed.allows(view.spec, managed.Policy.DELETE):
        await deps.host.delete_organization(want.username)
    return Done()


CONTROLLER: Final[Controller[HostedOrganization, HostDeps]] = Controller(
    "hosted-organizations",
    kinds.HOSTED_ORGANIZATION,
    ServiceAccount.HOSTED,
    steps=(managed.find_provider, ensure_organization),
    finish=(release_organization,),
    finalizer=Finalizer.HOSTED.value,
    summarize=managed.summarize,
    pausable=True,
    triggers=triggers.on(by_namespace=(kinds.HOSTED_REPOSITORY,)),
    announces=managed.ANNOUNCES,
)
