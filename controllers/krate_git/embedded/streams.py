"""Pumping between an HTTP client and a Git process, with bounded memory and without waiting for each other.

Git may answer before it has read everything, and a client may take its answer slowly. So one task feeds the process,
one reads its output into a spool, and the caller empties the spool. The spool of a push holds a whole report: a push
that is done must release its repository however slowly its client reads.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

from krate_git.embedded import asgi
from krate_git.embedded.processes import CHUNK, Process

FETCH_SPOOL: Final = 4 * CHUNK
"""Bytes read ahead of a client that fetches."""
PUSH_SPOOL: Final = 16 * 1024 * 1024
"""Bytes read ahead of a client that pushes: progress, and a report of some hundred thousand refs."""


class Spool:
    """A queue of pieces, bounded in bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._unwanted = False
        self._changed = asyncio.Event()

    async def put(self, piece: bytes) -> None:
        """Append; waits while the spool is full, and drops the piece once nobody reads any more."""
        while self._size >= self._limit and not self._unwanted:
            await self._change()
        if not self._unwanted:
            self._pieces.append(piece)
            self._size += len(piece)
            self._changed.set()

    def end(self) -> None:
        """Nothing follows."""
        self._ended = True
        self._changed.set()

    def discard(self) -> None:
        """Nobody reads any more."""
        self._unwanted = True
        self._pieces.clear()
        self._changed.set()

    async def get(self) -> bytes:
        """The next piece; empty at the end."""
        while not self._pieces and not self._ended:
            await self._change()
        if not self._pieces:
            return b""
        piece = self._pieces.popleft()
        self._size -= len(piece)
        self._changed.set()
        return piece

    async def _change(self) -> None:
        # One putter and one getter, which never wait at the same time: each wakes only the other.
        self._changed.clear()
        await self._changed.wait()


class Pump:
    """One process and one request."""

    def __init__(self, process: Process, receive: asgi.Receive, *, patience: float, pushing: bool) -> None:
        self._process = process
        self._receive = receive
        self._patience = patience
        self._pushing = pushing
        self._spool = Spool(PUSH_SPOOL if pushing else FETCH_SPOOL)
        self._reading: asyncio.Task[None] | None = None
        self._feeding: asyncio.Task[None] | None = None
        self._failure: Exception | None = None
        self._complete = False
        self._fed = asyncio.Event()

    async def run(self, chunks: AsyncIterator[bytes] | None) -> AsyncIterator[bytes]:
        """Feed the request to the process, and answer its output until both have ended.

        Raises:
            Disconnected, Stalled, Refused: what ended the request; the process is killed.
        """
        self._reading = asyncio.create_task(self._read())
        self._feeding = asyncio.create_task(self._feed(chunks))
        while piece := await self._spool.get():
            yield piece
        # A client that still sends would never hear why Git ended early, so its request is read to the end.
        await self._fed.wait()
        if self._failure is not None:
            raise self._failure

    async def close(self) -> asyncio.Task[None] | None:
        """End everything but a push whose input was complete, because its refs may be moving.

        Returns:
            The task that reads what such a push still says; whoever closes keeps it until it ends.
        """
        finishing = self._pushing and self._complete
        self._spool.discard()
        if not finishing:
            self._process.kill()
        tasks = [self._feeding] if finishing else [self._feeding, self._reading]
        for task in tasks:
            if task is not None:
                task.cancel()
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)
        if finishing:
            return self._reading
        await self._process.wait()
        return None

    async def _read(self) -> None:
        try:
            while piece := await self._process.stdout.read(CHUNK):
                await self._spool.put(piece)
        finally:
            self._spool.end()

    async def _feed(self, chunks: AsyncIterator[bytes] | None) -> None:
        try:
            wanted = True
            if chunks is not None:
                async for chunk in chunks:
                    wanted = wanted and await self._process.feed(chunk)
                self._complete = True
                await self._process.end_input()
            self._fed.set()
            await self._watch()
        except (asgi.Disconnected, asgi.Stalled, asgi.Refused) as failure:
            self._failure = failure
            self._process.kill()
        finally:
            self._fed.set()

    async def _watch(self) -> None:
        """Once the request is complete, the next message is that the client went away."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self._pushing:
            raise asgi.Disconnected


async def send(send: asgi.Send, piece: bytes, *, patience: float) -> None:
    """One piece of an answer.

    Raises:
        Stalled: the client took nothing for `patience` seconds.
    """
    try:
        async with asyncio.timeout(patience):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except TimeoutError:
        raise asgi.Stalled from None
