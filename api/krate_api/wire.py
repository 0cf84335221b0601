"""What is no HTTP is refused as everything else is, with a Status; a method that nobody registered reaches the API.

A subclass of uvicorn's protocol over llhttp, which answers malformed requests itself and knows a fixed list of methods.
"""

import re
import sys
from http import HTTPStatus
from typing import Any, Final

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from krate import errors

MAX_HEAD: Final = 1 << 20
"""Bytes of a request's line and headers (Go's DefaultMaxHeaderBytes)."""
_METHOD: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?= )")
_STAND_IN: Final = b"POST"
"""A method that the parser knows, and that may have a body as any other may."""


class StatusProtocol(HttpToolsProtocol):
    """One connection."""

    _received: bytes = b""
    _method: str = ""
    """What a stand-in stands for."""
    _start: int | None = 0
    """Where in what was received last its first request begins; None where that cannot be told."""
    _begun: int = 0
    """Requests that began in it."""
    _open: bool = False
    """Whether a request has begun and its head has not ended."""
    _head: int = 0

    def data_received(self, data: bytes) -> None:
        self._received, self._start, self._begun = data, 0, 0
        super().data_received(data)
        self._head = self._head + len(data) if self._open else 0
        if self._head > MAX_HEAD and not self.transport.is_closing():
            self._refuse(errors.StatusError("request header fields too large", code=431, reason="BadRequest"))

    def on_message_begin(self) -> None:
        self._begun += 1
        self._open = True
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        if self._start is not None and not self._begun:
            self._start += len(body)

    def on_chunk_header(self) -> None:
        """A chunk of a body begins; how much stands around it, the parser does not say."""
        self._start = None

    def on_headers_complete(self) -> None:
        self._open = False
        super().on_headers_complete()
        if self._method:
            self.scope["method"], self._method = self._method, ""

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own name and words
        """Refuse what the parser does not understand; called while its error is handled."""
        unknown = isinstance(sys.exception(), httptools.HttpParserInvalidMethodError) and self._begun == 1
        method = _METHOD.match(self._received, self._start) if unknown and self._start is not None else None
        if method is None:
            self._refuse(errors.BadRequest())
            return
        self._method = method[0].decode()
        self.parser = httptools.HttpRequestParser(self)
        self.data_received(_STAND_IN + self._received[method.end() :])

    def _refuse(self, error: errors.StatusError) -> None:
        """Answer and hang up; where an answer is under way, only that."""
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            body = orjson.dumps(error.status())
            phrase = HTTPStatus(error.http_code).phrase
            head = (
                f"HTTP/1.1 {error.http_code} {phrase}\r\ncontent-type: application/json\r\n"
                f"cache-control: no-cache, private\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()
