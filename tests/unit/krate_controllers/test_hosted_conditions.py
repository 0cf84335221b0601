"""What hosted objects and their provider say of themselves when the steps are done."""

from typing import Any

import pytest

import factories
from hosted_samples import Host, deps_for, repository
from krate import conditions, kinds
from krate.conditions import Reason, Type
from krate_controllers.outcomes import Done, Outcome, Stall, Wait
from krate_controllers.steps import managed, provider_config

AVAILABLE = conditions.true(Type.READY, Reason.AVAILABLE)
SYNCED = conditions.true(Type.SYNCED, Reason.RECONCILE_SUCCESS)
PENDING = Wait(2, Reason.OWNER_PENDING, "Waiting.")
FAILED = Wait(None, Reason.RECONCILE_ERROR, "The host said no.")
UNSYNCED = conditions.false(Type.SYNCED, Reason.RECONCILE_ERROR, "The host said no.")


def with_ready(status: str, reason: str) -> Any:
    return repository(status={"conditions": [{"type": "Ready", "status": status, "reason": reason}]})


GOING = {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}


@pytest.mark.parametrize(
    ("before", "outcome", "want"),
    [
        (repository(), Done(), (AVAILABLE, SYNCED)),
        (repository(), PENDING, (conditions.false(Type.READY, Reason.CREATING, "Waiting."), SYNCED)),
        (with_ready("True", "Available"), PENDING,
         (conditions.false(Type.READY, Reason.UNAVAILABLE, "Waiting."), SYNCED)),
        (repository(), FAILED, (conditions.false(Type.READY, Reason.CREATING, "The host said no."), UNSYNCED)),
        (with_ready("True", "Available"), FAILED, (UNSYNCED,)),
        (repository(**GOING), Done(),
         (conditions.false(Type.READY, Reason.DELETING, "It is being deleted on the Git host."), SYNCED)),
        (repository(**GOING), FAILED, (conditions.false(Type.READY, Reason.DELETING, "The host said no."), UNSYNCED)),
        (repository(), Stall(Reason.RECONCILE_PAUSED, "Paused."), ()),
    ],
    ids=["works", "pending", "pending again", "failed first", "failed later", "gone", "cannot go", "paused"],
)  # fmt: skip
def test_ready_and_synced(before: Any, outcome: Outcome, want: tuple[conditions.Condition, ...]) -> None:
    """Ready and Synced follow Crossplane's conventions from how the steps ended and what was true before."""
    assert managed.summarize(before, outcome) == want


async def test_reachable() -> None:
    """A host that answers is Reachable; one that does not is told with what went wrong."""
    config = kinds.PROVIDER_CONFIG.model.model_validate(factories.make(kinds.PROVIDER_CONFIG, "default", spec={}))
    said = await provider_config.reach_host(config, deps_for(Host()))  # pyright: ignore[reportArgumentType]
    trouble = Wait(None, Reason.HOST_UNREACHABLE, "The Git host does not answer: refused")
    assert [provider_config.summarize(config, outcome) for outcome in (said, trouble)] == [  # pyright: ignore[reportArgumentType]
        (conditions.true(Type.REACHABLE, Reason.HOST_AVAILABLE),),
        (conditions.false(Type.REACHABLE, Reason.HOST_UNREACHABLE, trouble.message),),
    ]
