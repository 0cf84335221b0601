"""The embedded Git host: everything of this room, wired, behind few doors.

Whoever wires process A does, in this order:

    host = EmbeddedHost(root, sink=sink, gatekeeper=gatekeeper, options=Options(archive_secret=secret))
    await host.start()                      # loads, resolves open intents, then accepts pushes
    app = host.listener(fallback=ui)        # the plain listener: Git, signed archives, and whatever else is there
    api = host.api()                        # `/-/host/v1/`, for the TLS listener
    await host.upkeep()                     # every hour or so: purges what was retired 30 days ago, packs objects
    await host.stop()                       # after the listeners are closed

The apps may be served before `start` has ended; they answer 503 until then. The host itself is a GitHost and a
GitMerging, and `host.archives` signs links for the archive view of RepositoryContent.
"""

import fcntl
import functools
import os
from dataclasses import dataclass, field
from pathlib import Path

from krate import clock as clocks
from krate import logging
from krate_git import expressions, repositories
from krate_git.embedded import archive, asgi, hooks, listener, processes, upkeep
from krate_git.embedded.admission import Door
from krate_git.embedded.evaluator import Evaluator
from krate_git.embedded.files import Sync
from krate_git.embedded.hostapi import HostAPI
from krate_git.embedded.hosting import Hosting
from krate_git.embedded.judging import Judge
from krate_git.embedded.layout import Layout
from krate_git.embedded.ledger import Ledger
from krate_git.embedded.locks import Locks
from krate_git.embedded.merging import Close, Merging
from krate_git.embedded.records import Records
from krate_git.embedded.smarthttp import Limits, SmartHTTP
from krate_git.interface import Gatekeeper, GitError, HostUnavailable, MergeOrder, MergeOutcome, PushSink, RepositoryKey
from krate_git.reading import Reading
from krate_git.workers import Workers

log = logging.get(component="git")


@dataclass(frozen=True, slots=True)
class Options:
    """What may differ between installations."""

    archive_secret: bytes = field(repr=False)
    """Key of archive links; at least 32 random bytes that stay the same over restarts."""
    home: str = ""
    """Address below which repositories have their pages (`http://127.0.0.1:7080`), named in refusals."""
    limits: Limits = field(default_factory=Limits)
    compile_expression: expressions.Compile = expressions.unavailable
    """Compiles the CEL expressions of ref policies; without it, policies with expressions are refused."""
    clock: clocks.Clock = clocks.system
    sync: Sync = os.fsync
    """Flushes a descriptor to the disk; tests put a failing one in its place."""


class EmbeddedHost(Hosting, Reading):
    """A GitHost and GitMerging over bare repositories below one root."""

    def __init__(
        self, root: Path, *, sink: PushSink, gatekeeper: Gatekeeper, options: Options, workers: Workers | None = None
    ) -> None:
        """Nothing is touched before `start`.

        Args:
            root: folder of the host's data; it belongs to one process at a time.
            sink: where pushes are recorded.
            gatekeeper: authentication and access reviews.
            options: what may differ between installations.
            workers: pools for blocking work, closed by whoever made them; without them the host has its own: threads,
                and one process that is started when the first large diff is asked for.
        """
        self._workers_own = workers is None
        pools, locks = workers or Workers(processes=1), Locks()
        self._places = Layout(root.absolute())
        compile_expression = functools.lru_cache(maxsize=1024)(options.compile_expression)
        shelf = Records(self._places, sync=options.sync)
        Hosting.__init__(self, shelf, locks, pools, clock=options.clock, compile_expression=compile_expression)
        Reading.__init__(self, self.locate, pools)
        self._gatekeeper = gatekeeper
        self._options = options
        self._process_lock = -1
        self._ready = False
        self._git = processes.find_git(self._places)
        self._smart: SmartHTTP | None = None
        self.archives = archive.Signer(options.archive_secret, options.clock)
        self._wire(sink, locks, Judge(sink, pools, compile_expression, options.home.rstrip("/")))

    def _wire(self, sink: PushSink, locks: Locks, judge: Judge) -> None:
        """The parts that pushes and merges go through."""
        pools, clock = self._workers, self._options.clock
        self._door = Door(self._gatekeeper, self)
        self._ledger = Ledger(sink, hosting=self, locks=locks, workers=pools)
        self._merging = Merging(hosting=self, locks=locks, ledger=self._ledger, judge=judge, workers=pools, clock=clock)
        self._evaluator = Evaluator(
            hosting=self,
            locks=locks,
            ledger=self._ledger,
            judge=judge,
            permit=self._door.may_push,
            record=self._places.socket_record,
        )

    async def start(self) -> None:
        """Take the root, load it, resolve what a crash left open, and accept pushes.

        Raises:
            GitError: another process serves the root, or it cannot be read.
        """
        self._places.prepare()
        self._take_root()
        repositories.make_durable()
        installed = hooks.install(self._places.hooks)
        self._smart = SmartHTTP(
            door=self._door, evaluator=self._evaluator, git=self._git, hooks=installed, limits=self._options.limits
        )
        await self.load()
        await self._ledger.recover()
        await self._evaluator.start()
        self._ready = True

    async def stop(self) -> None:
        """Wait for pushes and merges under way, then let go of the root."""
        self._ready = False
        await self._merging.close()
        if self._smart is not None:
            await self._smart.close()
        await self._evaluator.stop()
        if self._workers_own:
            self._workers.close()
        if self._process_lock >= 0:
            os.close(self._process_lock)
            self._process_lock = -1

    def _take_root(self) -> None:
        self._process_lock = os.open(self._places.process_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._process_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GitError(f"another process serves the repositories in {self._places.root}") from None

    def listener(self, *, fallback: asgi.App = listener.nothing) -> asgi.App:
        """The app of the plain listener: Git addresses and archive links are ours, everything else is `fallback`'s."""
        archives = archive.Archives(
            hosting=self,
            resolve=self.resolve,
            signer=self.archives,
            git=self._git,
            patience=self._options.limits.patience,
            concurrent=self._options.limits.concurrent,
        )
        return listener.Listener(git=self._serve_git, archives=archives, fallback=fallback, ready=lambda: self._ready)

    def api(self) -> asgi.App:
        """The app below `/-/host/v1/`, which belongs on a TLS listener."""
        return HostAPI(self, self._gatekeeper, ready=lambda: self._ready)

    async def merge(self, order: MergeOrder, *, close: Close | None = None) -> MergeOutcome:
        """As `GitMerging.merge` says."""
        if not self._ready:
            raise HostUnavailable("the Git host is starting; try again in a moment")
        return await self._merging.merge(order, close=close)

    async def upkeep(self) -> tuple[RepositoryKey, ...]:
        """Purge what was retired 30 days ago and pack what grew; answers what was purged."""
        purged = await self.purge()
        for held in self.all():
            try:
                await self._workers.light(upkeep.clear, held.path, now=self._options.clock().timestamp())
                hold = functools.partial(self._locks.hold, held.settings.key, held.path)
                await upkeep.pack(self._git, held.path, hold=hold)
            except GitError:
                log.exception("repository not packed", repository=str(held.settings.key))
        return purged

    async def _serve_git(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        assert self._smart is not None  # noqa: S101 - the listener asks `ready` first
        await self._smart(scope, receive, send)
