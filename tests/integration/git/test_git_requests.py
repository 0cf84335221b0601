"""Bodies, limits and patience of the Git listener."""

import asyncio
import gzip
import os
import zlib
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

import httpx2
import pytest

import git_rooms
import git_server
from krate_git.embedded import asgi
from krate_git.embedded.smarthttp import Limits

RECEIVE = {"content-type": "application/x-git-receive-pack-request"}
UPLOAD = {"content-type": "application/x-git-upload-pack-request"}
WEB = "/acme/web.git"
ADVERTISE = f"{WEB}/info/refs?service=git-upload-pack"


async def test_compressed_requests(room: git_rooms.Room):
    """A gzip body is what it holds; Git compresses its longer requests."""
    tree = await room.work_tree()
    await room.git("push", "-q", "origin", "main", cwd=tree)
    sha = (await git_rooms.git("rev-parse", "HEAD", cwd=tree)).out
    body = git_rooms.packet(f"want {sha} ofs-delta\n") + b"0000" + git_rooms.packet("done\n")
    headers = {**UPLOAD, "content-encoding": "gzip"}
    answer = await git_rooms.request(
        room, "POST", f"{WEB}/git-upload-pack", headers=headers, content=gzip.compress(body)
    )
    assert (answer.status_code, answer.content[:8], b"PACK" in answer.content) == (200, b"0008NAK\n", True)


async def test_compressed_requests_from_a_client_with_many_refs(room: git_rooms.Room):
    """A real client that asks for hundreds of refs compresses its request."""
    tree = await room.work_tree()
    for number in range(60):
        await git_rooms.git("commit", "-q", "--allow-empty", "-m", f"c{number}", cwd=tree)
        await git_rooms.git("branch", f"b{number}", cwd=tree)
    await room.git("push", "-q", "origin", "--all", cwd=tree)
    header = f"http.extraHeader=Authorization: {git_rooms.basic('alice')}"
    told = await git_rooms.git(
        "-c", header, "clone", "-q", room.clone_url(), "copy", cwd=room.folder, env={"GIT_TRACE_CURL": "1"}
    )
    assert "content-encoding: gzip" in told.err.lower()
    branches = await git_rooms.git("branch", "-r", cwd=room.folder / "copy")
    assert len(branches.out.splitlines()) == 62


BAD_BODIES = [
    ("no gzip", b"plain", 400),
    ("half a gzip", gzip.compress(b"0000" * 1000)[:-9], 400),
    ("deflate", zlib.compress(b"0000"), 400),
    ("a bomb", gzip.compress(b"\0" * (9 * 1024 * 1024)), 413),
]


@pytest.mark.parametrize(("body", "status"), [row[1:] for row in BAD_BODIES], ids=[row[0] for row in BAD_BODIES])
async def test_compressed_requests_that_are_refused(tmp_path: Path, body: bytes, status: int):
    """What is no gzip, or holds more than a request may, is refused while it is read."""
    async with git_rooms.open_room(tmp_path, limits=Limits(fetch_request_bytes=8 * 1024 * 1024)) as room:
        headers = {**UPLOAD, "content-encoding": "gzip"}
        answer = await git_rooms.request(room, "POST", f"{WEB}/git-upload-pack", headers=headers, content=body)
        assert answer.status_code == status


async def test_large_pushes_are_probed_and_chunked(room: git_rooms.Room):
    """A client whose push does not fit its buffer asks first, and then sends it in chunks."""
    tree = await room.work_tree(files={"noise": "".join(f"{number * number:x}" for number in range(60_000))})
    await room.git("-c", "http.postBuffer=65536", "push", "-q", "origin", "main", cwd=tree)
    assert sorted(await room.refs()) == ["refs/heads/main"]


async def test_a_push_beyond_the_limit(tmp_path: Path):
    """It is refused with that reason, which a client hears that still sends, and nothing of it is kept."""
    async with git_rooms.open_room(tmp_path, limits=Limits(push_bytes=100_000)) as room:
        noise = os.urandom(8 * 1024 * 1024).hex()
        tree = await room.work_tree(files={"noise": noise})
        refused = await room.git("push", "origin", "main", cwd=tree, check=False)
        assert "pack exceeds maximum allowed size" in refused.err
        assert await room.refs() == {}
        assert not list(room.host.locate(git_rooms.KEY).glob("objects/tmp_objdir*"))


