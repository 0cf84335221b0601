"""The lane: a coroutine runs in its thread, what it waits for on the event loop."""

import asyncio
import threading
from collections.abc import AsyncGenerator

import pytest

from krate_api.registry.lanes import Lane


class Port:
    """Says in which thread it works."""

    async def ask(self, question: str) -> tuple[str, int]:
        await asyncio.sleep(0)
        return question, threading.get_ident()

    def look(self) -> int:
        return threading.get_ident()

    async def fail(self) -> None:
        raise KeyError("gone")


@pytest.fixture
async def lane() -> AsyncGenerator[Lane]:
    found = Lane()
    yield found
    await found.close()


async def test_ports_work_on_the_event_loop(lane: Lane) -> None:
    """A coroutine in the lane runs in another thread; methods of its ports and far functions run on the loop."""
    here, port = threading.get_ident(), lane.port(Port())

    async def permit() -> int:
        return threading.get_ident()

    async def work() -> tuple[int, tuple[str, int], int, int]:
        return threading.get_ident(), await port.ask("why"), port.look(), await lane.far(permit)()

    there, asked, looked, permitted = await lane.run(work())
    assert (asked, looked, permitted) == (("why", here), here, here)
    assert there != here


async def test_failures_come_back(lane: Lane) -> None:
    """What a port raises is raised in the coroutine, and what that raises, from the lane."""
    port = lane.port(Port())

    async def work() -> str:
        with pytest.raises(KeyError, match="gone"):
            await port.fail()
        raise LookupError("nothing left")

    with pytest.raises(LookupError, match="nothing left"):
        await lane.run(work())


async def test_nothing_but_ports_can_be_awaited(lane: Lane) -> None:
    """A coroutine that waits for the event loop itself is ended, instead of waiting for ever."""
    with pytest.raises(RuntimeError, match="waited for something of the event loop"):
        await lane.run(asyncio.sleep(0))


async def test_the_loop_goes_on(lane: Lane) -> None:
    """While the lane computes, the loop turns; a second work waits for the first, and closing for both."""
    release = threading.Event()
    order: list[str] = []

    def first() -> None:
        release.wait()
        order.append("first")

    works = [asyncio.create_task(lane.call(one)) for one in (first, lambda: order.append("second"))]
    for _ in range(10):
        await asyncio.sleep(0)
    assert (lane.inside, order) == (2, [])
    release.set()
    await asyncio.gather(*works)
    assert (lane.inside, order) == (0, ["first", "second"])
