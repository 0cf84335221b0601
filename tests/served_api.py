"""The real API server with a real Git host, in a thread with an event loop of its own, on a free loopback port.

    with ServedAPI(folder) as served:
        admin = served.admin()
        admin.get("/api/v1/namespaces").json()

Tests speak plain HTTPS from outside. What cannot be done from there (a Git repository without a push, a look into the
store) is done on the server's own loop with `served.run`.
"""

import asyncio
import contextlib
import datetime
import itertools
import json
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx2

from git_samples import Scribe
from krate import clock, kinds
from krate.kinds import Kind
from krate_api import main, tls
from krate_api.admission.live import LivePolicies
from krate_api.authn.certificates import Pair
from krate_api.main import Core, Running
from krate_api.settings import Settings
from krate_cli.up.archives import Links
from krate_cli.up.listeners import Listener
from krate_git.embedded.host import EmbeddedHost, Options
from krate_git.interface import HostedRepositorySettings, RepositoryKey

T = TypeVar("T")
SECRET = b"0123456789abcdef0123456789abcdef"
PATIENCE = 30.0


@dataclass
class MovableClock:
    """The time, moved by as much as a test wants."""

    offset: datetime.timedelta = datetime.timedelta()
    stopped_at: datetime.datetime | None = None

    def __call__(self) -> datetime.datetime:
        return (self.stopped_at or clock.system()) + self.offset

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """While the block runs no time passes, unless it is moved."""
        self.stopped_at = clock.system()
        try:
            yield
        finally:
            self.stopped_at = None

    @contextlib.contextmanager
    def later(self, **by: float) -> Iterator[None]:
        """While the block runs it is later."""
        before, self.offset = self.offset, self.offset + datetime.timedelta(**by)
        try:
            yield
        finally:
            self.offset = before


class ServedAPI:
    """One installation; a context manager."""

    def __init__(self, folder: Path, *, policies: bool = True, **settings: Any) -> None:
        self.folder = folder
        self.clock = MovableClock()
        self._policies = policies
        self._settings = settings
        self._started: threading.Event = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="served-api", daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self.core: Core
        self.running: Running
        self.host: EmbeddedHost

    # ------------------------------------------------------------------ life

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait(PATIENCE)
        if self._failure is not None:
            raise RuntimeError("the API server did not start") from self._failure
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the API server did not stop"

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with contextlib.AsyncExitStack() as stack:
                await self._open(stack)
                self._started.set()
                await self._stop.wait()
        except BaseException as failure:
            self._failure = failure
            raise
        finally:
            self._started.set()

    async def _open(self, stack: contextlib.AsyncExitStack) -> None:
        bound = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP))
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        bound.setblocking(False)
        settings = Settings(self.folder / "data", port=bound.getsockname()[1], **self._settings)
        self.core = core = await main.open_core(settings, self.clock)
        options = Options(archive_secret=SECRET, clock=self.clock)
        self.host = EmbeddedHost(self.folder / "git", sink=core.sink, gatekeeper=core.gatekeeper, options=options)
        await self.host.start()
        stack.push_async_callback(self.host.stop)
        policies = LivePolicies(core.store, core.feeds, core.catalog, core.clock)
        self.running = await main.build(
            core,
            git=self.host,
            merging=self.host,
            archives=Links(self.host.archives, settings.web_url),
            policies=policies.validators if self._policies else {},
        )
        await policies.start()
        stack.push_async_callback(self.running.close)
        stack.push_async_callback(policies.close)
        certificate, key = core.authority.server_files(["127.0.0.1", "localhost"])
        context = tls.server_context(certificate, key, core.authority.certificate_file)
        listener = Listener(self.running.server, bound, http=tls.CertificateProtocol, tls=context)
        await listener.start()
        stack.push_async_callback(listener.stop)

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do something on the server's own event loop."""
        return asyncio.run_coroutine_threadsafe(work(), self._loop).result(PATIENCE)

    # ------------------------------------------------------------------ clients

    @property
    def url(self) -> str:
        return self.core.settings.api_url

    def trust(self, pair: Pair | None = None) -> ssl.SSLContext:
        """TLS that trusts this server, with a client certificate when given one."""
        context = ssl.create_default_context(cadata=self.core.authority.certificate.decode())
        if pair is not None:
            with tempfile.NamedTemporaryFile(suffix=".pem") as chain:
                chain.write(pair.certificate + pair.key)
                chain.flush()
                context.load_cert_chain(chain.name)
        return context

    def client(self, *, token: str = "", pair: Pair | None = None, headers: Mapping[str, str] | None = None) -> "API":
        """A client of this server; without token and certificate it is nobody's."""
        authorization = {"authorization": f"Bearer {token}"} if token else {}
        return API(
            base_url=self.url,
            verify=self.trust(pair),
            headers={"user-agent": "suite/1", **authorization, **(headers or {})},
            timeout=PATIENCE,
            trust_env=False,
        )

    def admin(self) -> "API":
        """A client of group system:masters, by certificate."""
        return self.client(pair=self.core.authority.issue("krate-admin", organisations=["system:masters"]))

    # ------------------------------------------------------------------ Git

    def repository(self, namespace: str, name: str, branches: Mapping[str, Mapping[str, bytes]]) -> dict[str, str]:
        """Host a repository whose branches hold these files, the first one being the others' parent; answers heads."""
        key = RepositoryKey(namespace, name)

        async def hosted() -> None:
            await self.host.put_organization(namespace, full_name=namespace, visibility="private")
            await self.host.put_repository(HostedRepositorySettings(key=key, host_name=name, uid=f"uid-{name}"))

        self.run(hosted)
        scribe = Scribe(self.folder / "git" / namespace / f"{name}.git")
        heads: dict[str, str] = {}
        for branch, files in branches.items():
            parents = list(heads.values())[:1]
            heads[branch] = scribe.commit(dict(files), branch=branch, parents=parents, message=branch)
        return heads


