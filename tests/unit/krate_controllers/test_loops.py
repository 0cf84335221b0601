"""Workers: what becomes of a key after each way its work can end."""

import asyncio

import pytest
import structlog

from krate import correlation, errors, kinds
from krate_controllers import loops
from krate_controllers.loops import Again, Loop
from krate_controllers.workqueue import Backoff, Key, WorkQueue
from krate_kube.actions import Action
from krate_kube.interface import Unreachable
from krate_kube.memory import MemoryClient
from krate_kube.watch import Informer

KEY = ("acme", "web")
LOG = structlog.get_logger()


class Times:
    """Records the timers that a queue sets."""

    def __init__(self) -> None:
        self.set: list[float] = []

    def later(self, seconds: float, _call: object) -> "Times":
        self.set.append(seconds)
        return self

    def cancel(self) -> None: ...


def loop_with(result: Again | Exception | None) -> tuple[Loop, Times]:
    times = Times()

    async def work(_key: Key) -> Again | None:
        if isinstance(result, Exception):
            raise result
        return result

    queue = WorkQueue(backoff=Backoff(base=1, ceiling=1), later=times.later)
    return Loop(work, queue, workers=1, log=LOG), times


@pytest.mark.parametrize(
    ("result", "retried"),
    [
        (None, False),
        (Again(7), False),
        (Again(), True),
        (errors.Conflict(), True),
        (errors.NotFound(), True),
        (Unreachable(), True),
        (errors.ServiceUnavailable(), True),
        (errors.Forbidden(), True),
        (RuntimeError("a defect"), True),
    ],
    ids=["done", "again later", "again", "conflict", "gone", "unreachable", "unavailable", "forbidden", "defect"],
)
async def test_outcomes(result: Again | Exception | None, *, retried: bool) -> None:
    """All is well: no timer. A wish: that timer. Anything raised: a retry with backoff, and the loop goes on."""
    loop, times = loop_with(result)
    await loop.attend(KEY)
    if result is None:
        assert times.set == []
    elif retried:
        assert [0.5 <= seconds <= 1 for seconds in times.set] == [True]
    else:
        assert times.set == [7]


async def test_work_has_a_correlation_id() -> None:
    """Each turn of work has a correlation id of its own."""
    seen: list[str] = []
    done = asyncio.Event()

    async def work(key: Key) -> None:
        seen.append(correlation.current())
        if key[1] == "b":
            done.set()

    loop = Loop(work, WorkQueue(), workers=1, log=LOG)
    task = asyncio.create_task(loop.run())
    for name in "ab":
        loop.queue.add(("", name))
    async with asyncio.timeout(2):
        await done.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (len(set(seen)), all(seen)) == (2, True)


async def test_bounded_concurrency() -> None:
    """As many keys are worked on at a time as there are workers, and no more."""
    running, most = 0, 0
    release = asyncio.Event()

    async def work(_key: Key) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await release.wait()
        running -= 1

    loop = Loop(work, WorkQueue(), workers=3, log=LOG)
    task = asyncio.create_task(loop.run())
    for number in range(8):
        loop.queue.add(("", str(number)))
    for _ in range(20):
        await asyncio.sleep(0)
    release.set()
    async with asyncio.timeout(2):
        while not loop.queue.idle:  # noqa: ASYNC110 - the queue has no event for it
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert most == 3


async def test_cancelling_ends_everything() -> None:
    """Cancelling the loop cancels the work under way and drops the timers."""
    times = Times()
    cancelled = asyncio.Event()
    started = asyncio.Event()

    async def work(_key: Key) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    queue = WorkQueue(later=times.later)
    task = asyncio.create_task(Loop(work, queue, workers=2, log=LOG).run())
    queue.add(KEY)
    queue.add_after(("", "later"), 5)
    async with asyncio.timeout(2):
        await started.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (cancelled.is_set(), queue.idle) == (True, True)


async def test_a_refused_watch_is_asked_again() -> None:
    """A watch that is refused ends nothing: it is asked for again, because rights may arrive later."""
    client = MemoryClient()
    refusals = 2

    def refuse(action: Action) -> None:
        nonlocal refusals
        if action.verb == "list" and refusals:
            refusals -= 1
            raise errors.Forbidden("not yet")

    client.interceptor = refuse
    informer = Informer(client, kinds.NAMESPACE)
    task = asyncio.create_task(loops.follow(informer, lambda _change: None, log=LOG, pause=0))
    async with asyncio.timeout(2):
        await informer.synced.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(informer.cache) == 2
