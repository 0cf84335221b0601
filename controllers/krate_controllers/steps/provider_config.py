"""ProviderConfig: whether the Git host answers."""

from typing import Final

from krate import conditions, kinds
from krate.conditions import Condition, Reason, Type
from krate.models import ProviderConfig
from krate.names import ServiceAccount
from krate_controllers.controller import Controller
from krate_controllers.deps import HostDeps
from krate_controllers.outcomes import Done, Outcome


async def reach_host(view: ProviderConfig, deps: HostDeps) -> Outcome:
    """The host answers a question that costs it nothing."""
    await deps.host.find_organization(view.metadata.namespace)
    return Done()


def summarize(_view: ProviderConfig, outcome: Outcome) -> tuple[Condition, ...]:
    if isinstance(outcome, Done):
        return (conditions.true(Type.REACHABLE, Reason.HOST_AVAILABLE),)
    return (conditions.false(Type.REACHABLE, Reason.HOST_UNREACHABLE, outcome.message),)


CONTROLLER: Final[Controller[ProviderConfig, HostDeps]] = Controller(
    "provider-configs",
    kinds.PROVIDER_CONFIG,
    ServiceAccount.HOSTED,
    steps=(reach_host,),
    summarize=summarize,
    resync=60.0,
)
