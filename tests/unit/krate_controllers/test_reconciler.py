"""One reconcile: which status is written, and when the object is looked at again."""

from typing import Any

import pytest

from krate import conditions, errors
from krate.conditions import Reason
from krate.models import HostedRepository
from krate_controllers.loops import Again
from krate_controllers.outcomes import Done, Outcome, Stall, Wait
from krate_git.interface import GitError, HostUnavailable
from krate_kube.memory import MemoryClient
from reconciler_rooms import KEY, KIND, READY, UNREADY, build, hosted, reconcile, row, said, step


async def test_status_is_written_once() -> None:
    """Facts, conditions and the observed generation go into one patch; a second look writes nothing."""
    facts = Done(status={"atProvider": {"clone_url": "u"}}, conditions=(READY,))
    controller = row(step(facts))
    again, found, client = await reconcile(controller, hosted())
    assert found is not None
    assert (again, found["status"]) == (
        None,
        {
            "atProvider": {"clone_url": "u"},
            "conditions": said(("Ready", "True", "Available", "")),
            "observedGeneration": 1,
        },
    )
    before = len(client.actions)
    await build(client, controller).reconcile(KEY)
    assert [action.verb for action in client.actions[before:]] == ["get"]


async def test_steps_stop_at_the_first_that_does_not_hold() -> None:
    """Later steps do not run, what earlier ones said is kept, and the wish of the one that stopped is granted."""
    controller = row(
        step(Done(status={"atProvider": {"a": 1}})),
        step(Wait(7, Reason.OWNER_PENDING, "Waiting for something.", conditions=(UNREADY,))),
        step(RuntimeError("never reached")),
    )
    again, found, _ = await reconcile(controller, hosted())
    assert found is not None
    assert (again, found["status"]["atProvider"]) == (Again(7), {"a": 1})
    assert found["status"]["conditions"] == said(("Ready", "False", "Creating", "Waiting for something."))


async def test_a_stall_waits_for_a_change() -> None:
    """A stalled object has no next attempt."""
    again, _, _ = await reconcile(row(step(Stall(Reason.RECONCILE_ERROR, "Correct the name."))), hosted())
    assert again is None


async def test_later_steps_see_what_earlier_ones_said() -> None:
    """Facts and conditions of this very pass are in the view of the next step."""
    seen: list[Any] = []

    async def look(view: HostedRepository, _deps: None) -> Outcome:
        seen.append((view.status.at_provider, [entry.type for entry in view.status.conditions]))
        return Done()

    await reconcile(row(step(Done(status={"atProvider": {"a": 1}}, conditions=(READY,))), look), hosted())
    assert seen == [({"a": 1}, ["Ready"])]


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (HostUnavailable("connection refused"), Reason.HOST_UNREACHABLE),
        (GitError("the name is taken"), Reason.RECONCILE_ERROR),
    ],
    ids=["unreachable", "refused"],
)
async def test_trouble_of_the_host_is_an_outcome(trouble: GitError, reason: Reason) -> None:
    """What the Git host raises becomes a Wait with backoff, for the summary to tell."""
    heard: list[Outcome] = []

    def summarize(_view: Any, outcome: Outcome) -> tuple[conditions.Condition, ...]:
        heard.append(outcome)
        return ()

    again, _, _ = await reconcile(row(step(trouble), summarize=summarize), hosted())
    assert again == Again()
    (told,) = heard
    assert isinstance(told, Wait)
    assert (told.reason, str(trouble) in told.message) == (reason, True)


async def test_a_decision_on_an_old_version_is_not_written() -> None:
    """When somebody writes while the steps run, the status patch conflicts and nothing of it is stored."""
    client = MemoryClient(namespaces=["acme"])
    client.seed(hosted())

    async def meddle(_view: HostedRepository, _deps: None) -> Outcome:
        await client.patch(KIND, "web", {"metadata": {"labels": {"new": "yes"}}}, namespace="acme")
        return Done(conditions=(READY,))

    with pytest.raises(errors.Conflict):
        await build(client, row(meddle)).reconcile(KEY)
    found = client.stored(KIND, "web", namespace="acme")
    assert found is not None
    assert "status" not in found
