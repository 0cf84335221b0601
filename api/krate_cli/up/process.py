"""Process A: wires API server, Git host and UI, writes the kubeconfig, says `ready`, serves until told to stop."""

import asyncio
import contextlib
import gc
import secrets
import signal
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from krate import logging, names
from krate_api import main as api
from krate_api import tls
from krate_api.admission.live import LivePolicies
from krate_api.authn.certificates import write_private
from krate_api.main import Core
from krate_api.settings import Settings
from krate_api.store.interface import StoreError
from krate_cli.up import archives
from krate_cli.up.child import Child
from krate_cli.up.listeners import Listener, origin
from krate_cli.up.options import Options
from krate_git import cel
from krate_git.embedded.host import EmbeddedHost
from krate_git.embedded.host import Options as HostOptions
from krate_git.interface import GitError
from krate_kube import config

TOKEN_SECONDS: Final = 3600
UPKEEP_SECONDS: Final = 3600.0
ADMIN: Final = "krate-admin"


class CannotStart(Exception):
    """Krate cannot start."""


async def serve(options: Options, web: socket.socket, bound_api: socket.socket) -> None:
    """Run until SIGTERM or Ctrl-C.

    Raises:
        CannotStart: the data folder cannot be used.
    """
    started = time.monotonic()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with _data_folder(options):
        async with contextlib.AsyncExitStack() as stack:
            try:
                installation = await Installation.start(options, web, bound_api, stack)
            except (StoreError, GitError, OSError) as error:
                raise CannotStart(f"{options.data}: {error}") from error
            installation.announce(time.monotonic() - started)
            # What a start has made stays: the collector, which stops everybody, need not look at it ever again.
            gc.freeze()
            gc.enable()
            await stop.wait()


@contextlib.contextmanager
def _data_folder(options: Options) -> Any:
    """The folder, private, with logs going to its file while the block runs."""
    try:
        options.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        log = options.log.open("a", encoding="utf-8")
    except OSError as error:
        raise CannotStart(f"{options.data}: {error.strerror}") from error
    with log:
        logging.configure(level=options.log_level, stream=log)
        yield


