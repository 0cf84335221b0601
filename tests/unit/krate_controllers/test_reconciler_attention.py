"""Which objects a reconciler looks at: what concerns it, what triggers it, what a resync finds."""

import asyncio

import factories
from krate import errors, kinds
from krate_controllers.controller import Trigger
from krate_controllers.reconciler import Reconciler
from krate_controllers.workqueue import WorkQueue
from krate_kube.actions import Action
from krate_kube.interface import EventType
from krate_kube.memory import MemoryClient
from reconciler_rooms import KEY, KIND, LOG, T0, build, hosted, row, step


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
