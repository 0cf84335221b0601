"""Every implementation of the ports of the Git room, for one suite each.

Another implementation joins by a row in `HOSTS` or `SINKS`; it passes the same tests or it is none.
"""

import contextlib
import datetime
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import factories
import git_rooms
import git_samples
import git_server
import tls_samples
from krate import clock as clocks
from krate import kinds
from krate_api.forge import objects
from krate_api.forge.pushes import StorePushSink
from krate_api.store.sqlite import open_store
from krate_git.embedded.client import HostClient
from krate_git.embedded.host import EmbeddedHost, Options
from krate_git.interface import GitHost, PushSink, RepositoryKey
from krate_git.memory import MemoryHost, MemoryPushSink


class Clock:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)

    def __call__(self) -> datetime.datetime:
        return self.now


@dataclass
class Stage:
    """A host, and the way to write history into its repositories behind its back."""

    host: GitHost
    path: Callable[[RepositoryKey], Path]

    def scribe(self, key: RepositoryKey = git_rooms.KEY) -> git_samples.Scribe:
        return git_samples.Scribe(self.path(key))


CONTROLLER = "system:serviceaccount:krate-system:krate-hosted"
KINDS = ("hostedorganizations", "hostedteams", "hostedrepositories", "hostedaccesses", "hostedrefpolicies")


def controllers_gate() -> git_rooms.TableGatekeeper:
    """The controller may do everything to Hosted objects; its token is `<its user name>-token`."""
    gate = git_rooms.everybody()
    gate.user(CONTROLLER)
    gate.grants |= {(CONTROLLER, verb, kind, "*") for verb in ("get", "update", "delete") for kind in KINDS}
    return gate


@contextlib.asynccontextmanager
async def embedded(folder: Path, clock: clocks.Clock) -> AsyncIterator[EmbeddedHost]:
    host = EmbeddedHost(
        folder / "data",
        sink=MemoryPushSink(),
        gatekeeper=controllers_gate(),
        options=Options(archive_secret=git_rooms.SECRET, clock=clock),
    )
    await host.start()
    try:
        yield host
    finally:
        await host.stop()


@contextlib.asynccontextmanager
async def embedded_stage(folder: Path, clock: clocks.Clock) -> AsyncGenerator[Stage]:
    async with embedded(folder, clock) as host:
        yield Stage(host, host.locate)


@contextlib.asynccontextmanager
async def client_stage(folder: Path, clock: clocks.Clock) -> AsyncGenerator[Stage]:
    """The client of process B: real HTTPS, a CA of our own, a token for each call."""
    certificate, key = tls_samples.write_certificate(folder)
    async with (
        embedded(folder, clock) as host,
        git_rooms.serve(host.api(), ssl_certfile=certificate, ssl_keyfile=key) as port,
    ):
        client = HostClient(f"https://127.0.0.1:{port}", token=lambda: f"{CONTROLLER}-token", ca_file=certificate)
        try:
            yield Stage(client, host.locate)
        finally:
            await client.close()


@contextlib.asynccontextmanager
async def memory_stage(folder: Path, clock: clocks.Clock) -> AsyncGenerator[Stage]:
    host = MemoryHost(folder, clock=clock)
    try:
        yield Stage(host, host.path)
    finally:
        host.close()


HOSTS = {"embedded": embedded_stage, "client": client_stage, "memory": memory_stage}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=HOSTS)
async def stage(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncGenerator[Stage]:
    async with HOSTS[request.param](tmp_path, clock) as found:
        yield found


@pytest.fixture
async def filled(stage: Stage) -> Stage:
    """A stage with one repository."""
    await git_rooms.fill(stage.host)
    return stage


@pytest.fixture
def host(filled: Stage) -> GitHost:
    """Its host."""
    return filled.host


@pytest.fixture
def scribe(filled: Stage) -> git_samples.Scribe:
    """Who writes into its repository."""
    return filled.scribe()


@dataclass
class Sinking:
    """A push sink, and a way to open it again as after a restart of its process."""

    sink: PushSink
    reopen: Callable[[], PushSink]


@contextlib.asynccontextmanager
async def memory_sink(folder: Path) -> AsyncGenerator[Sinking]:
    del folder
    sink = MemoryPushSink()
    yield Sinking(sink, lambda: sink)


@contextlib.asynccontextmanager
async def journal_sink(folder: Path) -> AsyncGenerator[Sinking]:
    """The sink of `git_server`, which crash tests rely on."""
    yield Sinking(git_server.JournalSink(folder / "journal"), lambda: git_server.JournalSink(folder / "journal"))


@contextlib.asynccontextmanager
async def store_sink(folder: Path) -> AsyncGenerator[Sinking]:
    """The sink of process A, over its store."""
    path = folder / "krate.sqlite"
    stores = [open_store(path)]
    for name in ("web", "api"):
        body = factories.make(kinds.REPOSITORY_CONTENT, name)
        await stores[0].commit([objects.say(kinds.REPOSITORY_CONTENT, body, {}, clocks.rfc3339(clocks.system()))])

    def reopen() -> PushSink:
        stores.append(open_store(path))
        return StorePushSink(stores[-1], clocks.system)

    try:
        yield Sinking(StorePushSink(stores[0], clocks.system), reopen)
    finally:
        for store in stores:
            await store.close()


SINKS = {"memory": memory_sink, "journal": journal_sink, "store": store_sink}


@pytest.fixture(params=SINKS)
async def sinking(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Sinking]:
    async with SINKS[request.param](tmp_path) as found:
        yield found
