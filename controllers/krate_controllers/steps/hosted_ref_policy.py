"""HostedRefPolicy: the receive path has loaded the compiled rules, and says so with their digest.

There is no finalizer: the document stays with the repository, because one without rules would be open. `atProvider`
is asked of the host each time, so that it tells what is in force and not what was sent once.
"""

from typing import Final

from krate import kinds
from krate.conditions import Reason
from krate.models import HostedRefPolicy
from krate.names import ServiceAccount
from krate_controllers import triggers
from krate_controllers.controller import Controller
from krate_controllers.deps import HostDeps
from krate_controllers.outcomes import Done, Outcome, Stall, Wait
from krate_controllers.steps import managed
from krate_git.interface import PolicyInvalid, RefPolicyDocument, RepositoryKey, RepositoryMissing


async def ensure_loaded(view: HostedRefPolicy, deps: HostDeps) -> Outcome:
    """The host's evaluator works with exactly this document."""
    want = view.spec.for_provider
    if (stall := managed.foreign_owner(want.owner, view.metadata.namespace, "owner")) is not None:
        return stall
    key = RepositoryKey(view.metadata.namespace, view.metadata.name)
    try:
        have = await deps.host.find_ref_policy_digest(key)
        if have != want.digest:
            stall = managed.missing_policy(view.spec, f"The policy of {key}", exists=have is not None)
            have = have if stall else await _put(view, key, deps)
    except RepositoryMissing:
        return Wait(10, Reason.HOST_PENDING, f"Waiting for repository {key} on the Git host.")
    except PolicyInvalid as problem:
        return Stall(Reason.RECONCILE_ERROR, f"The Git host keeps its last policy: {problem}")
    said = {"atProvider": {"digest": have}} if have else {}
    return Stall(stall.reason, stall.message, status=said) if stall else Done(status=said)


async def _put(view: HostedRefPolicy, key: RepositoryKey, deps: HostDeps) -> str:
    want = view.spec.for_provider
    sources = tuple(source.dump() for source in want.sources)
    return await deps.host.put_ref_policy(key, RefPolicyDocument(want.digest, want.document, sources))


CONTROLLER: Final[Controller[HostedRefPolicy, HostDeps]] = Controller(
    "hosted-ref-policies",
    kinds.HOSTED_REF_POLICY,
    ServiceAccount.HOSTED,
    steps=(managed.find_provider, ensure_loaded),
    summarize=managed.summarize,
    pausable=True,
    triggers=triggers.on(by_name=(kinds.HOSTED_REPOSITORY,)),
    announces=managed.ANNOUNCES,
)
