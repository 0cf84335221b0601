"""Kills, full disks, foreign databases and closed stores: an error, never a lie and never half a batch."""

import asyncio
import contextlib
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

import store_child
import store_rooms
from krate_api.store import sqlite
from krate_api.store.interface import ForeignDatabase, Store, StoreError, Unavailable
from store_rooms import OTHER, RESOURCE, Engine, SQLiteEngine, key, put

CHILD = Path(store_child.__file__)


@contextlib.asynccontextmanager
async def child(action: str, engine: Engine, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of its own that works on the engine's database."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        os.fspath(CHILD),
        action,
        type(engine).__name__,
        os.fspath(folder),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.fspath(CHILD.parent)},
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def output(process: asyncio.subprocess.Process) -> list[str]:
    """What the process has printed and will print, a line each."""
    assert process.stdout is not None
    return (await process.stdout.read()).decode().splitlines()


@pytest.mark.parametrize("acknowledged", [1, 40, 200])
async def test_kill_loses_no_acknowledged_write(engine: Engine, tmp_path: Path, acknowledged: int) -> None:
    """After kill -9 every write that was acknowledged is there, batches are whole, and versions go on from there."""
    async with child("flood", engine, tmp_path) as process:
        assert process.stdout is not None
        told = [(await process.stdout.readline()).decode().strip() for _ in range(acknowledged)]
        process.kill()
        told += await output(process)
    store = engine.open()
    try:
        widgets, gadgets = await store_rooms.names_of(store), await store_rooms.names_of(store, OTHER)
        assert {f"acme/{name}" for name in told if name} <= set(widgets)
        assert widgets == gadgets
        assert sum(store.sequence(f"writer-{number}") for number in range(store_child.WRITERS)) == len(widgets)
        versions = [change.version for change in store.changes(RESOURCE, 0, 1_000_000)]
        assert versions == list(range(2, len(widgets) + 2))
        (stored,) = (await store.commit([put("afterwards")])).objects
        assert stored.version == len(widgets) + 2
    finally:
        await store.close()


async def test_full_disk(engine: Engine, tmp_path: Path) -> None:
    """A write that finds no room answers Unavailable and leaves nothing; with room again writing goes on."""
    async with child("full", engine, tmp_path) as process:
        lines = await output(process)
    assert lines == [*["Unavailable"] * 6, "version 2", "acme/after acme/before"]


async def test_reopened_store_holds_everything(engine: Engine) -> None:
    """Closing and opening again changes nothing that can be read."""
    store = engine.open()
    await store.commit([put(labels={"a": "b"}, fields={"spec.x": "1"}), put("x", resource=OTHER)])
    await store.commit([put(expect=2)])
    before = await store_rooms.everything(store)
    await store.close()
    again = engine.open()
    assert await store_rooms.everything(again) == before
    await again.close()


async def test_closed_store_answers(store: Store, engine: Engine) -> None:
    """A commit to a store that was closed fails at once instead of waiting for ever."""
    second = engine.open()
    await second.close()
    with pytest.raises(Unavailable):
        await asyncio.wait_for(second.commit([put()]), 5)
    with pytest.raises(Unavailable):
        await asyncio.wait_for(second.compact(RESOURCE, keep=0, before=0), 5)


async def test_close_finishes_what_was_handed_over(engine: Engine) -> None:
    """Batches handed over before `close` are written and answered."""
    store = engine.open()
    waiting = [asyncio.create_task(store.commit([put(f"n{number:03}")])) for number in range(100)]
    await asyncio.sleep(0)
    await store.close()
    assert len(await asyncio.gather(*waiting)) == 100
    again = engine.open()
    assert len(await store_rooms.names_of(again)) == 100
    await again.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where SQLite's database stands."""
    return SQLiteEngine(tmp_path).file


def _someone_elses(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.executescript("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1);")


def _newer(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA application_id = {sqlite.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {sqlite.SCHEMA_VERSION + 1}")
        connection.executescript("CREATE TABLE objects (of_a_newer_krate);")


def _no_database(file: Path) -> None:
    file.write_bytes(b"this is no database, it is a letter" * 100)


def _folder(file: Path) -> None:
    file.mkdir()


FOREIGN: tuple[tuple[Callable[[Path], None], type[StoreError]], ...] = (
    (_someone_elses, ForeignDatabase),
    (_newer, ForeignDatabase),
    (_no_database, Unavailable),
    (_folder, Unavailable),
)


@pytest.mark.parametrize(("make", "error"), FOREIGN, ids=["other application", "newer Krate", "no database", "folder"])
def test_foreign_database_is_left_alone(file: Path, make: Callable[[Path], None], error: type[StoreError]) -> None:
    """A database that is not ours is refused with nothing written into it or beside it."""
    make(file)
    before = file.read_bytes() if file.is_file() else b""
    with pytest.raises(error):
        sqlite.open_store(file)
    assert (file.read_bytes() if file.is_file() else b"") == before
    assert list(file.parent.iterdir()) == [file]


def test_missing_folder(tmp_path: Path) -> None:
    """A database in a folder that does not exist cannot be opened."""
    with pytest.raises(Unavailable):
        sqlite.open_store(tmp_path / "nowhere" / "krate.sqlite")


async def test_locked_database_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process holds the write lock too long, writes answer Unavailable; reads go on; then writes do."""
    monkeypatch.setattr(sqlite, "BUSY_MS", 50)
    engine = SQLiteEngine(tmp_path)
    store = engine.open()
    await store.commit([put()])
    with contextlib.closing(sqlite3.connect(engine.file, isolation_level=None)) as intruder:
        intruder.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            await store.commit([put("b")])
        assert await store.get(key()) is not None
        intruder.execute("ROLLBACK")
    await store.commit([put("b")])
    assert await store_rooms.names_of(store) == ["acme/a", "acme/b"]
    await store.close()


def modes(folder: Path) -> dict[str, str]:
    return {file.name: oct(file.stat().st_mode & 0o777) for file in folder.iterdir()}


async def test_files_are_private(tmp_path: Path) -> None:
    """Only the owner can read the database and what SQLite keeps beside it: it holds Secrets and password hashes."""
    engine = SQLiteEngine(tmp_path)
    store = engine.open()
    await store.commit([put()])
    found = modes(tmp_path)
    await store.close()
    assert found == dict.fromkeys(("krate.sqlite", "krate.sqlite-shm", "krate.sqlite-wal"), "0o600")
