"""What tests of a Git room with faults share: a sink that fails on demand, and clients that do not."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import httpx2

import git_rooms
import git_server
from krate_git.document import BranchRules, Source
from krate_git.interface import Push, RefUpdate, RepositoryFacts, Verdict
from krate_git.memory import MemoryPushSink

PROTECTED = BranchRules(Source("BranchProtection", "main"), require_pull_request=True)
RECEIVE = {"content-type": "application/x-git-receive-pack-request"}


class Faulty(MemoryPushSink):
    """A sink that does what a test tells it to, just before or just after it does its own work."""

    before_begin: Callable[[Push], Awaitable[None]] | None = None
    after_begin: Callable[[Push], Awaitable[None]] | None = None
    before_finish: Callable[[str], Awaitable[None]] | None = None
    before_denied: Callable[[Push], Awaitable[None]] | None = None

    async def begin(self, push: Push, verdict: Verdict) -> str:
        if self.before_begin is not None:
            await self.before_begin(push)
        intent = await super().begin(push, verdict)
        if self.after_begin is not None:
            await self.after_begin(push)
        return intent

    async def finish(self, intent: str, moved: Sequence[RefUpdate], facts: RepositoryFacts) -> None:
        if self.before_finish is not None:
            await self.before_finish(intent)
        await super().finish(intent, moved, facts)

    async def denied(self, push: Push, verdict: Verdict) -> None:
        if self.before_denied is not None:
            await self.before_denied(push)
        await super().denied(push, verdict)


async def push(room: git_rooms.Room, tree: Path, *specs: str, user: str = "alice") -> git_rooms.Outcome:
    return await room.git("push", "origin", *(specs or ("main",)), cwd=tree, user=user, check=False)


async def refused(room: git_rooms.Room, tree: Path, text: str) -> None:
    """A push to a fresh branch is refused with that text, and leaves no ref and no open intent."""
    before = await room.refs()
    outcome = await push(room, tree, "main:refs/heads/refused")
    assert outcome.status != 0
    assert f"remote: {text}" in outcome.err, outcome.err
    assert await room.refs() == before
    assert list(await room.sink.open_intents()) == []


async def post(room: git_rooms.Room, body: bytes | AsyncIterator[bytes]) -> httpx2.Response:
    """A push without asking for refs first."""
    async with httpx2.AsyncClient() as client:
        headers = {**RECEIVE, "authorization": git_rooms.basic("alice")}
        return await client.post(f"{room.clone_url()}/git-receive-pack", content=body, headers=headers)


async def closed(room: git_rooms.Room, tree: Path, text: str) -> None:
    """No push is accepted at all, from a client that asks for refs first and from one that does not."""
    await refused(room, tree, text)
    answer = await post(room, await git_rooms.push_body(tree, "refs/heads/refused"))
    assert (answer.status_code, answer.text) == (503, text + "\n")
    assert await room.refs() == {}


def receive_packs() -> list[int]:
    return git_server.receive_packs(os.getpid())