class API(httpx2.Client):
    """An HTTP client with the words of the Kubernetes API; every answer comes back, refusals too."""

    def create(self, kind: Kind, body: Mapping[str, Any], *, namespace: str = "", **params: str) -> httpx2.Response:
        return self.post(collection(kind, namespace), json=dict(body), params=params)

    def read(self, kind: Kind, name: str, *, namespace: str = "", **params: str) -> httpx2.Response:
        return self.get(item(kind, name, namespace), params=params)

    def list(self, kind: Kind, *, namespace: str = "", **params: str) -> httpx2.Response:
        return self.get(collection(kind, namespace), params=params)

    def update(self, kind: Kind, body: Mapping[str, Any], *, subresource: str = "", **params: str) -> httpx2.Response:
        meta = body["metadata"]
        path = item(kind, meta["name"], meta.get("namespace", ""), subresource)
        return self.put(path, json=dict(body), params=params)

    def change(
        self,
        kind: Kind,
        name: str,
        patch: Any,
        *,
        namespace: str = "",
        subresource: str = "",
        form: str = "merge-patch",
        **params: str,
    ) -> httpx2.Response:
        headers = {"content-type": f"application/{form}+json"}
        content = patch if isinstance(patch, bytes) else json.dumps(patch).encode()
        path = item(kind, name, namespace, subresource)
        return self.patch(path, content=content, params=params, headers=headers)

    def remove(
        self, kind: Kind, name: str, *, namespace: str = "", options: Mapping[str, Any] | None = None, **params: str
    ) -> httpx2.Response:
        body = {"json": {"kind": "DeleteOptions", "apiVersion": "v1", **options}} if options is not None else {}
        return self.request("DELETE", item(kind, name, namespace), params=params, **body)


def collection(kind: Kind, namespace: str = "") -> str:
    return f"{kind.base_path}/namespaces/{namespace}/{kind.plural}" if namespace else f"{kind.base_path}/{kind.plural}"


def item(kind: Kind, name: str, namespace: str = "", subresource: str = "") -> str:
    return f"{collection(kind, namespace)}/{name}" + (f"/{subresource}" if subresource else "")


_NUMBERS = itertools.count(1)


def new_namespace(admin: API, prefix: str = "t") -> str:
    """A namespace that nobody else uses."""
    name = f"{prefix}-{next(_NUMBERS)}"
    answer = admin.create(kinds.NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    assert answer.status_code == 201, answer.text
    return name


def typed(kind: Kind) -> dict[str, Any]:
    return {"apiVersion": kind.api_version, "kind": kind.name}


def until(holds: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    """Wait for a condition; fail when it does not come true."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)
