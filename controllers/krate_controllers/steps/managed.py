"""Conventions of managed resources that all Hosted kinds share: what may be done, and what Ready and Synced say.

They are Crossplane's (crossplane-runtime pkg/reconciler/managed), so that every Crossplane tool works on our objects:
Synced tells whether the last reconcile did what it wanted, Ready whether the thing exists and works.
"""

from enum import StrEnum
from typing import Any, Final

from krate import conditions
from krate.conditions import Condition, Reason, Type
from krate.models.hosted import HostedSpec, HostedStatus
from krate.models.meta import Resource
from krate_controllers.deps import HostDeps
from krate_controllers.outcomes import Done, Outcome, Stall, Wait

_DEFAULT_PROVIDER: Final = "default"
_FAILURES: Final = frozenset({Reason.HOST_UNREACHABLE, Reason.RECONCILE_ERROR})
ANNOUNCES: Final = frozenset({Type.READY})


class Managed(Resource):
    """Any Hosted kind, as far as the conventions go."""

    spec: HostedSpec[Any]
    status: HostedStatus = HostedStatus()


class Policy(StrEnum):
    """Management policies that steps ask about."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"


def allows(spec: HostedSpec[Any], policy: Policy) -> bool:
    """Whether `managementPolicies` allow it; `*` allows everything."""
    return bool({"*", policy} & set(spec.management_policies))


def forbidden(what: str, policy: Policy) -> Stall:
    """The outcome when the policies do not let the controller do what is needed."""
    return Stall(
        Reason.RECONCILE_ERROR,
        f"{what}, and spec.managementPolicies does not allow {policy}: add it, or make the change on the Git host.",
    )


def missing_policy(spec: HostedSpec[Any], what: str, *, exists: bool) -> Stall | None:
    """The outcome when a thing that `exists` or not may not be brought into shape; None when it may."""
    policy = Policy.UPDATE if exists else Policy.CREATE
    if allows(spec, policy):
        return None
    return forbidden(f"{what} differs" if exists else f"{what} does not exist on the Git host", policy)


def foreign_owner(owner: str, namespace: str, field: str) -> Stall | None:
    """The outcome when an object speaks of somebody else's organisation: the namespace is the tenant's border."""
    if owner == namespace:
        return None
    text = f"spec.forProvider.{field} is {owner}, but objects of namespace {namespace} can only host there: correct it."
    return Stall(Reason.RECONCILE_ERROR, text)


async def find_provider(view: Any, deps: HostDeps) -> Outcome:
    """The named ProviderConfig exists; without one, `default` means the embedded host."""
    name, namespace = view.spec.provider_config_ref.name, view.metadata.namespace
    if name == _DEFAULT_PROVIDER or await deps.find_provider(namespace, name) is not None:
        return Done()
    return Wait(30, Reason.PENDING, f"ProviderConfig {name} does not exist in namespace {namespace}: create it.")


def summarize(view: Any, outcome: Outcome) -> tuple[Condition, ...]:
    """Ready and Synced, from how the steps ended."""
    deleting = view.metadata.deletion_timestamp is not None
    if isinstance(outcome, Done):
        ready = (
            conditions.false(Type.READY, Reason.DELETING, "It is being deleted on the Git host.")
            if deleting
            else conditions.true(Type.READY, Reason.AVAILABLE)
        )
        return (ready, conditions.true(Type.SYNCED, Reason.RECONCILE_SUCCESS))
    if outcome.reason is Reason.RECONCILE_PAUSED:
        return ()
    failed = outcome.reason in _FAILURES
    synced = (
        conditions.false(Type.SYNCED, Reason.RECONCILE_ERROR, outcome.message)
        if failed
        else conditions.true(Type.SYNCED, Reason.RECONCILE_SUCCESS)
    )
    return (*_unready(view, outcome, deleting=deleting, failed=failed), synced)


def _unready(view: Any, outcome: Wait | Stall, *, deleting: bool, failed: bool) -> tuple[Condition, ...]:
    """Ready while the steps did not end well; what worked before a failed reconcile is believed to work still."""
    said = [entry.model_dump() for entry in view.status.conditions]
    before = conditions.find(said, Type.READY)
    if deleting:
        return (conditions.false(Type.READY, Reason.DELETING, outcome.message),)
    if before is None or before["reason"] == Reason.CREATING:
        return (conditions.false(Type.READY, Reason.CREATING, outcome.message),)
    return () if failed else (conditions.false(Type.READY, Reason.UNAVAILABLE, outcome.message),)
