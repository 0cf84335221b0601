"""Events of a reconcile: what turned is told, once."""

from krate import conditions, errors, kinds
from krate.conditions import Reason, Type
from krate_controllers.outcomes import Done
from krate_kube.actions import Action
from krate_kube.memory import MemoryClient
from reconciler_rooms import KEY, KIND, READY, build, hosted, row, said, step


async def test_events_tell_what_turned() -> None:
    """A condition that is announced is told when it turns, an alarm always, and a repetition raises the count."""
    client = MemoryClient(namespaces=["acme"])
    client.seed(hosted())
    alarm = conditions.false(Type.SYNCED, Reason.RECONCILE_ERROR, "The host said no.")
    quiet = conditions.true(Type.SYNCED, Reason.RECONCILE_SUCCESS)
    script = [Done(conditions=(READY, quiet)), Done(conditions=(READY, alarm)), Done(conditions=(READY, alarm))]
    script += [Done(conditions=(READY, quiet)), Done(conditions=(READY, alarm))]
    reconciler = build(client, row(step(*script), announces=frozenset({Type.READY})))
    for _ in script:
        await reconciler.reconcile(KEY)
    told = [
        (event["type"], event["reason"], event["message"], event["count"], event["involvedObject"]["name"])
        for event in client.ledger.select(kinds.EVENT, "acme", lambda _event: True)
    ]
    assert sorted(told) == [
        ("Normal", "Available", "Ready is True", 1, "web"),
        ("Warning", "ReconcileError", "The host said no.", 2, "web"),
    ]


async def test_an_event_that_cannot_be_written_changes_nothing() -> None:
    """Refused events do not disturb the reconcile."""
    client = MemoryClient(namespaces=["acme"])
    client.seed(hosted())

    def refuse(action: Action) -> None:
        if action.kind is kinds.EVENT:
            raise errors.Forbidden("no events for you")

    client.interceptor = refuse
    controller = row(step(Done(conditions=(READY,))), announces=frozenset({Type.READY}))
    assert await build(client, controller).reconcile(KEY) is None
    found = client.stored(KIND, "web", namespace="acme")
    assert found is not None
    assert found["status"]["conditions"] == said(("Ready", "True", "Available", ""))