class Installation:
    """Everything of process A."""

    def __init__(self, options: Options, core: Core, host: EmbeddedHost) -> None:
        self._options = options
        self._core = core
        self._host = host
        self._log = logging.get(component="up")

    @property
    def web_url(self) -> str:
        return self._core.settings.web_url

    @property
    def api_url(self) -> str:
        return self._core.settings.api_url

    @classmethod
    async def start(
        cls, options: Options, web: socket.socket, bound_api: socket.socket, stack: contextlib.AsyncExitStack
    ) -> "Installation":
        """Start in the order that makes the API answer first; what is started is stopped in reverse by `stack`."""
        host, port = bound_api.getsockname()[:2]
        disabled = options.disabled_admission
        settings = Settings(options.data, host, port, origin("http", web), disabled_admission=disabled)
        core = await api.open_core(settings)
        self = cls(options, core, _git_host(options, core))
        child = Child(data=options.data, log=options.log, level=options.log_level, tokens=self._tokens)
        if options.controllers:
            await child.start()
            stack.push_async_callback(child.stop)
        await self._serve_api(bound_api, stack)
        await self._host.start()
        stack.push_async_callback(self._host.stop)
        await core.sink.follow_heads(self._host)
        await self._serve_web(web, stack)
        if options.controllers:
            child.feed()
        upkeep = asyncio.create_task(self._upkeep(), name="git-upkeep")
        stack.callback(upkeep.cancel)
        # First of all to end: B's requests must not meet a server that is half gone.
        stack.push_async_callback(child.stop)
        return self

    async def _serve_api(self, bound: socket.socket, stack: contextlib.AsyncExitStack) -> None:
        core = self._core
        served = core.catalog
        policies = LivePolicies(core.store, core.feeds, served, core.clock)
        running = await api.build(
            core,
            git=self._host,
            merging=self._host,
            archives=archives.Links(self._host.archives, self.web_url),
            policies=policies.validators,
        )
        await policies.start()
        stack.push_async_callback(running.close)
        stack.push_async_callback(policies.close)
        certificate, key = core.authority.server_files(self._hosts(bound))
        context = tls.server_context(certificate, key, core.authority.certificate_file)
        listener = Listener(
            _Split({"/-/host/": self._host.api()}, running.server), bound, http=tls.CertificateProtocol, tls=context
        )
        self._write_kubeconfig()
        await listener.start()
        stack.push_async_callback(listener.stop)
        # Before the listener waits for its connections: watches would keep them open.
        stack.callback(core.feeds.close)

    async def _serve_web(self, bound: socket.socket, stack: contextlib.AsyncExitStack) -> None:
        from krate_cli.up import web  # noqa: PLC0415 - the UI loads after the API answers

        app = web.build(
            web_url=self.web_url,
            api_url=self.api_url,
            ca=self._core.authority.certificate.decode(),
            reload_templates=self._options.reload_templates,
        )
        listener = Listener(self._host.listener(fallback=app), bound)
        await listener.start()
        stack.push_async_callback(listener.stop)
        # As above: an open page holds a stream.
        stack.callback(app.end_streams)

    @staticmethod
    def _hosts(bound: socket.socket) -> list[str]:
        """Names of the serving certificate."""
        host = bound.getsockname()[0]
        return list(dict.fromkeys([host, "localhost", "127.0.0.1"]))

    def _write_kubeconfig(self) -> None:
        """An administrator's kubeconfig; `~/.kube/config` is never touched."""
        pair = self._core.authority.issue(ADMIN, organisations=[names.GROUP_MASTERS])
        text = config.render(
            server=self.api_url,
            ca=self._core.authority.certificate.decode(),
            user=ADMIN,
            certificate=pair.certificate.decode(),
            key=pair.key.decode(),
        )
        config.write(self._options.kubeconfig, text)

    async def _tokens(self) -> Mapping[str, Any]:
        """What process B is told: where the API is, and a token for every controller."""
        tokens: dict[str, str] = {}
        for account in names.ServiceAccount:
            minted = await self._core.identities.mint_service_account(
                names.SYSTEM_NAMESPACE, account.value, TOKEN_SECONDS
            )
            if minted is not None:
                tokens[account.value] = minted
        return {
            "server": self.api_url,
            "web": self.web_url,
            "ca": self._core.authority.certificate.decode(),
            "tokens": tokens,
        }

    async def _upkeep(self) -> None:
        while True:
            await asyncio.sleep(UPKEEP_SECONDS)
            try:
                await self._host.upkeep()
            except GitError as error:
                self._log.warning("upkeep failed", error=str(error))

    def announce(self, seconds: float) -> None:
        """Tell a person, or a script, how to go on. The first word is a promise: it is `ready`."""
        lines = (
            f"ready in {seconds:.1f} s",
            f"  UI and Git   {self.web_url}",
            f"  API          {self.api_url}",
            f"  kubeconfig   {self._options.kubeconfig}",
            f"  log          {self._options.log}",
        )
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


class _Split:
    """One listener, several applications, by path prefix."""

    def __init__(self, prefixes: Mapping[str, Any], fallback: Any) -> None:
        self._prefixes = prefixes
        self._fallback = fallback

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path: str = scope.get("path", "")
        for prefix, app in self._prefixes.items():
            if path.startswith(prefix):
                await app(scope, receive, send)
                return
        await self._fallback(scope, receive, send)


def _git_host(options: Options, core: Core) -> EmbeddedHost:
    """The embedded Git host over the API's sink and gatekeeper."""
    host_options = HostOptions(
        archive_secret=_secret(options.data / "pki" / "archives.key"),
        home=core.settings.web_url,
        compile_expression=cel.compile_expression,
        clock=core.clock,
    )
    return EmbeddedHost(options.data / "git", sink=core.sink, gatekeeper=core.gatekeeper, options=host_options)


def _secret(file: Path) -> bytes:
    """A random key that survives restarts."""
    if not file.exists():
        write_private(file, secrets.token_bytes(32))
    return file.read_bytes()
