"""Spools and bodies: bounded, in order, and ended whatever happens."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest

from krate_git.embedded import asgi
from krate_git.embedded.streams import Spool


async def test_pieces_come_in_order_and_end():
    """What is put is got, then nothing."""
    spool = Spool(100)
    for piece in (b"a", b"b", b"c"):
        await spool.put(piece)
    spool.end()
    assert [await spool.get() for _ in range(5)] == [b"a", b"b", b"c", b"", b""]


async def test_a_full_spool_makes_its_writer_wait():
    """At most one piece beyond the limit is kept."""
    spool = Spool(10)
    await spool.put(b"x" * 9)
    await spool.put(b"y" * 9)
    writing = asyncio.create_task(spool.put(b"z"))
    await asyncio.sleep(0)
    assert not writing.done()
    assert await spool.get() == b"x" * 9
    await writing
    assert [await spool.get(), await spool.get()] == [b"y" * 9, b"z"]


async def test_an_empty_spool_makes_its_reader_wait():
    """Until there is a piece, or the end."""
    spool = Spool(10)
    reading = asyncio.create_task(spool.get())
    await asyncio.sleep(0)
    assert not reading.done()
    await spool.put(b"a")
    assert await reading == b"a"
    reading = asyncio.create_task(spool.get())
    await asyncio.sleep(0)
    spool.end()
    assert await reading == b""


async def test_a_spool_that_nobody_reads():
    """A writer that waits is freed, and everything after is dropped."""
    spool = Spool(1)
    await spool.put(b"ab")
    writing = asyncio.create_task(spool.put(b"c"))
    await asyncio.sleep(0)
    spool.discard()
    await writing
    await spool.put(b"d" * 1000)
    spool.end()
    assert await spool.get() == b""


def messages(*found: asgi.Message) -> asgi.Receive:
    waiting = list(found)

    async def receive() -> asgi.Message:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    return receive


def part(body: bytes, *, more: bool = True) -> asgi.Message:
    return {"type": "http.request", "body": body, "more_body": more}


async def collect(chunks: AsyncIterator[bytes]) -> list[bytes]:
    return [chunk async for chunk in chunks]


async def test_bodies():
    """Pieces as they come, empty ones left out, until the last."""
    receive = messages(part(b"a"), part(b""), part(b"b"), part(b"c", more=False))
    assert await collect(asgi.body(receive, limit=10, patience=1)) == [b"a", b"b", b"c"]


async def test_bodies_that_end_badly():
    """Too long, broken off, and stalled are told apart."""
    with pytest.raises(asgi.Refused, match="larger than 3 bytes"):
        await collect(asgi.body(messages(part(b"ab"), part(b"cd")), limit=3, patience=1))
    with pytest.raises(asgi.Disconnected):
        await collect(asgi.body(messages(part(b"a"), {"type": "http.disconnect"}), limit=3, patience=1))
    with pytest.raises(asgi.Stalled):
        await collect(asgi.body(messages(part(b"a")), limit=3, patience=0.01))


@pytest.mark.parametrize("size", [7, 1000])
async def test_compressed_bodies(size: int):
    """However the stream is cut, it inflates to what was compressed, in pieces of bounded size."""
    text = b"".join(b"%d\n" % number for number in range(20_000))
    raw = gzip.compress(text)
    cut = messages(*(part(raw[start : start + size]) for start in range(0, len(raw), size)), part(b"", more=False))
    pieces = await collect(asgi.inflated(asgi.body(cut, limit=10**6, patience=1), limit=10**7))
    assert b"".join(pieces) == text
    assert max(map(len, pieces)) <= 64 * 1024


async def test_a_bomb_is_defused_while_it_is_read():
    """The limit counts what comes out, not what goes in."""
    bomb = gzip.compress(b"\0" * 10_000_000)
    seen: list[int] = []

    async def read() -> None:
        async for piece in asgi.inflated(asgi.body(messages(part(bomb)), limit=10**6, patience=1), limit=10**6):
            seen.append(len(piece))  # noqa: PERF401 - what was seen before the error counts

    with pytest.raises(asgi.Refused, match="holds more than 1000000 bytes"):
        await read()
    assert sum(seen) <= 10**6


@pytest.mark.parametrize("raw", [b"plain", b"", gzip.compress(b"x" * 100)[:-1]], ids=["plain", "empty", "cut"])
async def test_bodies_that_are_not_compressed_as_they_say(raw: bytes):
    """A 400, not a crash."""
    with pytest.raises(asgi.Refused) as caught:
        await collect(asgi.inflated(asgi.body(messages(part(raw, more=False)), limit=1000, patience=1), limit=1000))
    assert caught.value.status == 400
