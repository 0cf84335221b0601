"""One reconcile: what is written, what is not, and when the object is looked at again."""

import asyncio
import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import structlog

import factories
from krate import conditions, errors, kinds
from krate.conditions import Reason, Type
from krate.models import HostedRepository
from krate.names import ServiceAccount
from krate_controllers.controller import Controller, Trigger
from krate_controllers.loops import Again
from krate_controllers.outcomes import Done, Outcome, Stall, Wait
from krate_controllers.reconciler import Reconciler
from krate_controllers.workqueue import WorkQueue
from krate_git.interface import GitError, HostUnavailable
from krate_kube.actions import Action
from krate_kube.interface import EventType
from krate_kube.memory import MemoryClient

KIND = kinds.HOSTED_REPOSITORY
KEY = ("acme", "web")
LOG = structlog.get_logger()
T0 = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
FINALIZER = "krate.a5c.ai/hosted"
SPEC = {"forProvider": {"owner": "acme", "name": "web", "repository": "web"}}
READY = conditions.true(Type.READY, Reason.AVAILABLE)
UNREADY = conditions.false(Type.READY, Reason.CREATING, "Waiting for something.")


def hosted(**metadata: Any) -> dict[str, Any]:
    return factories.make(KIND, "web", metadata={"generation": 1, **metadata}, spec=SPEC)


def step(*outcomes: Outcome | Exception) -> Any:
    """A step that has one thing to say after the other; the last one for ever."""
    script: Iterator[Outcome | Exception] = iter(outcomes)
    last: list[Outcome | Exception] = []

    async def run(_view: HostedRepository, _deps: None) -> Outcome:
        last[:] = [next(script, last[0] if last else Done())]
        if isinstance(last[0], Exception):
            raise last[0]
        return last[0]

    return run


def row(*steps: Any, **options: Any) -> Controller[HostedRepository, None]:
    base: Controller[HostedRepository, None] = Controller("test", KIND, ServiceAccount.HOSTED, steps=steps)
    return replace(base, **options)


def build(client: MemoryClient, controller: Controller[HostedRepository, None]) -> Reconciler[HostedRepository, None]:
    return Reconciler(controller, None, client, now=lambda: T0, log=LOG)


async def reconcile(
    controller: Controller[HostedRepository, None], found: dict[str, Any]
) -> tuple[Again | None, dict[str, Any] | None, MemoryClient]:
    """Reconcile `found` once; answers when to look again, the object afterwards, and the server."""
    client = MemoryClient(namespaces=["acme"])
    client.seed(found)
    again = await build(client, controller).reconcile(KEY)
    return again, client.stored(KIND, "web", namespace="acme"), client


def said(*entries: tuple[str, str, str, str]) -> list[dict[str, Any]]:
    """Conditions as they are stored."""
    return [
        {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastTransitionTime": "2026-03-01T12:00:00Z",
            "observedGeneration": 1,
        }
        for kind, status, reason, message in entries
    ]


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
    assert [(type(one), one.reason, str(trouble) in one.message) for one in heard] == [(Wait, reason, True)]


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


async def test_objects_that_do_not_concern_it() -> None:
    """What the row does not concern itself with is neither remembered nor worked on."""
    client = MemoryClient(namespaces=["acme"])
    (found,) = client.seed(hosted(labels={"skip": "me"}))
    skip = row(
        step(RuntimeError("never run")), concerns=lambda obj: "skip" not in (obj["metadata"].get("labels") or {})
    )
    reconciler = build(client, skip)
    reconciler.observe(KIND, EventType.ADDED, found)
    assert (len(reconciler.queue), reconciler.known) == (0, {})
    assert await reconciler.reconcile(KEY) is None


async def test_triggers_reach_known_objects() -> None:
    """A change of another kind queues what its trigger names among the objects that are known."""
    client = MemoryClient(namespaces=["acme"])
    trigger = Trigger(
        kinds.TEAM, lambda found, known: [key for key in known if known[key] == found["metadata"]["name"]]
    )
    controller = row(triggers=(trigger,), index=lambda found: found["spec"]["forProvider"]["name"])
    reconciler = build(client, controller)
    reconciler.observe(KIND, EventType.ADDED, hosted())
    await reconciler.queue.get()
    reconciler.queue.done(KEY)
    reconciler.observe(kinds.TEAM, EventType.MODIFIED, factories.make_team("other"))
    assert len(reconciler.queue) == 0
    reconciler.observe(kinds.TEAM, EventType.MODIFIED, factories.make_team("web"))
    assert (len(reconciler.queue), reconciler.watched) == (1, (KIND, kinds.TEAM))
    reconciler.observe(KIND, EventType.DELETED, hosted())
    assert reconciler.known == {}


async def test_a_resync_finds_what_nobody_reported() -> None:
    """Listing everything queues it, learns what is new and forgets what is gone."""
    client = MemoryClient(namespaces=["acme"])
    client.seed(hosted())
    reconciler = build(client, row())
    reconciler.known["acme", "gone"] = None
    await reconciler.look_at_everything()
    assert (reconciler.known, await reconciler.queue.get(), len(reconciler.queue)) == ({KEY: None}, KEY, 0)


async def test_what_appears_during_a_resync_stays_known() -> None:
    """An object that is reported while the list is under way is not forgotten by it."""
    client = MemoryClient(namespaces=["acme"])
    reconciler = build(client, row())

    def appear(action: Action) -> None:
        if action.verb == "list":
            reconciler.observe(KIND, EventType.ADDED, hosted())

    client.interceptor = appear
    await reconciler.look_at_everything()
    assert reconciler.known == {KEY: None}


async def test_the_resync_is_regular() -> None:
    """`run` lists everything again and again, and survives a server that refuses."""
    client = MemoryClient(namespaces=["acme"])
    client.seed(hosted())
    looked: list[int] = []
    done = asyncio.Event()

    def refuse_first(action: Action) -> None:
        if action.verb == "list":
            looked.append(1)
            if len(looked) == 1:
                raise errors.ServiceUnavailable
            if len(looked) == 3:
                done.set()

    client.interceptor = refuse_first
    queue = WorkQueue()
    reconciler = Reconciler(row(resync=0.01), None, client, now=lambda: T0, log=LOG, queue=queue)
    task = asyncio.create_task(reconciler.run())
    async with asyncio.timeout(5):
        await done.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert reconciler.known == {KEY: None}


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