async def test_expect_continue(room: git_rooms.Room):
    """A client that waits for leave gets it only after it is let in; a stranger never sends its body."""
    found = []
    for user in ("alice", "nina"):
        reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
        head = (
            f"POST {WEB}/git-upload-pack HTTP/1.1\r\nHost: x\r\nAuthorization: {git_rooms.basic(user)}\r\n"
            f"Content-Type: {UPLOAD['content-type']}\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
        )
        writer.write(head.encode())
        status = (await reader.readline()).split()[1]
        if status == b"100":
            await reader.readline()
            writer.write(b"0000")
            found.append((status, (await reader.readline()).split()[1]))
        else:
            found.append((status, b""))
        writer.close()
        await writer.wait_closed()
    assert found == [(b"100", b"200"), (b"404", b"")]


async def test_clients_that_stall(tmp_path: Path):
    """Who sends nothing for too long is cut off, and its process is gone."""
    async with git_rooms.open_room(tmp_path, limits=Limits(patience=0.3)) as room:
        reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
        head = f"POST {WEB}/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: {git_rooms.basic('alice')}\r\n"
        writer.write(f"{head}Content-Type: {RECEIVE['content-type']}\r\nContent-Length: 4\r\n\r\n00".encode())
        assert (await reader.readline()).split()[1] == b"408"
        writer.close()
        await writer.wait_closed()
        assert git_server.receive_packs(os.getpid()) == []


async def test_a_busy_host_says_so(tmp_path: Path):
    """With every place taken a request waits a while, then is told to come back."""
    async with git_rooms.open_room(tmp_path, limits=Limits(concurrent=1, queue_seconds=0.2)) as room:
        release = asyncio.Event()

        async def slowly() -> AsyncIterator[bytes]:
            await release.wait()
            yield b"0000"

        first = asyncio.create_task(
            git_rooms.request(room, "POST", f"{WEB}/git-upload-pack", headers=UPLOAD, content=slowly())
        )
        async with asyncio.timeout(10):
            while (answer := await git_rooms.request(room, "GET", ADVERTISE)).status_code == 200:  # noqa: ASYNC110 - until it is busy
                await asyncio.sleep(0.01)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        release.set()
        assert (await first).status_code == 200


async def test_answers_are_not_cached(room: git_rooms.Room):
    """Refs change, and every answer carries its correlation id."""
    answer = await git_rooms.request(room, "GET", ADVERTISE)
    assert answer.headers["cache-control"] == "no-cache, max-age=0, must-revalidate"
    assert answer.headers["content-type"] == "application/x-git-upload-pack-advertisement"
    assert len(answer.headers["x-correlation-id"]) == 32


async def test_other_pages_are_the_fallbacks(room: git_rooms.Room):
    """The listener hands everything that is not Git's to the app behind it, and answers 503 before it is ready."""

    async def ui(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await asgi.answer(send, HTTPStatus.OK, f"page {scope['path']}")

    async with git_rooms.serve(room.host.listener(fallback=ui)) as port, httpx2.AsyncClient() as client:
        assert (await client.get(f"http://127.0.0.1:{port}/acme/web")).text == "page /acme/web\n"
        assert (await client.get(f"http://127.0.0.1:{port}{ADVERTISE}")).status_code == 401
        room.host._ready = False
        answer = await client.get(f"http://127.0.0.1:{port}{ADVERTISE}")
        assert (answer.status_code, answer.text) == (503, "the Git host is starting; try again in a moment\n")


async def test_no_configuration_of_the_machine_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A global or system configuration, or Git variables of the server's own environment, change nothing."""
    evil = tmp_path / "evil"
    evil.write_text("[core]\n\thooksPath = /nowhere\n[uploadpack]\n\tpackObjectsHook = touch pwned\n")
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, str(evil))
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    async with git_rooms.open_room(tmp_path) as room:
        assert "GIT_DIR" not in room.host._git.environment
        assert room.host._git.environment["GIT_CONFIG_GLOBAL"] == "/dev/null"
        monkeypatch.delenv("GIT_DIR")
        tree = await room.work_tree()
        await room.git("push", "-q", "origin", "main", cwd=tree)
        await room.git("clone", "-q", room.clone_url(), "copy")
