"""A real Krate for tests: process A of `krate up` (API server, Git host, UI) in this process, on free ports.

    async with installations.running(tmp_path) as home:
        await home.admin.create(kinds.NAMESPACE, ...)

Process B is left out; a test that needs controllers runs them with `home.briefing()`. `Threaded` keeps one installation
for a whole session, because pytest's event loops live for one test only.
"""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from krate import errors, kinds
from krate.kinds import Kind
from krate_cli.up.options import Address, Options
from krate_cli.up.process import Installation
from krate_controllers.briefing import Briefing
from krate_kube import config
from krate_kube.client import HttpClient
from krate_kube.connections import Connection, fixed_token

_ANY_PORT = Address("127.0.0.1", 0)


def _bind() -> socket.socket:
    # asyncio switches Nagle's algorithm off only on sockets that say they are TCP; with it, each answer takes 40 ms.
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.bind(("127.0.0.1", 0))
    found.listen()
    found.setblocking(False)
    return found


@dataclass(frozen=True)
class Home:
    """A running installation."""

    folder: Path
    admin: HttpClient
    """The API as `system:masters`."""
    web_url: str
    installation: Installation

    async def briefing(self) -> Briefing:
        """What process B would be told."""
        return Briefing.parse(json.dumps(dict(await self.installation._tokens())).encode())

    async def token(self, username: str) -> str:
        """A token of a user, who is created when missing."""
        name, kind = username, kinds.USER
        body = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": {"name": name}}
        with contextlib.suppress(errors.AlreadyExists):
            await self.admin.create(kind, {**body, "spec": {"username": username}})
        asked = {"apiVersion": kind.api_version, "kind": "UserToken", "spec": {"expirationSeconds": 3600}}
        answer = await self.admin.create(kind, asked, name=name, subresource="token")
        return answer["status"]["token"]

    async def client(self, username: str) -> HttpClient:
        """The API as a user; close it when done."""
        connection = self.admin.connection
        return HttpClient(
            Connection(connection.server, ca=connection.ca, token=fixed_token(await self.token(username)))
        )


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncGenerator[Home]:
    """An installation on `folder`, stopped at the end."""
    options = Options(folder, _ANY_PORT, _ANY_PORT, controllers=False)
    async with contextlib.AsyncExitStack() as stack:
        web, api = _bind(), _bind()
        stack.callback(web.close)
        stack.callback(api.close)
        installation = await Installation.start(options, web, api, stack)
        admin = await stack.enter_async_context(HttpClient(config.load([options.kubeconfig])))
        yield Home(folder, admin, installation.web_url, installation)


class Threaded:
    """An installation in a thread of its own; `kubeconfig` is the administrator's."""

    def __init__(self, folder: Path) -> None:
        self.kubeconfig = Options(folder, _ANY_PORT, _ANY_PORT).kubeconfig
        self._folder = folder
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with running(self._folder):
                self._ready.set()
                await self._stop.wait()
        except BaseException as failure:
            self._failure = failure
            raise
        finally:
            self._ready.set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(30)
        if self._failure is not None:
            raise RuntimeError("the installation did not start") from self._failure
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)


async def clear(client: HttpClient, kind: Kind, *, namespace: str = "") -> None:
    """Remove every object of a kind, whatever holds it."""
    for found in (await client.list(kind, namespace=namespace)).items:
        metadata: dict[str, Any] = found["metadata"]
        where = {"namespace": metadata.get("namespace", "")}
        with contextlib.suppress(errors.NotFound):
            if kind is kinds.ORGANIZATION:
                await client.patch(kind, metadata["name"], {"spec": {"deletionPolicy": "Delete"}})
            await client.delete(kind, metadata["name"], **where)
            await client.patch(kind, metadata["name"], {"metadata": {"finalizers": None}}, **where)
