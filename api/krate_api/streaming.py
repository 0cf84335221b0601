"""Bodies that are sent as they come: until they end, until the client goes away, or until it stops reading.

A watcher is a position in the change log, so a slow one costs nothing but its connection; but one that reads nothing
at all would keep that for ever, and the other side may be gone without a word.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

from krate_api.http import Message, Request, Response, Send

STALL: Final = 30.0
"""Seconds in which a client has to take what is sent to it."""


async def stream(response: Response, request: Request, send: Send, headers: Iterable[tuple[str, str]]) -> None:
    """Send a body part by part.

    Args:
        response: whose body it is.
        request: whose client receives it; its connection is dropped when it takes nothing any more.
        send: where to.
        headers: what every answer carries.
    """
    handler, loop = asyncio.current_task(), asyncio.get_running_loop()

    async def watch_over() -> None:
        await request.disconnected()
        if handler is not None:
            handler.cancel()

    async def impatient(message: Message) -> None:
        timer = loop.call_later(STALL, request.abort)
        try:
            await send(message)
        finally:
            timer.cancel()

    guard = asyncio.create_task(watch_over())  # nobody else would tell the generator
    try:
        await response.send(impatient, headers, head_only=request.method == "HEAD")
    except asyncio.CancelledError:
        if not guard.done() or handler is None:
            raise
        handler.uncancel()
    finally:
        guard.cancel()
