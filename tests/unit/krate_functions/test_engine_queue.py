"""Work by key: once at a time, nothing lost, nothing spinning."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from krate_functions.engine import queue
from krate_functions.engine.queue import Queue
from waiting import until


@asynccontextmanager
async def working(handle: Callable[[str], Awaitable[float | None]], *, count: int = 3) -> AsyncIterator[Queue[str]]:
    """A queue with workers; failures are kept in its attribute `told`."""
    told: list[tuple[str, str, float]] = []
    made: Queue[str] = Queue(handle, lambda key, failure, pause: told.append((key, str(failure), pause)))
    made.told = told
    workers = [asyncio.create_task(made.work()) for _ in range(count)]
    try:
        yield made
    finally:
        await made.drain(1)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def test_a_key_runs_once_at_a_time_and_again_for_what_came_meanwhile() -> None:
    """Adds during a run are answered by exactly one further run, after it."""
    runs, gate, busy = [], asyncio.Event(), 0

    async def handle(key: str) -> float:
        nonlocal busy
        busy += 1
        assert busy == 1
        runs.append(key)
        await gate.wait()
        busy -= 1
        return 0

    async with working(handle) as made:
        made.add("a")
        await until(lambda: runs == ["a"])
        for _ in range(5):
            made.add("a")
        await asyncio.sleep(0)
        assert runs == ["a"]
        gate.set()
        await until(lambda: runs == ["a", "a"])


async def test_keys_run_side_by_side() -> None:
    """One slow key does not keep the others waiting."""
    done: list[str] = []
    gate = asyncio.Event()

    async def handle(key: str) -> float:
        if key == "slow":
            await gate.wait()
        done.append(key)
        return 0

    async with working(handle) as made:
        for key in ("slow", "a", "b"):
            made.add(key)
        await until(lambda: done == ["a", "b"])
        gate.set()
        await until(lambda: done == ["a", "b", "slow"])


async def test_adding_twice_runs_once() -> None:
    """A key that waits already is not queued again."""
    runs: list[str] = []

    async def handle(key: str) -> float:
        runs.append(key)
        return 0

    async with working(handle) as made:
        made.add("a")
        made.add("a")
        made.add("b")
        await until(lambda: len(runs) >= 2)
        assert sorted(runs) == ["a", "b"]


async def test_a_failed_key_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses double and are told; success ends them."""
    monkeypatch.setattr(queue, "FIRST_PAUSE", 0.001)
    runs = 0

    async def handle(_: str) -> float:
        nonlocal runs
        runs += 1
        if runs < 4:
            raise ValueError(f"no {runs}")
        return 0

    async with working(handle) as made:
        made.add("a")
        await until(lambda: runs == 4)
        assert made.told == [("a", "no 1", 0.001), ("a", "no 2", 0.002), ("a", "no 3", 0.004)]


async def test_retry_is_told_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler may ask for another run without complaint."""
    monkeypatch.setattr(queue, "FIRST_PAUSE", 0.001)
    runs = 0

    async def handle(_: str) -> float:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise queue.Retry
        return 0

    async with working(handle) as made:
        made.add("a")
        await until(lambda: runs == 2)
        assert made.told == []


async def test_a_key_asks_for_its_next_run() -> None:
    """The seconds that the handler answers bring the key back by itself."""
    runs = 0

    async def handle(_: str) -> float:
        nonlocal runs
        runs += 1
        return 0.001 if runs < 3 else 0

    async with working(handle) as made:
        made.add("a")
        await until(lambda: runs == 3)


async def test_a_key_that_never_rests_is_slowed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two writers who undo each other get their burst at once and then a run per period, and nothing is dropped."""
    monkeypatch.setattr(queue, "BURST", 5)
    monkeypatch.setattr(queue, "RATE", 50.0)
    runs: list[float] = []
    made: Queue[str]

    async def handle(key: str) -> float:
        runs.append(asyncio.get_running_loop().time())
        if len(runs) < 8:
            made.add(key)
        return 0

    async with working(handle) as made:
        made.add("a")
        await until(lambda: len(runs) == 8)
    assert runs[-1] - runs[4] >= 2 / 50.0


async def test_a_key_that_is_gone_is_forgotten() -> None:
    """None ends a key; adding it later begins anew."""
    runs = 0

    async def handle(_: str) -> float | None:
        nonlocal runs
        runs += 1
        return None

    async with working(handle) as made:
        made.add("a")
        await until(lambda: runs == 1)
        await until(lambda: not made._entries)
        made.add("a")
        await until(lambda: runs == 2)


async def test_draining_finishes_what_runs() -> None:
    """A run in progress is waited for; what waits behind it is not begun."""
    done, began, gate = [], asyncio.Event(), asyncio.Event()

    async def handle(key: str) -> float:
        began.set()
        await gate.wait()
        done.append(key)
        return 0

    async with working(handle, count=1) as made:
        made.add("a")
        made.add("b")
        await began.wait()
        draining = asyncio.create_task(made.drain(5))
        await asyncio.sleep(0)
        gate.set()
        await draining
    assert done == ["a"]
