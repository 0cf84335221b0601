"""Finalizers, annotations and pauses: what a reconcile makes of an object's metadata, and what it leaves alone."""

from krate import conditions
from krate.conditions import Reason, Type
from krate.models import HostedRepository
from krate_controllers.loops import Again
from krate_controllers.outcomes import Done, Outcome, Wait
from krate_kube.memory import MemoryClient
from reconciler_rooms import FINALIZER, KEY, KIND, READY, UNREADY, build, hosted, reconcile, row, said, step


async def test_a_finalizer_comes_first_and_goes_last() -> None:
    """The finalizer stands before the first step acts, and goes when the finishing steps are done."""
    seen: list[list[str]] = []
    client = MemoryClient(namespaces=["acme"])

    async def look(view: HostedRepository, _deps: None) -> Outcome:
        seen.append(list(view.metadata.finalizers))
        return Done()

    controller = row(look, finish=(step(Wait(1, Reason.DELETING, "Not yet."), Done()),), finalizer=FINALIZER)
    client.seed(hosted())
    reconciler = build(client, controller)
    await reconciler.reconcile(KEY)
    await client.delete(KIND, "web", namespace="acme")
    assert await reconciler.reconcile(KEY) == Again(1)
    assert client.stored(KIND, "web", namespace="acme") is not None
    assert await reconciler.reconcile(KEY) is None
    assert client.stored(KIND, "web", namespace="acme") is None
    assert seen == [[FINALIZER]]


async def test_other_finalizers_are_left_alone() -> None:
    """Only our own finalizer is put and taken; an object that lacks it while it goes is not ours to finish."""
    theirs = {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["example.com/theirs"]}
    controller = row(step(RuntimeError("never run")), finish=(step(RuntimeError("never run")),), finalizer=FINALIZER)
    again, found, client = await reconcile(controller, hosted(**theirs))
    assert found is not None
    assert (again, found["metadata"]["finalizers"], [a.verb for a in client.actions]) == (
        None,
        ["example.com/theirs"],
        ["get"],
    )
    mine = {**theirs, "finalizers": ["example.com/theirs", FINALIZER]}
    _, found, _ = await reconcile(row(finish=(step(Done()),), finalizer=FINALIZER), hosted(**mine))
    assert found is not None
    assert found["metadata"]["finalizers"] == ["example.com/theirs"]


async def test_paused() -> None:
    """A paused object gets no finalizer and no step, only the condition that says so."""
    controller = row(step(RuntimeError("never run")), finalizer=FINALIZER, pausable=True)
    again, found, _ = await reconcile(controller, hosted(annotations={"crossplane.io/paused": "true"}))
    assert found is not None
    text = "Reconciling is paused: remove the annotation crossplane.io/paused to go on."
    assert (again, found["metadata"].get("finalizers"), found["status"]["conditions"]) == (
        None,
        None,
        said(("Synced", "False", "ReconcilePaused", text)),
    )


async def test_annotations_are_set_once() -> None:
    """An annotation that a step asks for is written when it differs, and others stay."""
    controller = row(step(Done(annotations={"crossplane.io/external-name": "web"})))
    _, found, client = await reconcile(controller, hosted(annotations={"theirs": "x"}))
    assert found is not None
    assert found["metadata"]["annotations"] == {"theirs": "x", "crossplane.io/external-name": "web"}
    before = len(client.actions)
    await build(client, controller).reconcile(KEY)
    assert [action.verb for action in client.actions[before:]] == ["get"]


async def test_metadata_is_untouched_by_waiting() -> None:
    """A reconcile that waits twice and then succeeds leaves metadata as it was, but for what the API itself changes."""
    client = MemoryClient(namespaces=["acme"])
    (before,) = client.seed(hosted(annotations={"a": "b"}, labels={"l": "m"}, finalizers=["example.com/x"]))
    pending = Wait(0.01, Reason.HOST_PENDING, "Waiting.", conditions=(UNREADY,))
    reconciler = build(client, row(step(pending, pending, Done(conditions=(READY,)))))
    for _ in range(3):
        await reconciler.reconcile(KEY)
    after = client.stored(KIND, "web", namespace="acme")
    assert after is not None
    unversioned = [{k: v for k, v in found["metadata"].items() if k != "resourceVersion"} for found in (before, after)]
    assert unversioned[0] == unversioned[1]
    assert conditions.is_true(after["status"]["conditions"], Type.READY)
