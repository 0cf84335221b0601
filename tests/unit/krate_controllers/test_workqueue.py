"""The queue loses no wake-up, works on no key twice at a time, and keeps one timer per key."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from krate_controllers.workqueue import Backoff, Key, WorkQueue

A, B = ("acme", "a"), ("acme", "b")


@dataclass
class Timers:
    """Time that passes when a test says so."""

    now: float = 0.0
    pending: list["Timer"] = field(default_factory=list)

    def later(self, seconds: float, call: Callable[[], None]) -> "Timer":
        timer = Timer(self, self.now + seconds, call)
        self.pending.append(timer)
        return timer

    def pass_(self, seconds: float) -> None:
        self.now += seconds
        for timer in sorted(self.pending, key=lambda timer: timer.at):
            if timer.at <= self.now and timer in self.pending:
                self.pending.remove(timer)
                timer.call()


@dataclass(eq=False)
class Timer:
    timers: Timers
    at: float
    call: Callable[[], None]

    def cancel(self) -> None:
        if self in self.timers.pending:
            self.timers.pending.remove(self)


def make() -> tuple[WorkQueue, Timers]:
    timers = Timers()
    return WorkQueue(backoff=Backoff(base=1.0, ceiling=8.0), later=timers.later), timers


async def drain(queue: WorkQueue) -> list[Key]:
    """Take everything that is ready."""
    taken: list[Key] = []
    while len(queue):
        taken.append(await queue.get())
        queue.done(taken[-1])
    return taken


async def test_order_and_deduplication() -> None:
    """Keys come in order of arrival, each once however often it was added."""
    queue, _ = make()
    for key in (B, A, B, A):
        queue.add(key)
    assert await drain(queue) == [B, A]
    assert queue.idle


async def test_added_while_worked_on() -> None:
    """A key that is added while it is worked on is not handed out twice, and comes again afterwards."""
    queue, _ = make()
    queue.add(A)
    assert await queue.get() == A
    queue.add(A)
    waiting = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    assert not waiting.done()
    queue.done(A)
    async with asyncio.timeout(1):
        assert await waiting == A
    queue.done(A)
    assert queue.idle


async def test_timers() -> None:
    """A timer brings its key when it is due; a new time replaces it, and attention in the meantime drops it."""
    queue, timers = make()
    queue.add_after(A, 10)
    queue.add_after(A, 3)
    timers.pass_(5)
    assert await drain(queue) == [A]
    timers.pass_(20)
    assert await drain(queue) == []
    queue.add_after(A, 10)
    queue.add(A)
    assert await drain(queue) == [A]
    timers.pass_(20)
    assert (await drain(queue), queue.idle) == ([], True)


async def test_no_time_at_all() -> None:
    """A timer of zero seconds is attention now."""
    queue, timers = make()
    queue.add_after(A, 0)
    assert (await drain(queue), timers.pending) == ([A], [])


async def test_backoff() -> None:
    """Retries wait twice as long each time, up to the ceiling, until the key works again."""
    queue, timers = make()
    pauses = []
    for _ in range(6):
        pauses.append(queue.retry(A))
        timers.pass_(8)
        await drain(queue)
    queue.forget(A)
    pauses.append(queue.retry(A))
    bounds = [1, 2, 4, 8, 8, 8, 1]
    assert all(bound / 2 <= pause <= bound for pause, bound in zip(pauses, bounds, strict=True))


async def test_stop_drops_timers() -> None:
    """After `stop` no timer is left to ring."""
    queue, timers = make()
    queue.add_after(A, 1)
    queue.stop()
    assert (timers.pending, queue.idle) == ([], True)


async def test_a_cancelled_getter_passes_its_wake_up_on() -> None:
    """A worker that is cancelled just as it is woken does not take the wake-up along."""
    queue, _ = make()
    first, second = asyncio.create_task(queue.get()), asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.add(A)
    first.cancel()
    async with asyncio.timeout(1):
        assert await second == A
    assert first.cancelled() or first.done()


class Story:
    """Workers before a queue, each turn some ticks long; `version` counts requests, `seen` what a turn began with."""

    def __init__(self, workers: int, lengths: list[int]) -> None:
        self.queue, self.timers = make()
        self.version = {A: 0, B: 0}
        self.seen = {A: 0, B: 0}
        self.active: set[Key] = set()
        self.turns = 0
        self.lengths = lengths
        self.tasks = [asyncio.create_task(self.worker()) for _ in range(workers)]

    async def worker(self) -> None:
        while True:
            key = await self.queue.get()
            assert key not in self.active
            self.active.add(key)
            read = self.version[key]
            self.turns += 1
            for _ in range(self.lengths[self.turns % len(self.lengths)]):
                await asyncio.sleep(0)
            self.seen[key] = read
            self.active.discard(key)
            self.queue.done(key)

    async def step(self, what: str, key: Key) -> None:
        if what == "tick":
            self.timers.pass_(1)
        elif what == "yield":
            await asyncio.sleep(0)
        else:
            self.version[key] += 1
            {"add": self.queue.add, "add_after": lambda k: self.queue.add_after(k, 1), "retry": self.queue.retry}[what](
                key
            )

    async def end(self) -> None:
        for _ in range(60):
            self.timers.pass_(8)
            await asyncio.sleep(0)
        for task in self.tasks:
            task.cancel()
        results = await asyncio.gather(*self.tasks, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results), results


STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "add_after", "retry", "tick", "yield"]), st.sampled_from([A, B])), max_size=60
)


@settings(max_examples=120, deadline=None)
@given(STEPS, st.integers(min_value=1, max_value=3), st.lists(st.integers(0, 3), min_size=1, max_size=8))
def test_no_lost_wake_up(steps: list[tuple[str, Key]], workers: int, lengths: list[int]) -> None:
    """In any order: after each request a key is worked on from the beginning, and never twice at a time."""

    async def story() -> None:
        told = Story(workers, lengths)
        for what, key in steps:
            await told.step(what, key)
        await told.end()
        assert (told.seen, told.queue.idle) == (told.version, True)

    asyncio.run(story())
