"""A hook that is not as installed, and an evaluator that is not there: every push is refused."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import git_faults
import git_rooms
from krate.identity import Caller
from krate_git.embedded import hook

HOOK_BROKEN = "the receive hook is not as it was installed, so no push is accepted; restart the Git host."
NOT_RUNNING = "the rules of repositories cannot be evaluated now, so no push is accepted"


def hooks_of(room: git_rooms.Room) -> Path:
    (folder,) = (room.folder.parent / "data" / ".krate" / "hooks").iterdir()
    return folder


BREAK = {
    "deleted": lambda path: path.unlink(),
    "not executable": lambda path: path.chmod(0o400),
    "writable": lambda path: path.chmod(0o700),
    "changed": lambda path: (path.chmod(0o700), path.write_text("#!/bin/sh\nexit 0\n"), path.chmod(0o500)),
    "a link": lambda path: (path.rename(path.with_name("krate-hook.bak")), path.symlink_to("/bin/true")),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


BROKEN = [
    (name, how)
    for name in ("pre-receive", "krate-hook.py")
    for how in BREAK
    if (name, how) != ("krate-hook.py", "not executable")
]


@pytest.mark.parametrize(("name", "how"), BROKEN)
async def test_a_hook_that_is_not_as_installed(room: git_rooms.Room, tree: Path, name: str, how: str):
    """Deleted, without its x bit, writable, changed or replaced: no push, though Git itself would let it through."""
    folder = hooks_of(room)
    folder.chmod(0o700)
    BREAK[how](folder / name)
    folder.chmod(0o500)
    await git_faults.closed(room, tree, HOOK_BROKEN)


@pytest.mark.parametrize("spoil", ["missing", "writable", "another hook"])
async def test_a_hooks_folder_that_is_not_as_installed(room: git_rooms.Room, tree: Path, spoil: str):
    """A folder that is gone, open to others, or holds one file more: no push."""
    folder = hooks_of(room)
    folder.chmod(0o700)
    if spoil == "missing":
        folder.rename(folder.with_name("elsewhere"))
    elif spoil == "another hook":
        (folder / "update").write_text("#!/bin/sh\nexit 0\n")
        folder.chmod(0o500)
    await git_faults.closed(room, tree, HOOK_BROKEN)


async def test_a_dead_evaluator(room: git_rooms.Room, tree: Path):
    """Without its socket nobody is admitted."""
    await room.host._evaluator.stop()
    await git_faults.closed(room, tree, NOT_RUNNING)


async def test_an_evaluator_that_dies_during_the_push(room: git_rooms.Room, tree: Path):
    """The hook finds nobody at the socket, and refuses."""
    socket = room.host._evaluator.socket
    body = await git_rooms.push_body(tree, "refs/heads/main")

    async def slowly() -> AsyncIterator[bytes]:
        yield body[:20]
        socket.unlink()
        yield body[20:]

    answer = await git_faults.post(room, slowly())
    assert "cannot be evaluated now; try again in a moment" in git_rooms.told(answer.content)
    assert await room.refs() == {}


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        ({}, "did not come through the Git host"),
        ({hook.NONCE: "x"}, "did not come through the Git host"),
        ({hook.SOCKET: "SOCKET", hook.NONCE: "f" * 64}, "did not come through the Git host"),
        ({hook.SOCKET: "/nowhere", hook.NONCE: "x"}, "cannot be evaluated now"),
    ],
    ids=["nothing", "no socket", "forged nonce", "dead socket"],
)
async def test_a_receive_pack_that_the_host_did_not_start(
    room: git_rooms.Room, tree: Path, environment: dict[str, str], text: str
):
    """Somebody who runs receive-pack with our hook but without a nonce of ours moves nothing."""
    socket = os.fspath(room.host._evaluator.socket)
    found = {name: value.replace("SOCKET", socket) for name, value in environment.items()}
    path = room.host.locate(git_rooms.KEY)
    hooks = hooks_of(room)
    outcome = await git_rooms.git(
        "push", f"--receive-pack=git -c core.hooksPath={hooks} receive-pack", os.fspath(path), "main",
        cwd=tree, check=False, env=found,
    )  # fmt: skip
    assert (outcome.status, text in outcome.err) == (1, True), outcome.err
    assert await room.refs() == {}


async def ask(room: git_rooms.Room, question: bytes) -> bytes:
    """What the evaluator answers to a question on its socket."""
    reader, writer = await asyncio.open_unix_connection(os.fspath(room.host._evaluator.socket))
    writer.write(question)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_nonce_is_good_once_and_for_its_push_only(room: git_rooms.Room):
    """Malformed questions, wrong quarantines and second uses are refused, each nonce being used up by its first."""
    held = room.host.held(git_rooms.KEY)
    line = f"{'0' * 40} {'a' * 40} refs/heads/main\n".encode()
    questions = [
        (b"\n\n" + b"no update\n", b"no ref update"),
        (b"\n\n", b"no ref update"),
        (b"/etc\n\n" + line, b"not inside its repository"),
        (b"/tmp/tmp_objdir-incoming-x\n\n" + line, b"not inside its repository"),
        (f"{held.path}/objects/../../x\n\n".encode() + line, b"not inside its repository"),
        (b"\n\n" + line, b"which it does not bring"),
    ]
    for rest, text in questions:
        session, environment = room.host._evaluator.admit(held, Caller("alice"), "c")
        nonce = environment[hook.NONCE].encode()
        answer = await ask(room, nonce + b"\n" + rest)
        assert answer.startswith(b"refuse\n"), answer
        assert text in answer, answer
        assert (await ask(room, nonce + b"\n" + rest)).startswith(b"refuse\nRefused: this push did not come")
        assert await room.host._evaluator.settle(session) == ()
    assert await ask(room, b"") == b"refuse\nRefused: this push did not come through the Git host\nend\n"
