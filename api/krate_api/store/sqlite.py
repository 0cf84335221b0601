"""The store on SQLite, for embedded mode: the standard library's driver, so that `krate up` starts fast.

One writer thread (`sqlite_writer`) owns the writing connection. Point reads happen on the event loop (microseconds, and
WAL readers never wait for the writer); lists in a small pool of reader threads.
"""

import asyncio
import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from krate.selectors import EVERYTHING, Selector
from krate_api.store import sqlite_read, sqlite_write
from krate_api.store.interface import Batch, Change, Committed, ForeignDatabase, Hint, Key, Page, Stored, Unavailable
from krate_api.store.keyring import Keyring
from krate_api.store.sealed import SealedStore
from krate_api.store.seals import Seals
from krate_api.store.sqlite_seals import migrate
from krate_api.store.sqlite_writer import Writer, available

T = TypeVar("T")

APPLICATION_ID: Final = 0x4B524154
"""`KRAT`: PRAGMA application_id of our databases."""
SCHEMA_VERSION: Final = 2
"""2: some bodies are sealed, which a Krate that knows 1 could not read."""
BUSY_MS: Final = 5000

SCHEMA: Final = """
CREATE TABLE objects (
    resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    version INTEGER NOT NULL, body BLOB NOT NULL, labels TEXT NOT NULL, fields TEXT NOT NULL,
    PRIMARY KEY (resource, namespace, name)
);
CREATE TABLE pairs (
    resource TEXT NOT NULL, pair TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY (resource, pair, namespace, name)
) WITHOUT ROWID;
CREATE TABLE changes (
    resource TEXT NOT NULL, version INTEGER NOT NULL, type TEXT NOT NULL,
    namespace TEXT NOT NULL, name TEXT NOT NULL,
    body BLOB NOT NULL, labels TEXT NOT NULL, fields TEXT NOT NULL,
    before BLOB, before_labels TEXT, before_fields TEXT, at REAL NOT NULL,
    PRIMARY KEY (resource, version)
);
CREATE INDEX changes_by_key ON changes (resource, namespace, name, version);
CREATE TABLE counters (resource TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE floors (resource TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE sequences (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE records (bucket TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (bucket, key))
    WITHOUT ROWID;
CREATE TABLE entries (position INTEGER PRIMARY KEY AUTOINCREMENT, log TEXT NOT NULL, value BLOB NOT NULL);
CREATE INDEX entries_by_log ON entries (log, position);
"""

_BEGIN: Final = "INSERT INTO counters VALUES ('', {start}); INSERT INTO floors VALUES ('', {start});"
"""Rows of no resource hold for those that have none (`sqlite_read`)."""


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    return connection


def _prepare(connection: sqlite3.Connection, start: int) -> None:
    """Create the schema in an empty database, or check that it is ours.

    Args:
        connection: the database.
        start: where resources of a new database stand, earlier versions being gone; 0 leaves nothing out.

    Raises:
        ForeignDatabase: it belongs to another application, or to a newer Krate.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and application != APPLICATION_ID:
        raise ForeignDatabase("the database belongs to another application")
    if version > SCHEMA_VERSION:
        raise ForeignDatabase(f"the database has schema {version}, this Krate knows up to {SCHEMA_VERSION}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if not tables:
        mine = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION};"
        connection.executescript(f"BEGIN; {mine}{SCHEMA}{_BEGIN.format(start=start) if start else ''}COMMIT;")
    elif version < SCHEMA_VERSION:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


class SQLiteStore:
    """A `Store` in one SQLite file. Build it with `open_store` and close it."""

    def __init__(
        self, path: Path, prepare: Callable[[sqlite3.Connection], object] | None = None, *, start: int = 0
    ) -> None:
        """Open the database.

        Args:
            path: the file.
            prepare: is run on the writing connection before anybody else sees the database.
            start: where resources of a new database stand.
        """
        self._path = path
        connection = _connect(path)
        try:
            _prepare(connection, start)
            if prepare is not None:
                prepare(connection)
            self._reader = _connect(path)
        except BaseException:
            connection.close()
            raise
        self._writer = Writer(connection)
        self._local = threading.local()
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="krate-read")

    # ------------------------------------------------------------------ reads

    async def get(self, key: Key) -> Stored | None:
        with available():
            return sqlite_read.get(self._reader, key)

    async def page(
        self,
        resource: str,
        *,
        namespace: str = "",
        labels: Selector = EVERYTHING,
        fields: Selector = EVERYTHING,
        limit: int = 0,
        after: tuple[str, str] | None = None,
        at: int | None = None,
    ) -> Page:
        query = sqlite_read.Query(resource, namespace, labels, fields, limit, after, at)
        return await self._read(lambda connection: sqlite_read.page(connection, query))

    def version(self, resource: str) -> int:
        with available():
            return sqlite_read.version(self._reader, resource)

    def changes(self, resource: str, after: int, limit: int = 1000) -> Sequence[Change]:
        with available():
            return sqlite_read.changes(self._reader, resource, after, limit)

    def record(self, bucket: str, key: str) -> bytes | None:
        with available():
            return sqlite_read.record(self._reader, bucket, key)

    async def records(self, bucket: str, *, prefix: str = "") -> Sequence[tuple[str, bytes]]:
        return await self._read(lambda connection: sqlite_read.records(connection, bucket, prefix))

    def sequence(self, name: str) -> int:
        with available():
            return sqlite_read.sequence(self._reader, name)

    async def entries(self, log: str, *, limit: int = 1000) -> Sequence[tuple[int, bytes]]:
        return await self._read(lambda connection: sqlite_read.entries(connection, log, limit))

    async def ping(self) -> None:
        with available():
            self._reader.execute("SELECT 1").fetchone()

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def run() -> T:
            connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = _connect(self._path)
            with available():
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._pool, run)

    # ------------------------------------------------------------------ writes

    async def commit(self, batch: Batch) -> Committed:
        return await self._writer.commit(batch)

    async def compact(self, resource: str, *, keep: int, before: float) -> int:
        return await self._writer.work(lambda connection: sqlite_write.compact(connection, resource, keep, before))

    def listen(self, resource: str, hint: Hint) -> None:
        self._writer.hints.setdefault(resource, []).append(hint)

    async def close(self) -> None:
        await self._writer.close()
        self._pool.shutdown(wait=True)
        self._reader.close()


def open_store(path: Path) -> SQLiteStore:
    """Open or create the database file at `path`.

    Raises:
        ForeignDatabase: the file is another application's, or a newer Krate's.
        Unavailable: the file cannot be opened or written.
    """
    _create(path)
    with available():
        return SQLiteStore(path)


def open_sealed(path: Path, keyring: Keyring, resources: frozenset[str], *, start: int = 0) -> SealedStore:
    """The same with `resources` kept secret, those too that an older Krate left readable.

    Args:
        path: the file.
        keyring: keys to seal with.
        resources: what is kept secret.
        start: where resources of a new database stand, earlier versions being gone.

    Raises:
        ForeignDatabase: the file is another application's, or a newer Krate's.
        KeysUnusable: it was sealed with keys that are not there.
        Unavailable: the file cannot be opened or written.
    """
    _create(path)
    found: list[Seals] = []
    with available():
        store = SQLiteStore(path, lambda connection: found.append(migrate(connection, keyring, resources)), start=start)
    return SealedStore(store, found[0], resources)


def _create(path: Path) -> None:
    try:
        # SQLite gives what it keeps beside the file the file's own mode: Secrets stand in all three.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise Unavailable(f"the database cannot be created: {error.strerror}") from error
