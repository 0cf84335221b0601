"""A served Git room for tests: the embedded host behind real sockets, and real Git clients in front of it."""

import asyncio
import base64
import contextlib
import os
import socket
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pygit2
import uvicorn

from krate.identity import Attributes, Caller, Decision
from krate_git import document
from krate_git.embedded.host import EmbeddedHost, Options
from krate_git.interface import GitHosting, HostedRepositorySettings, PushSink, RefPolicyDocument, RepositoryKey
from krate_git.memory import MemoryPushSink

NAMESPACE = "acme"
KEY = RepositoryKey(NAMESPACE, "web")
SECRET = b"0123456789abcdef0123456789abcdef"

Grant = tuple[str, str, str, str]
"""Who (user or group), verb, `resource/subresource`, and `namespace/name` or `namespace/*`."""


@dataclass
class TableGatekeeper:
    """A Gatekeeper that is an explicit table of tokens and grants."""

    tokens: dict[str, Caller] = field(default_factory=dict)
    grants: set[Grant] = field(default_factory=set)
    reviews: list[tuple[str, Attributes]] = field(default_factory=list)

    async def basic(self, username: str, password: str) -> Caller | None:
        caller = self.tokens.get(password)
        return caller if caller is not None and caller.username == username else None

    async def bearer(self, token: str) -> Caller | None:
        return self.tokens.get(token)

    async def review(self, caller: Caller, attributes: Attributes) -> Decision:
        self.reviews.append((caller.username, attributes))
        where = (f"{attributes.namespace}/{attributes.name}", f"{attributes.namespace}/*", "*")
        wanted = {
            (who, attributes.verb, attributes.qualified, place)
            for who in (caller.username, *caller.groups)
            for place in where
        }
        return Decision(bool(wanted & self.grants))

    def user(self, name: str, *, groups: Sequence[str] = ()) -> Caller:
        """A caller whose token is `<name>-token`."""
        caller = Caller(name, (*groups, "system:authenticated"))
        self.tokens[f"{name}-token"] = caller
        return caller

    def reader(self, who: str, key: RepositoryKey = KEY) -> None:
        self.grants.add((who, "get", "repositories/git", str(key)))

    def writer(self, who: str, key: RepositoryKey = KEY) -> None:
        self.reader(who, key)
        self.grants.add((who, "update", "repositories/git", str(key)))

    def revoke(self, who: str) -> None:
        self.grants = {grant for grant in self.grants if grant[0] != who}


def everybody() -> TableGatekeeper:
    """Alice and bob write `acme/web`, rita reads it, nina has no right at all."""
    gate = TableGatekeeper()
    for name in ("alice", "bob", "rita", "nina"):
        gate.user(name)
    gate.writer("alice")
    gate.writer("bob")
    gate.reader("rita")
    return gate


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.asynccontextmanager
async def serve(app: Any, **settings: Any) -> AsyncGenerator[int]:
    """The app on a free loopback port, in this event loop."""
    # Without the protocol named, asyncio does not turn Nagle's algorithm off, and every answer waits 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1, **settings)
    server = uvicorn.Server(config)
    # Started and stopped by hand: `serve` looks only ten times a second whether it should end.
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listening])
    await server.on_tick(0)
    try:
        yield listening.getsockname()[1]
    finally:
        await server.shutdown(sockets=[listening])


def settings(key: RepositoryKey = KEY, **over: Any) -> HostedRepositorySettings:
    return HostedRepositorySettings(**{"key": key, "host_name": key.name, "uid": "uid-1", **over})


def policy(*, key: RepositoryKey = KEY, branches: Sequence[Any] = (), refs: Sequence[Any] = ()) -> RefPolicyDocument:
    """A compiled policy of the given rules; by default one that asks for nothing."""
    return document_of(document.encode(document.Document(key.name, tuple(branches), tuple(refs))))


def document_of(text: str) -> RefPolicyDocument:
    """Any text as a policy with the right digest."""
    return RefPolicyDocument(document.digest(text), text)


async def fill(host: GitHosting, key: RepositoryKey = KEY, **over: Any) -> None:
    """An organisation with one repository that asks for nothing."""
    await host.put_organization(key.namespace, full_name="Acme", visibility="private")
    await host.put_repository(settings(key, **over))
    await host.put_ref_policy(key, policy(key=key))


@dataclass
class Outcome:
    """What a Git client said."""

    status: int
    out: str
    err: str

    @property
    def ok(self) -> bool:
        return self.status == 0


GIT_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Alice",
    "GIT_AUTHOR_EMAIL": "alice@example.com",
    "GIT_COMMITTER_NAME": "Alice",
    "GIT_COMMITTER_EMAIL": "alice@example.com",
    "LC_ALL": "C",
}


async def git(*arguments: str, cwd: Path, check: bool = True, env: Mapping[str, str] | None = None) -> Outcome:
    """A real Git client, without anybody's configuration."""
    process = await asyncio.create_subprocess_exec(
        "git",
        *arguments,
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": os.fspath(cwd), **GIT_ENVIRONMENT, **(env or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    outcome = Outcome(
        process.returncode or 0, out.decode(errors="replace").strip(), err.decode(errors="replace").strip()
    )
    assert outcome.ok or not check, f"git {arguments}: {outcome.err}"
    return outcome


