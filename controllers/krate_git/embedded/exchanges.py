"""One request to the Git listener and the way back, and the places that bound how many are served at once."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from krate_git.embedded import asgi

CORRELATION: Final = b"x-correlation-id"
_PROTOCOL: Final = re.compile(r"[a-z0-9=:._-]{1,100}")


@dataclass(slots=True)
class Exchange:
    """One request and the way back."""

    scope: asgi.Scope
    receive: asgi.Receive
    send: asgi.Send
    correlation: str
    started: bool = False

    def protocol(self) -> str:
        """The Git-Protocol header, when it is one."""
        text = asgi.header(self.scope, b"git-protocol")
        return text if _PROTOCOL.fullmatch(text) else ""

    def body(self, *, limit: int, patience: float) -> AsyncIterator[bytes]:
        """The request's body, decompressed."""
        chunks = asgi.body(self.receive, limit=limit, patience=patience)
        encoding = asgi.header(self.scope, b"content-encoding").lower()
        if encoding in {"gzip", "x-gzip"}:
            return asgi.inflated(chunks, limit=limit)
        if encoding not in {"", "identity"}:
            raise asgi.Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the encoding {encoding} is not understood")
        return chunks

    async def start(self, content_type: str, headers: asgi.Headers = ()) -> None:
        """Begin a 200 that is streamed."""
        self.started = True
        own = ((b"content-type", content_type.encode()), (CORRELATION, self.correlation.encode()))
        await asgi.start(self.send, HTTPStatus.OK, (*own, *headers, *asgi.NO_CACHE))

    async def finish(self) -> None:
        """End a 200 that was streamed."""
        await self.send({"type": "http.response.body", "body": b""})

    async def answer(self, status: HTTPStatus, text: str, headers: asgi.Headers = ()) -> None:
        """A whole answer; once another has begun it can only be broken off, which the server does for us."""
        if not self.started:
            self.started = True
            await asgi.answer(self.send, status, text, (*headers, (CORRELATION, self.correlation.encode())))


def exchange(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> Exchange:
    """A request with a correlation id of its own."""
    return Exchange(scope, receive, send, uuid.uuid4().hex)


def slots(count: int) -> asyncio.Semaphore:
    """Places for requests that are served at the same time."""
    return asyncio.Semaphore(count)


class Slot:
    """One of the places for Git processes; who waits too long is told to come back."""

    def __init__(self, slots: asyncio.Semaphore, seconds: float) -> None:
        self._slots = slots
        self._seconds = seconds

    async def __aenter__(self) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                await self._slots.acquire()
        except TimeoutError:
            text = "the Git host is busy; try again in a moment"
            raise asgi.Refused(HTTPStatus.SERVICE_UNAVAILABLE, text, ((b"retry-after", b"5"),)) from None

    async def __aexit__(self, *_: object) -> None:
        self._slots.release()
