"""Where blocking Git work runs: threads for reads of microseconds, processes for diffs that would hold the GIL."""

import asyncio
import functools
import multiprocessing
import multiprocessing.process
import os
import threading
from collections.abc import Callable
from concurrent import futures
from typing import Final, ParamSpec, TypeVar

from krate_git.interface import GitError

P = ParamSpec("P")
T = TypeVar("T")

THREADS: Final = 8


class Workers:
    """Pools of one process; whoever makes it closes it."""

    def __init__(self, *, processes: int = 0) -> None:
        """Args: processes: worker processes for heavy work, started when first needed; 0 uses threads for it too."""
        self._threads = futures.ThreadPoolExecutor(THREADS, thread_name_prefix="git")
        self._count = processes
        self._processes: futures.ProcessPoolExecutor | None = None

    async def light(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run in a thread."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, functools.partial(function, *args, **kwargs)
        )

    async def heavy(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run in a worker process; function, arguments and result must be picklable.

        Raises:
            GitError: the worker died, as it does when it runs out of memory; the next call gets a new one.
        """
        if not self._count:
            return await self.light(function, *args, **kwargs)
        pool = self._processes = self._processes or self._start()
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, functools.partial(function, *args, **kwargs))
        except futures.BrokenExecutor as error:
            if self._processes is pool:
                self._processes = None
            pool.shutdown(wait=False, cancel_futures=True)
            raise GitError("the worker that read the repository died; try again") from error

    def _start(self) -> futures.ProcessPoolExecutor:
        # Not fork: this process has threads, and a child must not inherit their locks.
        context = multiprocessing.get_context("spawn")
        return futures.ProcessPoolExecutor(self._count, mp_context=context, initializer=_follow_parent)

    def close(self) -> None:
        """Wait for what runs, drop what waits, end the pools."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        if self._processes is not None:
            self._processes.shutdown(wait=True, cancel_futures=True)


def _follow_parent() -> None:
    """Exit when the parent does: a pool's worker would otherwise outlive a parent that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent,), daemon=True).start()


def _exit_after(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(0)
