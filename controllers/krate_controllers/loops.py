"""Workers over one queue: take a key, do the work, decide when it comes again. Nothing that happens in it ends it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

import structlog

from krate import correlation, errors
from krate_controllers.workqueue import Key, WorkQueue
from krate_kube.interface import Unreachable
from krate_kube.watch import Change, Informer


@dataclass(frozen=True, slots=True)
class Again:
    """When a key wants attention next."""

    seconds: float | None = None
    """None waits longer after each attempt."""


Work = Callable[[Key], Awaitable[Again | None]]
"""Looks at one object; None means that all is well and no further attempt is due."""

_SERVER_TROUBLE: Final = (
    Unreachable,
    errors.ServiceUnavailable,
    errors.TooManyRequests,
    errors.Timeout,
    errors.Unauthorized,
)

_REFUSED_PAUSE: Final = 5.0
"""Seconds after the server refuses a list or watch: rights may arrive a little later than we do."""


async def follow(
    informer: Informer,
    handle: Callable[[Change], None],
    *,
    log: structlog.typing.FilteringBoundLogger,
    pause: float = _REFUSED_PAUSE,
) -> None:
    """Hand over every change, for ever; a refusal is logged and asked again, because rights may come."""
    while True:
        try:
            await informer.run(handle)
        except errors.StatusError as refused:
            log.warning("watch_refused", kind=informer.kind.name, error=refused.message)
        await asyncio.sleep(pause)


class Loop:
    """Runs `work` for the keys of a queue, some at a time, each key by one worker.

    Args:
        work: looks at one object.
        queue: where keys come from.
        workers: how many keys at a time.
        log: bound logger of the controller.
    """

    def __init__(
        self, work: Work, queue: WorkQueue, *, workers: int, log: structlog.typing.FilteringBoundLogger
    ) -> None:
        self.queue = queue
        self._work = work
        self._workers = workers
        self._log = log

    async def run(self) -> None:
        """Work until cancelled; what is under way is then cancelled too."""
        async with AsyncExitStack() as stack:
            stack.callback(self.queue.stop)
            group = await stack.enter_async_context(asyncio.TaskGroup())
            for _ in range(self._workers):
                group.create_task(self._worker())

    async def _worker(self) -> None:
        while True:
            key = await self.queue.get()
            try:
                with correlation.bound(correlation.new()):
                    await self.attend(key)
            finally:
                self.queue.done(key)

    async def attend(self, key: Key) -> None:
        """Do the work of one key and schedule its next attempt."""
        try:
            again = await self._work(key)
        except errors.Conflict:
            # Somebody else wrote first: look again at once, with what they wrote.
            again = Again()
        except errors.NotFound as gone:
            # The object, or one it needs, went while it was worked on; the next look sees what is left.
            self._log.info("gone_meanwhile", namespace=key[0], name=key[1], error=str(gone))
            again = Again()
        except _SERVER_TROUBLE as trouble:
            self._log.warning("api_trouble", namespace=key[0], name=key[1], error=str(trouble))
            again = Again()
        except errors.StatusError as refused:
            # A refusal is an answer: it is logged in full where it was made, and a trace of ours would add nothing.
            self._log.warning("refused", namespace=key[0], name=key[1], error=refused.message)
            again = Again()
        except Exception:  # noqa: BLE001 - a defect in one object must not stop the others; it is logged with its trace
            self._log.exception("reconcile_failed", namespace=key[0], name=key[1])
            again = Again()
        if again is None:
            self.queue.forget(key)
        elif again.seconds is None:
            self.queue.retry(key)
        else:
            self.queue.forget(key)
            self.queue.add_after(key, again.seconds)