def basic(name: str) -> str:
    """Authorization header of a user of the table."""
    return "Basic " + base64.b64encode(f"{name}:{name}-token".encode()).decode()


@dataclass
class Room:
    """A served host with one repository, and folders for clients."""

    host: EmbeddedHost
    sink: MemoryPushSink
    gate: TableGatekeeper
    port: int
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def clone_url(self, key: RepositoryKey = KEY) -> str:
        return f"{self.url}/{key.namespace}/{key.name}.git"

    async def git(self, *arguments: str, user: str = "alice", cwd: Path | None = None, check: bool = True) -> Outcome:
        """A Git client that signs in as `user`; an empty one stays anonymous."""
        extra = ("-c", f"http.extraHeader=Authorization: {basic(user)}") if user else ()
        return await git(*extra, *arguments, cwd=cwd or self.folder, check=check)

    async def work_tree(self, name: str = "work", *, files: Mapping[str, str] | None = None) -> Path:
        """A fresh repository with one commit on main and the served one as origin."""
        tree = self.folder / name
        tree.mkdir()
        await git("init", "-q", "-b", "main", cwd=tree)
        await git("remote", "add", "origin", self.clone_url(), cwd=tree)
        await self.commit(tree, files or {"README.md": "hello\n"}, "first")
        return tree

    async def commit(self, tree: Path, files: Mapping[str, str], message: str = "change") -> str:
        """Write files, commit them, answer the commit."""
        for name, text in files.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(text)
        await git("add", "-A", cwd=tree)
        await git("commit", "-q", "-m", message, cwd=tree)
        return (await git("rev-parse", "HEAD", cwd=tree)).out

    async def protect(self, *, branches: Sequence[Any] = (), refs: Sequence[Any] = ()) -> None:
        await self.host.put_ref_policy(KEY, policy(branches=branches, refs=refs))

    async def refs(self) -> dict[str, str]:
        """Branches and tags as the host has them."""
        found = await self.host.refs(KEY)
        return {
            **{f"refs/heads/{k}": v for k, v in found.branches.items()},
            **{f"refs/tags/{k}": v for k, v in found.tags.items()},
        }


@contextlib.asynccontextmanager
async def open_room(folder: Path, **given: Any) -> AsyncGenerator[Room]:
    """A host on `folder/data`, filled and served; clients live in `folder/clients`."""
    async with serve_unfilled(folder, **given) as room:
        await fill(room.host)
        yield room


@contextlib.asynccontextmanager
async def serve_unfilled(
    folder: Path, *, sink: PushSink | None = None, gate: TableGatekeeper | None = None, **options: Any
) -> AsyncGenerator[Room]:
    """The same with whatever stands in `folder/data`."""
    found = sink or MemoryPushSink()
    gatekeeper = gate or everybody()
    host = EmbeddedHost(
        folder / "data", sink=found, gatekeeper=gatekeeper, options=Options(archive_secret=SECRET, **options)
    )
    clients = folder / "clients"
    clients.mkdir(exist_ok=True)
    await host.start()
    try:
        async with serve(host.listener()) as port:
            yield Room(host, found, gatekeeper, port, clients)
    finally:
        await host.stop()


def packet(text: str) -> bytes:
    """A pkt-line."""
    return f"{len(text) + 4:04x}{text}".encode()


async def push_body(tree: Path, ref: str, *, old: str = "0" * 40, rev: str = "HEAD") -> bytes:
    """What a client would send to receive-pack to create or move one ref to `rev`, with everything it reaches."""
    new = (await git("rev-parse", rev, cwd=tree)).out
    process = await asyncio.create_subprocess_exec(
        *("git", "pack-objects", "--all", "--stdout", "-q"), cwd=tree, stdout=asyncio.subprocess.PIPE
    )
    pack, _ = await process.communicate()
    return packet(f"{old} {new} {ref}\0report-status side-band-64k agent=test") + b"0000" + pack


def told(answer: bytes) -> str:
    """What receive-pack's answer tells people: the second side band, put together again."""
    text = b""
    while answer and (size := int(answer[:4], 16)):
        if answer[4:5] == b"\2":
            text += answer[5:size]
        answer = answer[size:]
    return text.decode()


def read_refs(repository: Path) -> list[tuple[str, str]]:
    """All refs of a repository on the disk."""
    found = pygit2.Repository(os.fspath(repository))
    return [(name, str(found.references[name].target)) for name in found.references]


async def request(room: Room, method: str, path: str, *, user: str = "alice", **given: object) -> httpx2.Response:
    """One HTTP request as a user of the table."""
    headers = {"authorization": basic(user)} if user else {}
    async with httpx2.AsyncClient(base_url=room.url) as client:
        return await client.request(method, path, headers={**headers, **given.pop("headers", {})}, **given)
