"""One request and one response over raw ASGI: no framework on the hot path, nothing parsed that nobody asked for."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, MutableMapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final
from urllib.parse import parse_qs

from krate import errors

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY: Final = 3 * 1024 * 1024
"""Upstream's limit (AS/pkg/server/config.go MaxRequestBodyBytes)."""
_MAX_DIGITS: Final = 18
JSON: Final = "application/json"
NOSNIFF: Final = (("x-content-type-options", "nosniff"),)
"""What upstream says beside every text that is no document."""
_NOT_MODIFIED: Final = 304
"""Has no body, and so no length of one."""


MAX_WARNING: Final = 256
MAX_WARNINGS: Final = 4096
"""Characters of all warnings of one answer (AS/pkg/endpoints/filters/warning.go): clients bound their headers."""
MOST_WARNINGS: Final = 80
"""Lines of them: Python's own client takes no answer of more than 100 lines of headers (`http.client`)."""


class Disconnected(Exception):
    """the client went away."""


def _nothing() -> None:
    """What cannot be dropped stays."""


class Request:
    """One HTTP request."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.raw_path: bytes = scope.get("raw_path") or self.path.encode()
        self._receive = receive
        self._ahead: bytes | errors.StatusError | None = None
        self._headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            self._headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        query = scope.get("query_string", b"")
        self.query: dict[str, list[str]] = parse_qs(query.decode("latin-1"), keep_blank_values=True) if query else {}

    def header(self, name: str, default: str = "") -> str:
        values = self._headers.get(name)
        return values[0] if values else default

    def headers(self, name: str) -> list[str]:
        return self._headers.get(name, [])

    def starting_with(self, prefix: str) -> list[str]:
        """Names of the headers that begin so."""
        return [name for name in self._headers if name.startswith(prefix)]

    def param(self, name: str, default: str = "") -> str:
        values = self.query.get(name)
        return values[0] if values else default

    async def body(self, limit: int = MAX_BODY) -> bytes:
        """The whole body.

        Raises:
            RequestEntityTooLarge: it is longer than `limit` bytes.
            Disconnected: the client went away first.
        """
        if isinstance(self._ahead, errors.StatusError):
            raise self._ahead
        if self._ahead is not None:
            return self._ahead
        declared = self.header("content-length")
        if declared.isascii() and declared.isdigit() and (len(declared) > _MAX_DIGITS or int(declared) > limit):
            raise errors.RequestEntityTooLarge(f"Request entity too large: limit is {limit}")
        parts: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise errors.RequestEntityTooLarge(f"Request entity too large: limit is {limit}")
            parts.append(chunk)
            if not message.get("more_body"):
                return b"".join(parts)

    async def read_ahead(self) -> bytes:
        """Read the body now: `body` answers, or refuses, without waiting afterwards.

        Returns:
            The body; empty when it is too large.

        Raises:
            Disconnected: the client went away first.
        """
        try:
            self._ahead = await self.body()
        except errors.RequestEntityTooLarge as refusal:
            self._ahead = refusal
            return b""
        return self._ahead

    async def disconnected(self) -> None:
        """Return when the client goes away."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def abort(self) -> None:
        """Drop the connection, unsent bytes and all, where the server lets us."""
        self.scope.get("extensions", {}).get("tls", {}).get("abort", _nothing)()


def warnings(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Warning headers (RFC 7234, 5.5), each once; when they are too long together, each is cut and the last ones go."""
    cut = sum(map(len, texts)) > MAX_WARNINGS
    size = 0
    for text in islice(dict.fromkeys(texts), MOST_WARNINGS):
        plain = "".join(mark if mark.isprintable() else " " for mark in (text[:MAX_WARNING] if cut else text))
        size += len(plain)
        if size > MAX_WARNINGS:
            return
        escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
        yield "warning", f'299 - "{escaped}"'


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response; a body that is an iterator is sent as it comes, each part flushed."""

    body: bytes | AsyncGenerator[bytes] = b""
    status: int = 200
    content_type: str = JSON
    """Empty where there is nothing to have a type, as in a 304."""
    headers: Iterable[tuple[str, str]] = field(default=())

    def _head(self, extra: Iterable[tuple[str, str]]) -> Message:
        typed = [("content-type", self.content_type)] if self.content_type else []
        pairs = [*typed, *self.headers, *extra]
        if not any(name.lower() == "cache-control" for name, _ in pairs):
            pairs.append(("cache-control", "no-cache, private"))
        if isinstance(self.body, bytes) and self.status != _NOT_MODIFIED:
            pairs.append(("content-length", str(len(self.body))))
        return {
            "type": "http.response.start",
            "status": self.status,
            "headers": [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in pairs],
        }

    async def send(self, send: Send, extra: Iterable[tuple[str, str]] = (), *, head_only: bool = False) -> None:
        await send(self._head(extra))
        if isinstance(self.body, bytes) or head_only:
            body = self.body if isinstance(self.body, bytes) and not head_only else b""
            await send({"type": "http.response.body", "body": body})
            return
        # Headers travel before the first event (Kubernetes: a watch answers at once).
        await send({"type": "http.response.body", "body": b"", "more_body": True})
        async with aclosing(self.body) as parts:
            async for part in parts:
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
