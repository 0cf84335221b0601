"""Gzip for long answers to clients that ask for it (AS/pkg/endpoints/handlers/responsewriters/writers.go).

Level 1, and only above a size: compression is for slow networks, and most clients are near. It runs in threads, where
zlib lets the event loop go on.
"""

import asyncio
import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from krate_api.http import Request, Response
from krate_api.negotiation import SERVED
from krate_api.notation import CHUNK

THRESHOLD: Final = 128 * 1024
"""Bytes above which an answer is compressed. What comes in parts has parts that are longer than that."""
_LEVEL: Final = 1
_GZIP: Final = 16 + zlib.MAX_WBITS
"""For zlib: a gzip header and trailer."""


def compressed(response: Response, request: Request) -> Response:
    """The response, compressed if it is long and the client reads gzip."""
    if not _reads_gzip(request) or response.content_type not in SERVED:
        return response
    if isinstance(response.body, bytes) and len(response.body) <= THRESHOLD:
        return response
    headers = (*response.headers, ("content-encoding", "gzip"), ("vary", "Accept-Encoding"))
    return replace(response, body=_gzip(response.body), headers=headers)


def _reads_gzip(request: Request) -> bool:
    """As upstream: a bare `gzip` among the codings; one with a quality is another coding to it."""
    return any(coding.strip() == "gzip" for coding in request.header("accept-encoding").split(","))


async def _gzip(body: bytes | AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    async with aclosing(body if not isinstance(body, bytes) else _parts(body)) as parts:
        async for part in parts:
            if packed := await asyncio.to_thread(packer.compress, part):
                yield packed
    yield await asyncio.to_thread(packer.flush)


async def _parts(body: bytes) -> AsyncGenerator[bytes]:
    for start in range(0, len(body), CHUNK):
        yield body[start : start + CHUNK]
