"""Git and its clients die in the middle of a push: refs and records agree afterwards."""

import asyncio
import os
import signal
from pathlib import Path

import git_faults
import git_rooms
import waiting
from krate_git.interface import Push


async def test_receive_pack_killed_between_intent_and_refs(room: git_rooms.Room, tree: Path, sink: git_faults.Faulty):
    """The intent is closed with nothing moved, the repository is free, and the next push is a first push still."""

    async def kill(push: Push) -> None:
        (pid,) = git_faults.receive_packs()
        os.kill(pid, signal.SIGKILL)

    sink.after_begin = kill
    outcome = await git_faults.push(room, tree)
    assert outcome.status != 0
    assert await room.refs() == {}
    assert [done.moved for done in sink.finished] == [()]
    assert list(await sink.open_intents()) == []
    sink.after_begin = None
    await room.protect(branches=[git_faults.PROTECTED])
    assert (await git_faults.push(room, tree)).ok


async def test_receive_pack_killed_while_it_is_judged(room: git_rooms.Room, tree: Path, sink: git_faults.Faulty):
    """A push that dies before its intent is written is settled only after the judgement ended; no intent stays open."""

    async def kill(push: Push) -> None:
        (pid,) = git_faults.receive_packs()
        os.kill(pid, signal.SIGKILL)
        await waiting.until(lambda: not git_faults.receive_packs())
        # The process is gone and its session waits; the intent is written all the same, a moment later.
        await asyncio.sleep(0.05)

    sink.before_begin = kill
    assert not (await git_faults.push(room, tree)).ok
    await waiting.until(lambda: sink.finished)
    assert ([done.moved for done in sink.finished], list(await sink.open_intents())) == ([()], [])
    sink.before_begin = None
    assert (await git_faults.push(room, tree)).ok


async def test_who_pushed_reads_what_they_wrote(room: git_rooms.Room, tree: Path, sink: git_faults.Faulty):
    """The answer to a push ends only after the push is recorded."""
    recording, proceed = asyncio.Event(), asyncio.Event()

    async def wait(intent: str) -> None:
        recording.set()
        await proceed.wait()

    sink.before_finish = wait
    pushing = asyncio.create_task(git_faults.push(room, tree))
    await recording.wait()
    await asyncio.wait({pushing}, timeout=0.5)
    assert not pushing.done()
    proceed.set()
    assert (await pushing).ok


async def test_a_client_that_vanishes_during_the_upload(room: git_rooms.Room, tree: Path):
    """Half a pack moves nothing, leaves no process and no lock."""
    body = await git_rooms.push_body(tree, "refs/heads/main")
    reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
    head = (
        f"POST /acme/web.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: {git_rooms.basic('alice')}\r\n"
        f"Content-Type: {git_faults.RECEIVE['content-type']}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body[:-10])
    await writer.drain()
    await waiting.until(git_faults.receive_packs)
    writer.transport.abort()
    await waiting.until(lambda: not git_faults.receive_packs())
    assert await room.refs() == {}
    assert (await git_faults.push(room, tree)).ok
    del reader


async def test_a_client_that_vanishes_after_the_upload(room: git_rooms.Room, tree: Path, sink: git_faults.Faulty):
    """Once the pack is there the push runs to its end and is recorded, though nobody reads the answer."""
    body = await git_rooms.push_body(tree, "refs/heads/main")
    begun, gone = asyncio.Event(), asyncio.Event()

    async def wait(push: Push) -> None:
        begun.set()
        await gone.wait()

    sink.before_begin = wait
    _, writer = await asyncio.open_connection("127.0.0.1", room.port)
    head = (
        f"POST /acme/web.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: {git_rooms.basic('alice')}\r\n"
        f"Content-Type: {git_faults.RECEIVE['content-type']}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    await begun.wait()
    writer.transport.abort()
    await asyncio.sleep(0)
    gone.set()
    await waiting.until(lambda: sink.finished)
    assert sorted(await room.refs()) == ["refs/heads/main"]
    assert [[update.ref for update in done.moved] for done in sink.finished] == [["refs/heads/main"]]
