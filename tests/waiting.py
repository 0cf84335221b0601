"""Waiting for what no event announces: a process, a task beside the test, or a twin's content."""

import asyncio
import inspect
from collections.abc import Callable


async def until(holds: Callable[[], object], seconds: float = 30.0, *, pause: float = 0.005) -> None:
    """Wait for something to become true.

    Args:
        holds: asked again and again; may be a coroutine function.
        seconds: how long it may take.
        pause: seconds between two looks; 0 lets other tasks run once.

    Raises:
        TimeoutError: it did not.
    """
    async with asyncio.timeout(seconds):
        while True:
            found = holds()
            if await found if inspect.isawaitable(found) else found:
                return
            await asyncio.sleep(pause)
