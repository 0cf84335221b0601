"""A slow lane beside the event loop, for writes that take long to compute: others are answered meanwhile.

A write is a coroutine over a few ports (store, admission, facts). In the lane the same coroutine is driven by a thread:
where it awaits a port, the port works on the event loop, as ever, and the thread waits for it. So there is one write
path, and nothing but the ports is touched by two threads. There is one thread: large requests wait for each other, and
the loop has one rival for the interpreter.
"""

import asyncio
import contextvars
import functools
import gc
import inspect
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

T = TypeVar("T")

LARGE: Final = 32 * 1024
"""Bytes from which on a body or an object is large. Each takes about a millisecond a kilobyte."""


class Lane:
    """One thread; made on the event loop that its ports belong to."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="krate-lane")
        self.inside = 0
        """How much is in the lane, whether it waits or runs."""

    async def call(self, work: Callable[[], T]) -> T:
        """Compute something in the lane."""
        context = contextvars.copy_context()
        self.inside += 1
        try:
            return await self._loop.run_in_executor(self._pool, lambda: context.run(_undisturbed, work))
        finally:
            self.inside -= 1

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Drive a coroutine in the lane; all that it may await are ports made by `port` and functions made by `far`."""
        return await self.call(functools.partial(_driven, work))

    async def close(self) -> None:
        """Wait for what is in the lane; its ports must still work."""
        await asyncio.to_thread(self._pool.shutdown)

    def port(self, target: T) -> T:
        """`target` for use in the lane: its methods run on the event loop."""
        port: Any = _Port(self, target)
        return port

    def far(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function` for use in the lane: it runs on the event loop."""

        async def on_the_loop(*args: Any, **more: Any) -> Any:
            found = function(*args, **more)
            return await found if inspect.isawaitable(found) else found

        def wait(*args: Any, **more: Any) -> Any:
            return asyncio.run_coroutine_threadsafe(on_the_loop(*args, **more), self._loop).result()

        async def awaited(*args: Any, **more: Any) -> Any:
            return wait(*args, **more)

        return awaited if inspect.iscoroutinefunction(function) else wait


class _Port:
    """The methods of an object, each made far when it is asked for."""

    def __init__(self, lane: Lane, target: object) -> None:
        self._lane = lane
        self._target = target

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return self._lane.far(getattr(self._target, name))


def _undisturbed(work: Callable[[], T]) -> T:
    """Work without the garbage collector, which would stop everybody to look at a million values again and again."""
    gc.disable()
    try:
        return work()
    finally:
        gc.enable()


def _driven(work: Coroutine[Any, Any, T]) -> T:
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    work.close()
    raise RuntimeError("a coroutine in the lane waited for something of the event loop")
