"""Sockets and servers: ports are taken first, so that a busy one is told at once and port 0 is known before use."""

import asyncio
import contextlib
import socket
import ssl
from typing import Any, Final

import uvicorn

from krate_api.wire import StatusProtocol
from krate_cli.up.options import Address

_BACKLOG: Final = 1024
_GOODBYE_SECONDS: Final = 0.1


class PortTaken(Exception):
    """the port is taken."""


def bind(address: Address, flag: str) -> socket.socket:
    """A bound socket.

    Raises:
        PortTaken: something else listens there, or the address is not ours; the message names the flag to use.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's algorithm off on accepted connections: 40 ms a request otherwise.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((address.host, address.port))
        found.listen(_BACKLOG)
    except OSError as error:
        found.close()
        raise PortTaken(
            f"cannot listen on {address.host}:{address.port}: {error.strerror}; "
            f"use {flag} {address.host}:PORT (port 0 takes any free one)"
        ) from error
    found.setblocking(False)
    return found


def origin(scheme: str, bound: socket.socket) -> str:
    """`https://127.0.0.1:7443`."""
    host, port = bound.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


class Listener:
    """One uvicorn server on a socket, without signal handlers of its own."""

    def __init__(
        self, app: Any, bound: socket.socket, *, http: Any = StatusProtocol, tls: ssl.SSLContext | None = None
    ) -> None:
        config = uvicorn.Config(
            app,
            http=http,
            ws="none",
            loop="none",
            lifespan="on" if tls is None else "off",
            access_log=False,
            log_config=None,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=5,
        )
        config.load()
        config.ssl = tls
        self._server = _Server(config)
        self._bound = bound
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve; returns when requests are answered.

        Raises:
            RuntimeError: the application refused to start.
        """
        self._task = asyncio.create_task(self._server.serve(sockets=[self._bound]))
        while not self._server.started:
            if self._task.done():
                await self._task
                raise RuntimeError("the application did not start; its log says why")
            await asyncio.sleep(0.002)

    async def stop(self) -> None:
        """Finish what runs, at most a few seconds, then close."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task


class _Server(uvicorn.Server):
    """Signals belong to the process, not to one of its listeners."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the connections; one whose answer is out is not waited for."""
        goodbye = asyncio.create_task(self._hang_up())
        try:
            await super().shutdown(sockets)
        finally:
            goodbye.cancel()

    async def _hang_up(self) -> None:
        # A closing TLS transport waits up to 30 s for the client's close_notify, which a client that keeps the
        # connection in a pool never reads for. RFC 8446 section 6.1 lets us go once ours is sent.
        while True:
            await asyncio.sleep(_GOODBYE_SECONDS)
            for connection in list(self.server_state.connections):
                transport = connection.transport
                if transport.is_closing() and not transport.get_write_buffer_size():
                    transport.abort()
