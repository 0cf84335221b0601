"""Watches over HTTP: frames in any pieces, errors in the stream, connections that break."""

from collections.abc import AsyncIterator
from contextlib import aclosing

import httpx2
import orjson
import pytest

from http_scripts import OBJECT, Script, answer, client_for
from krate import errors, kinds
from krate_kube.interface import EventType, Unreachable

CONFIG_MAP = kinds.CONFIG_MAP


class Chunks(httpx2.AsyncByteStream):
    """A body in pieces; it ends with an error when asked to."""

    def __init__(self, *pieces: bytes, failure: Exception | None = None) -> None:
        self.pieces, self.failure = pieces, failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece
        if self.failure is not None:
            raise self.failure


def frame(name: str, text: str = "") -> bytes:
    found = {**OBJECT, "metadata": {"name": name, "resourceVersion": "7"}, "data": {"text": text}}
    return orjson.dumps({"type": "ADDED", "object": found}) + b"\n"


async def watched(stream: Chunks) -> tuple[list[str], Exception | None]:
    """Names that a watch reports, and how it ended."""
    seen: list[str] = []
    async with client_for(Script(httpx2.Response(200, stream=stream))) as client:
        try:
            async with aclosing(client.watch(CONFIG_MAP)) as events:
                async for event in events:
                    assert event.type is EventType.ADDED
                    seen.append(event.object["metadata"]["name"])
        except (Unreachable, errors.StatusError) as failure:
            return seen, failure
    return seen, None


async def test_watch_frames_of_any_cut() -> None:
    """Frames may arrive in any pieces, and a line separator inside a string ends no frame."""
    whole = frame("a", "x\u2028y\u0085z\x0b") + frame("b")
    for size in (1, 7, len(whole)):
        pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
        assert await watched(Chunks(*pieces)) == (["a", "b"], None)


async def test_watch_that_breaks() -> None:
    """A connection that breaks is Unreachable; what came whole was reported, half a frame was not."""
    seen, failure = await watched(Chunks(frame("a"), frame("b")[:20], failure=httpx2.ReadError("reset")))
    assert (seen, type(failure)) == (["a"], Unreachable)


async def test_watch_error_in_stream() -> None:
    """An ERROR frame raises the error it holds."""
    status = errors.Expired("too old resource version: 1 (9)").status()
    line = orjson.dumps({"type": "ERROR", "object": status}) + b"\n"
    seen, failure = await watched(Chunks(frame("a"), line))
    assert (seen, type(failure), str(failure)) == (["a"], errors.Expired, "too old resource version: 1 (9)")


async def test_watch_refused() -> None:
    """A watch that may not be opened raises the refusal."""
    refused = answer(403, errors.Forbidden("no").status())
    async with client_for(Script(refused)) as client:
        with pytest.raises(errors.Forbidden):
            await anext(client.watch(CONFIG_MAP))
