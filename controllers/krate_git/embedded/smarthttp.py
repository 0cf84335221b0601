"""Git smart HTTP: `info/refs`, `git-upload-pack` and `git-receive-pack`, streamed between a client and Git.

The protocol is Git's own (gitprotocol-http, protocol v2); this module decides who gets in, keeps memory bounded in both
directions, and surrounds receive-pack with a session of the evaluator. Addresses are matched byte by byte against
what a name may be, undecoded: an escape, a dot segment or a second slash is simply no address.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from krate import logging
from krate.identity import Caller
from krate_git.embedded import asgi, exchanges, processes, streams
from krate_git.embedded.admission import Door
from krate_git.embedded.evaluator import Evaluator, Session
from krate_git.embedded.exchanges import Exchange
from krate_git.embedded.hooks import Hooks
from krate_git.embedded.processes import Git, Process
from krate_git.embedded.records import Held
from krate_git.interface import GitError

log = logging.get(component="git")

UPLOAD_PACK: Final = "git-upload-pack"
RECEIVE_PACK: Final = "git-receive-pack"
CLOSING_SECONDS: Final = 30.0

_ADDRESS: Final = re.compile(
    r"/(?P<namespace>[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)/(?P<name>[A-Za-z0-9][A-Za-z0-9._-]{0,103})"
    r"/(?P<service>info/refs|git-upload-pack|git-receive-pack)"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost."""

    push_bytes: int = 2 * 1024**3
    """Largest push."""
    fetch_request_bytes: int = 64 * 1024**2
    """Largest request of a fetch: wants and haves."""
    patience: float = 120.0
    """Seconds without a byte from or to the client before it is cut off."""
    concurrent: int = 32
    """Git processes that serve clients at the same time; others wait."""
    queue_seconds: float = 15.0
    """How long they wait before they are told to come back."""


@dataclass(frozen=True, slots=True)
class Address:
    """What a path asks for."""

    namespace: str
    host_name: str
    service: str


