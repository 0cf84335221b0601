"""The one writer of the SQLite store: a thread that commits groups of batches with one flush each.

A batch that fails, for whatever reason, is rolled back to its savepoint without hurting its neighbours; only a database
that lost the whole transaction fails them all. A caller that goes away does not stop its batch: what was handed over is
either written or answered with an error.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Generator
from typing import Final, TypeVar

from krate_api.store import sqlite_write
from krate_api.store.interface import Batch, Committed, Hint, Unavailable

T = TypeVar("T")

GROUP: Final = 64
"""Most batches in one transaction."""

Maintenance = Callable[[sqlite3.Connection], None]


class _Job:
    """One batch on its way through the writer thread."""

    __slots__ = ("batch", "error", "future", "loop", "result", "touched")

    def __init__(self, batch: Batch, loop: asyncio.AbstractEventLoop) -> None:
        self.batch = batch
        self.loop = loop
        self.future: asyncio.Future[Committed] = loop.create_future()
        self.result: Committed | None = None
        self.error: Exception | None = None
        self.touched: set[str] = set()

    def settle(self) -> None:
        if self.future.cancelled():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        elif self.result is not None:
            self.future.set_result(self.result)


class Writer:
    """Owns the writing connection and its thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.hints: dict[str, list[Hint]] = {}
        self._closed = False
        self._connection = connection
        self._jobs: queue.SimpleQueue[_Job | Maintenance | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="krate-write", daemon=True)
        self._thread.start()

    async def commit(self, batch: Batch) -> Committed:
        job = _Job(batch, asyncio.get_running_loop())
        self._hand_over(job)
        return await asyncio.shield(job.future)

    async def work(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run maintenance in the writer thread, in a transaction of its own."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def run(connection: sqlite3.Connection) -> None:
            try:
                with available(), transaction(connection):
                    result = work(connection)
            except Exception as error:  # noqa: BLE001 - handed to the caller
                loop.call_soon_threadsafe(_fail, future, error)
            else:
                loop.call_soon_threadsafe(_settle, future, result)

        self._hand_over(run)
        return await future

    def _hand_over(self, work: "_Job | Maintenance") -> None:
        if self._closed:
            raise Unavailable("the store is closed")
        self._jobs.put(work)

    async def close(self) -> None:
        """Finish what was handed over, then end the thread."""
        self._closed = True
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        self._connection.close()

    def _run(self) -> None:
        waiting: _Job | Maintenance | _Nothing | None = _Nothing()
        while waiting is not None:
            if isinstance(waiting, _Nothing):
                waiting = self._jobs.get()
            elif isinstance(waiting, _Job):
                group, waiting = self._group(waiting)
                self._write(group)
            else:
                waiting(self._connection)
                waiting = _Nothing()

    def _group(self, first: _Job) -> "tuple[list[_Job], _Job | Maintenance | _Nothing | None]":
        """The batches that wait right now, and what came after them that is no batch."""
        group = [first]
        while len(group) < GROUP:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return group, _Nothing()
            if not isinstance(job, _Job):
                return group, job
            group.append(job)
        return group, _Nothing()

    def _write(self, group: list[_Job]) -> None:
        now = time.time()
        try:
            with available(), transaction(self._connection):
                for job in group:
                    _run_job(self._connection, job, now)
        except Exception as error:  # noqa: BLE001 - every waiting caller must learn it
            for job in group:
                job.result, job.error, job.touched = None, error, set()
        touched = {resource for job in group for resource in job.touched}
        for loop in {job.loop for job in group}:
            with contextlib.suppress(RuntimeError):  # the loop closed while we wrote
                loop.call_soon_threadsafe(self._deliver, [job for job in group if job.loop is loop], touched)

    def _deliver(self, group: list[_Job], touched: set[str]) -> None:
        """Hints first: whoever has the answer to a write finds that every index and feed has taken it in."""
        for hint in [hint for resource in touched for hint in self.hints.get(resource, ())]:
            try:
                hint()
            except Exception as error:  # noqa: BLE001 - somebody's index is no reason to leave writers without an answer
                context = {"message": "a hint of the store failed", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)
        for job in group:
            job.settle()


class _Nothing:
    """The queue was empty."""


def _run_job(connection: sqlite3.Connection, job: _Job, now: float) -> None:
    """Run one batch in its savepoint.

    Raises:
        Unavailable: the database gave up the transaction around it.
    """
    connection.execute("SAVEPOINT batch")
    try:
        with available():
            job.result, job.touched = sqlite_write.run(connection, job.batch, now)
    except Exception as error:
        if not connection.in_transaction:  # SQLite rolls everything back by itself when the disk is full or broken
            raise
        job.error = error
        connection.execute("ROLLBACK TO batch")
    connection.execute("RELEASE batch")


def _settle(future: asyncio.Future[T], result: T) -> None:
    if not future.cancelled():
        future.set_result(result)


def _fail(future: asyncio.Future[T], error: Exception) -> None:
    if not future.cancelled():
        future.set_exception(error)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Generator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def available() -> Generator[None]:
    """Turn the driver's errors into Unavailable; the text never holds data."""
    try:
        yield
    except sqlite3.Error as error:
        raise Unavailable(f"the database does not answer: {error}") from error
