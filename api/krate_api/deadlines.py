"""`?timeout=`: how long a client waits for an answer, as AS/pkg/endpoints/filters/request_deadline.go reads it.

What the client no longer waits for is carried on to its end: half a merge would be worse than one that nobody hears of.
"""

import asyncio
import datetime
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from krate import durations, errors, logging
from krate.names import Verb
from krate_api.http import Request
from krate_api.requestinfo import RequestInfo

_MAXIMUM: Final = datetime.timedelta(seconds=60)
_LONG: Final = frozenset({"log", "proxy", "exec", "attach", "portforward"})
"""Subresources that stream, besides watches."""
Answer = TypeVar("Answer")


def asked(request: Request, info: RequestInfo) -> float | None:
    """Seconds until the client wants an answer; None when it does not say or says more than we would take.

    Raises:
        BadRequest: what it says is no duration.
    """
    text = request.param("timeout")
    if not text or info.verb == Verb.WATCH or info.subresource in _LONG:
        return None
    try:
        found = durations.parse(text)
    except durations.Invalid as problem:
        raise errors.BadRequest(f"invalid timeout specified in the request URL - {problem}") from None
    return found.total_seconds() if datetime.timedelta() < found < _MAXIMUM else None


class Deadlines:
    """Ends the waiting, not the work."""

    def __init__(self) -> None:
        self._abandoned: set[asyncio.Task[Any]] = set()  # the loop itself keeps no reference
        self._log = logging.get(component="deadlines")

    async def within(self, seconds: float | None, work: Coroutine[Any, Any, Answer]) -> Answer:
        """The result of `work`, if it comes in time.

        Args:
            seconds: how long; None waits as long as it takes.
            work: goes on when the time is over.

        Raises:
            Timeout: it did not come in time.
        """
        if seconds is None:
            return await work
        task = asyncio.create_task(work)
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if done:
            return task.result()
        self._abandoned.add(task)
        task.add_done_callback(self._ended)
        raise errors.Timeout("Timeout: request did not complete within requested timeout - context deadline exceeded")

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._abandoned.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._log.warning("request failed after its client was answered", error=str(failure))