def parse(scope: asgi.Scope) -> Address | None:
    """The Git address in a request's path; None when it is none. `.git` may be left out."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    found = _ADDRESS.fullmatch(raw.partition(b"?")[0].decode("latin-1"))
    if found is None:
        return None
    name = found["name"].removesuffix(".git")
    return Address(found["namespace"], name, found["service"]) if name else None


class SmartHTTP:
    """ASGI app; requests that are no Git addresses are answered 404."""

    def __init__(self, *, door: Door, evaluator: Evaluator, git: Git, hooks: Hooks, limits: Limits) -> None:
        self._door = door
        self._evaluator = evaluator
        self._git = git
        self._hooks = hooks
        self._limits = limits
        self._slots = exchanges.slots(limits.concurrent)
        self._unfinished: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Wait until every push that is under way is recorded; what hangs longer is recorded at the next start."""
        if self._unfinished:
            await asyncio.wait(self._unfinished, timeout=CLOSING_SECONDS)

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        exchange = exchanges.exchange(scope, receive, send)
        address = parse(scope)
        if address is None:
            await exchange.answer(HTTPStatus.NOT_FOUND, "there is no such page")
            return
        try:
            await self._serve(address, exchange)
        except asgi.Refused as refused:
            await exchange.answer(refused.status, refused.text, refused.headers)
        except GitError as error:
            await exchange.answer(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        except asgi.Stalled as error:
            await exchange.answer(HTTPStatus.REQUEST_TIMEOUT, str(error))
        except asgi.Disconnected:
            log.info("client gone", path=scope["path"], correlation=exchange.correlation)

    async def _serve(self, address: Address, exchange: Exchange) -> None:
        service = _service(address, exchange.scope)
        caller = await self._door.caller(exchange.scope)
        admit = self._door.pusher if service == RECEIVE_PACK else self._door.fetcher
        held = await admit(caller, address.namespace, address.host_name)
        async with self._slot():
            if address.service == "info/refs":
                await self._advertise(held, service, exchange)
            elif service == UPLOAD_PACK:
                await self._upload(held, exchange)
            else:
                await self._receive(held, caller, exchange)

    def _slot(self) -> exchanges.Slot:
        return exchanges.Slot(self._slots, self._limits.queue_seconds)

    async def _advertise(self, held: Held, service: str, exchange: Exchange) -> None:
        """Refs and capabilities; protocol v2 has its own form, which only fetching knows."""
        if service == RECEIVE_PACK:
            # Said here as well, because a client prints the text of this answer and not that of the next.
            self._hooks.check()
            self._evaluator.check()
        protocol = exchange.protocol() if service == UPLOAD_PACK else ""
        command = (*_command(service), "--http-backend-info-refs")
        process = await self._start(held, command, {"GIT_PROTOCOL": protocol} if protocol else {})
        prefix = b"" if "version=2" in protocol.split(":") else _packet(f"# service={service}\n") + b"0000"
        await process.end_input()
        await self._stream(process, exchange, f"application/x-{service}-advertisement", prefix=prefix)

    async def _upload(self, held: Held, exchange: Exchange) -> None:
        limit = self._limits.fetch_request_bytes
        chunks = exchange.body(limit=limit, patience=self._limits.patience)
        protocol = exchange.protocol()
        process = await self._start(held, _command(UPLOAD_PACK), {"GIT_PROTOCOL": protocol} if protocol else {})
        await self._stream(process, exchange, f"application/x-{UPLOAD_PACK}-result", chunks=chunks)

    async def _receive(self, held: Held, caller: Caller, exchange: Exchange) -> None:
        """A push: the session is settled whatever becomes of this request."""
        limit = self._limits.push_bytes
        # Slack for what is no pack: commands and capabilities.
        chunks = exchange.body(limit=limit + self._limits.fetch_request_bytes, patience=self._limits.patience)
        self._hooks.check()
        session, environment = self._evaluator.admit(held, caller, exchange.correlation)
        try:
            command = ("-c", f"receive.maxInputSize={limit}", *_command(RECEIVE_PACK))
            settings = ("-c", f"core.hooksPath={self._hooks.folder}")
            process = await self._git.start(
                (*settings, *command, "."), repository=held.path, environment=environment, keep=(session.descriptor,)
            )
        except BaseException:
            await self._evaluator.settle(session)
            raise
        settled = asyncio.create_task(self._settle(process, session))
        self._keep(settled)
        result = f"application/x-{RECEIVE_PACK}-result"
        await self._stream(process, exchange, result, chunks=chunks, settled=settled)

    async def _settle(self, process: Process, session: Session) -> None:
        await process.wait()
        await self._evaluator.settle(session)

    async def _start(self, held: Held, command: tuple[str, ...], environment: dict[str, str]) -> Process:
        return await self._git.start(
            (*processes.NO_HOOKS, *command, "."), repository=held.path, environment=environment
        )

    async def _stream(
        self,
        process: Process,
        exchange: Exchange,
        content_type: str,
        *,
        prefix: bytes = b"",
        chunks: AsyncIterator[bytes] | None = None,
        settled: asyncio.Task[None] | None = None,
    ) -> None:
        """Pump between client and process.

        The answer ends only after a push is recorded, so that whoever pushed reads what they wrote.
        """
        pump = streams.Pump(process, exchange.receive, patience=self._limits.patience, pushing=settled is not None)
        try:
            async for piece in pump.run(chunks):
                if not exchange.started:
                    await exchange.start(content_type)
                    piece = prefix + piece  # noqa: PLW2901 - the first piece follows the prefix
                await streams.send(exchange.send, piece, patience=self._limits.patience)
            if settled is not None:
                await asyncio.shield(settled)
            if not exchange.started:
                await self._nothing_said(process, exchange, content_type)
            await exchange.finish()
        finally:
            self._keep(await pump.close())

    async def _nothing_said(self, process: Process, exchange: Exchange, content_type: str) -> None:
        """Git had nothing to say, which is right for a client that only probes before a large push, or it failed."""
        if await process.wait() != 0:
            log.error("git failed", complaint=await process.complaints(), correlation=exchange.correlation)
            raise GitError(f"Git could not serve this; details: krate trace {exchange.correlation}")
        await exchange.start(content_type)

    def _keep(self, task: asyncio.Task[None] | None) -> None:
        """Hold a task until it ends; the loop itself holds tasks weakly."""
        if task is not None:
            self._unfinished.add(task)
            task.add_done_callback(self._unfinished.discard)


def _service(address: Address, scope: asgi.Scope) -> str:
    """Which of the two services a request is about.

    Raises:
        Refused: wrong method or content type, or a client that speaks the dumb protocol only.
    """
    if address.service == "info/refs":
        if scope["method"] != "GET":
            raise asgi.Refused(HTTPStatus.METHOD_NOT_ALLOWED, "use GET", ((b"allow", b"GET"),))
        service = scope["query_string"].decode("latin-1").removeprefix("service=")
        if service not in {UPLOAD_PACK, RECEIVE_PACK}:
            raise asgi.Refused(HTTPStatus.FORBIDDEN, "this host speaks the smart protocol only; use git 1.6.6 or newer")
        return service
    if scope["method"] != "POST":
        raise asgi.Refused(HTTPStatus.METHOD_NOT_ALLOWED, "use POST", ((b"allow", b"POST"),))
    # No page of another site can send this type without asking first, so no browser can be tricked into a push.
    if asgi.header(scope, b"content-type") != f"application/x-{address.service}-request":
        raise asgi.Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the content type must be that of {address.service}")
    return address.service


def _command(service: str) -> tuple[str, ...]:
    if service == UPLOAD_PACK:
        return (*processes.UPLOAD, "upload-pack", "--stateless-rpc", "--strict")
    return (*processes.RECEIVE, "receive-pack", "--stateless-rpc")


def _packet(text: str) -> bytes:
    return f"{len(text) + 4:04x}{text}".encode()
