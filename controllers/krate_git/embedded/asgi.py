"""The little of ASGI and HTTP that the Git listener needs, without a framework: requests are streams here."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, MutableMapping
from http import HTTPStatus
from typing import Any, Final

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

NO_CACHE: Final = (
    (b"cache-control", b"no-cache, max-age=0, must-revalidate"),
    (b"pragma", b"no-cache"),
    (b"expires", b"Fri, 01 Jan 1980 00:00:00 GMT"),
    (b"x-content-type-options", b"nosniff"),
)
_GZIP: Final = zlib.MAX_WBITS | 16
_INFLATED: Final = 64 * 1024


class Gone(Exception):
    """the client is gone."""

    def __init__(self) -> None:
        super().__init__((type(self).__doc__ or "").strip())


class Disconnected(Gone):
    """the client went away."""


class Stalled(Gone):
    """the client sent or took nothing for too long."""


class Refused(Exception):
    """the request cannot be served; carries the answer."""

    def __init__(self, status: HTTPStatus, text: str, headers: Headers = ()) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = tuple(headers)


def header(scope: Scope, name: bytes) -> str:
    """The first header of that name (lower case), or an empty string."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1")
    return ""


async def answer(send: Send, status: HTTPStatus, text: str, headers: Headers = ()) -> None:
    """A whole text answer; Git clients print text/plain of an error."""
    raw = (text + "\n").encode()
    lengths = ((b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(raw)).encode()))
    await start(send, status, (*lengths, *NO_CACHE, *headers))
    await send({"type": "http.response.body", "body": raw})


async def start(send: Send, status: HTTPStatus, headers: Headers) -> None:
    """Begin an answer."""
    await send({"type": "http.response.start", "status": status.value, "headers": list(headers)})


async def body(receive: Receive, *, limit: int, patience: float) -> AsyncIterator[bytes]:
    """The request's body as it arrives.

    Raises:
        Disconnected: the client went away before the end.
        Stalled: nothing came for `patience` seconds.
        Refused: it is longer than `limit` bytes.
    """
    total, more = 0, True
    while more:
        try:
            async with asyncio.timeout(patience):
                message = await receive()
        except TimeoutError:
            raise Stalled from None
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        total += len(chunk)
        if total > limit:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the request is larger than {limit} bytes")
        if chunk:
            yield chunk


async def inflated(chunks: AsyncIterator[bytes], *, limit: int) -> AsyncIterator[bytes]:
    """A gzip body as what it holds, in pieces of bounded size.

    Raises:
        Refused: it is no gzip stream, or holds more than `limit` bytes.
    """
    engine = zlib.decompressobj(_GZIP)
    total = 0
    async for chunk in chunks:
        waiting = chunk
        while waiting:
            try:
                piece = engine.decompress(waiting, _INFLATED)
            except zlib.error:
                raise Refused(HTTPStatus.BAD_REQUEST, "the request is not compressed as it says") from None
            waiting = engine.unconsumed_tail
            total += len(piece)
            if total > limit:
                raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the request holds more than {limit} bytes")
            if piece:
                yield piece
    if not engine.eof:
        raise Refused(HTTPStatus.BAD_REQUEST, "the compressed request ends too early")


def merged(*headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Mappings of header names to values as ASGI wants them."""
    return [(name.lower().encode(), value.encode("latin-1")) for part in headers for name, value in part.items()]
