"""Archives by signed link: `RepositoryContent/archive` reviews the right and signs, the Git listener streams.

A link names one commit of one repository until it expires, and carries no identity: whoever has it may download that
commit, as with any presigned link, so it lives for minutes only.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from krate.clock import Clock
from krate_git import interface
from krate_git.embedded import asgi, exchanges, processes, streams
from krate_git.embedded.exchanges import Exchange
from krate_git.embedded.hosting import Hosting
from krate_git.embedded.processes import Git
from krate_git.interface import GitError, RepositoryKey
from krate_git.repositories import OBJECT_ID

PREFIX: Final = "/-/archive/"
LIFETIME: Final = timedelta(minutes=10)
TYPES: Final = {"tar.gz": "application/gzip", "zip": "application/zip"}
_MAX_LINK: Final = 2048


Resolve = Callable[[RepositoryKey, str], Awaitable[str]]
"""`GitReading.resolve`."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a link lets one download."""

    key: RepositoryKey
    sha: str
    format: str


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs and checks links with one secret."""

    secret: bytes
    clock: Clock
    lifetime: timedelta = LIFETIME

    def link(self, order: Order) -> tuple[str, datetime]:
        """Path of a link at the Git listener, and when it stops working.

        Raises:
            GitError: the commit is no object id, or the format is neither tar.gz nor zip.
        """
        if order.format not in TYPES or not OBJECT_ID.fullmatch(order.sha):
            raise GitError(f"an archive is of one commit, as {' or '.join(TYPES)}")
        expires = (self.clock() + self.lifetime).replace(microsecond=0)
        claims = [order.key.namespace, order.key.name, order.sha, order.format, int(expires.timestamp())]
        body = _encode(json.dumps(claims, separators=(",", ":")).encode())
        return f"{PREFIX}{body}.{_encode(self._mac(body))}", expires

    def read(self, link: str) -> Order | None:
        """The order of a link; None when it was not signed here, or has expired."""
        body, _, mac = link.partition(".")
        try:
            if len(link) > _MAX_LINK or not hmac.compare_digest(_decode(mac), self._mac(body)):
                return None
            namespace, name, sha, kind, expires = json.loads(_decode(body))
        except (binascii.Error, ValueError):
            return None
        if self.clock().timestamp() >= expires:
            return None
        return Order(RepositoryKey(namespace, name), sha, kind)

    def _mac(self, body: str) -> bytes:
        return hmac.digest(self.secret, b"archive\0" + body.encode(), hashlib.sha256)


class Archives:
    """ASGI app below `/-/archive/`."""

    def __init__(
        self, *, hosting: Hosting, resolve: Resolve, signer: Signer, git: Git, patience: float, concurrent: int
    ) -> None:
        self._hosting = hosting
        self._resolve = resolve
        self._signer = signer
        self._git = git
        self._patience = patience
        self._slots = exchanges.slots(concurrent)

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        exchange = exchanges.exchange(scope, receive, send)
        try:
            await self._serve(exchange)
        except asgi.Refused as refused:
            await exchange.answer(refused.status, refused.text, refused.headers)
        except GitError as error:
            await exchange.answer(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        except (asgi.Disconnected, asgi.Stalled):
            return

    async def _serve(self, exchange: Exchange) -> None:
        if exchange.scope["method"] not in {"GET", "HEAD"}:
            raise asgi.Refused(HTTPStatus.METHOD_NOT_ALLOWED, "use GET", ((b"allow", b"GET, HEAD"),))
        order = self._signer.read(exchange.scope["path"].removeprefix(PREFIX))
        if order is None:
            raise asgi.Refused(HTTPStatus.FORBIDDEN, "the link is wrong or has expired; ask for a new one")
        try:
            held = self._hosting.held(order.key)
            await self._resolve(order.key, order.sha)
        except (interface.RepositoryMissing, interface.RevisionMissing):
            raise asgi.Refused(HTTPStatus.NOT_FOUND, "the repository or the commit is gone") from None
        name = f"{held.settings.host_name}-{order.sha[:10]}"
        disposition = f'attachment; filename="{name}.{order.format}"'.encode()
        headers = ((b"content-disposition", disposition),)
        if exchange.scope["method"] == "HEAD":
            await exchange.start(TYPES[order.format], headers)
            await exchange.finish()
            return
        async with exchanges.Slot(self._slots, self._patience):
            command = ("archive", f"--format={order.format}", f"--prefix={name}/", order.sha)
            process = await self._git.start((*processes.NO_HOOKS, *command), repository=held.path)
            pump = streams.Pump(process, exchange.receive, patience=self._patience, pushing=False)
            try:
                await process.end_input()
                async for piece in pump.run(None):
                    if not exchange.started:
                        await exchange.start(TYPES[order.format], headers)
                    await streams.send(exchange.send, piece, patience=self._patience)
                if await process.wait() != 0 or not exchange.started:
                    raise GitError(f"the archive could not be written: {await process.complaints()}")
                await exchange.finish()
            finally:
                await pump.close()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
