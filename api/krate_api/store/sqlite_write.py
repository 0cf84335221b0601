"""Writes of the SQLite store: one batch inside a savepoint, every operation with its expectation."""

import json
import sqlite3
from collections.abc import Iterator

from krate_api.store import sqlite_read
from krate_api.store.encoding import respin
from krate_api.store.interface import (
    ABSENT,
    AnyValue,
    Append,
    Batch,
    Bump,
    ChangeType,
    Committed,
    Exists,
    Guard,
    Index,
    Key,
    Put,
    Record,
    Reindex,
    Remove,
    Stale,
    Stored,
    Trim,
    log_topic,
)


def run(connection: sqlite3.Connection, batch: Batch, now: float) -> tuple[Committed, set[str]]:
    """Run one batch; answers what it wrote and which resources changed.

    Raises:
        Stale: an expectation failed; the caller rolls back.
    """
    written: list[Stored] = []
    touched: set[str] = set()
    for operation in batch:
        match operation:
            case Put():
                written.append(_put(connection, operation, now))
                touched.add(operation.key.resource)
            case Remove():
                written.append(_remove(connection, operation, now))
                touched.add(operation.key.resource)
            case Guard():
                _guard(connection, operation)
            case Reindex():
                _reindex(connection, operation)
            case Bump():
                _bump(connection, operation)
            case Record():
                _record(connection, operation)
            case Append():
                connection.execute("INSERT INTO entries (log, value) VALUES (?, ?)", (operation.log, operation.value))
                touched.add(log_topic(operation.log))
            case Trim():
                connection.execute(
                    "DELETE FROM entries WHERE log = ? AND position <= ?", (operation.log, operation.upto)
                )
    return Committed(tuple(written)), touched


def _next(connection: sqlite3.Connection, resource: str) -> int:
    """The resource's next version; an empty list has one too, and the first object the next."""
    (version,) = connection.execute(
        "INSERT INTO counters (resource, version) VALUES (?, ?)"
        " ON CONFLICT (resource) DO UPDATE SET version = version + 1 RETURNING version",
        (resource, sqlite_read.version(connection, resource) + 1),
    ).fetchone()
    return version


_Before = tuple[int, bytes, str, str]


def _current(connection: sqlite3.Connection, key: Key) -> _Before | None:
    return connection.execute(
        "SELECT version, body, labels, fields FROM objects WHERE resource = ? AND namespace = ? AND name = ?",
        (key.resource, key.namespace, key.name),
    ).fetchone()


def _put(connection: sqlite3.Connection, put: Put, now: float) -> Stored:
    before = _current(connection, put.key)
    if put.expect == ABSENT and before is not None:
        raise Exists(put)
    if put.expect != ABSENT and (before is None or before[0] != put.expect):
        raise Stale(put)
    version = _next(connection, put.key.resource)
    body = put.draft.at(version)
    labels, fields = json.dumps(dict(put.index.labels)), json.dumps(dict(put.index.fields))
    connection.execute(
        "INSERT INTO objects (resource, namespace, name, version, body, labels, fields) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (resource, namespace, name) DO UPDATE SET version = excluded.version, body = excluded.body,"
        " labels = excluded.labels, fields = excluded.fields",
        (put.key.resource, put.key.namespace, put.key.name, version, body, labels, fields),
    )
    _index(connection, put.key, before, put.index)
    kind = ChangeType.ADDED if before is None else ChangeType.MODIFIED
    stored = Stored(put.key, version, body)
    _log(connection, stored, kind, after=(body, labels, fields), before=before, now=now)
    return stored


def _remove(connection: sqlite3.Connection, remove: Remove, now: float) -> Stored:
    before = _current(connection, remove.key)
    if before is None or before[0] != remove.expect:
        raise Stale(remove)
    version = _next(connection, remove.key.resource)
    key = remove.key
    connection.execute(
        "DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?", (key.resource, key.namespace, key.name)
    )
    _index(connection, key, before, Index())
    body = respin(before[1], version)
    stored = Stored(key, version, body)
    _log(connection, stored, ChangeType.DELETED, after=(body, before[2], before[3]), before=before, now=now)
    return stored


def _log(
    connection: sqlite3.Connection,
    row: Stored,
    kind: ChangeType,
    *,
    after: tuple[bytes, str, str],
    before: _Before | None,
    now: float,
) -> None:
    """A watcher may resume from any version handed out, so the log row stands in the object's own transaction."""
    earlier = before[1:] if before is not None else (None, None, None)
    connection.execute(
        "INSERT INTO changes (resource, version, type, namespace, name, body, labels, fields,"
        " before, before_labels, before_fields, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (row.key.resource, row.version, kind, row.key.namespace, row.key.name, *after, *earlier, now),
    )


def _pairs(index: Index) -> Iterator[str]:
    yield from (f"l:{key}={value}" for key, value in index.labels.items())
    yield from (f"f:{key}={value}" for key, value in index.fields.items())


def _index(connection: sqlite3.Connection, key: Key, before: _Before | None, after: Index) -> None:
    old = set(_pairs(Index(json.loads(before[2]), json.loads(before[3])))) if before else set[str]()
    new = set(_pairs(after))
    where = (key.namespace, key.name)
    connection.executemany(
        "DELETE FROM pairs WHERE resource = ? AND pair = ? AND namespace = ? AND name = ?",
        [(key.resource, pair, *where) for pair in sorted(old - new)],
    )
    connection.executemany(
        "INSERT INTO pairs (resource, pair, namespace, name) VALUES (?, ?, ?, ?)",
        [(key.resource, pair, *where) for pair in sorted(new - old)],
    )


def _reindex(connection: sqlite3.Connection, reindex: Reindex) -> None:
    key, before = reindex.key, _current(connection, reindex.key)
    if before is None or before[0] != reindex.expect:
        raise Stale(reindex)
    connection.execute(
        "UPDATE objects SET labels = ?, fields = ? WHERE resource = ? AND namespace = ? AND name = ?",
        (
            json.dumps(dict(reindex.index.labels)),
            json.dumps(dict(reindex.index.fields)),
            key.resource,
            key.namespace,
            key.name,
        ),
    )
    _index(connection, key, before, reindex.index)


def _guard(connection: sqlite3.Connection, guard: Guard) -> None:
    before = _current(connection, guard.key)
    if (before[0] if before else ABSENT) != guard.expect:
        raise Stale(guard)


def _bump(connection: sqlite3.Connection, bump: Bump) -> None:
    if bump.expect == 0:
        done = connection.execute(
            "INSERT INTO sequences (name, value) VALUES (?, 1) ON CONFLICT (name) DO NOTHING", (bump.sequence,)
        )
    else:
        done = connection.execute(
            "UPDATE sequences SET value = value + 1 WHERE name = ? AND value = ?", (bump.sequence, bump.expect)
        )
    if done.rowcount != 1:
        raise Stale(bump)


def _record(connection: sqlite3.Connection, record: Record) -> None:
    where = (record.bucket, record.key)
    if not isinstance(record.expect, AnyValue):
        row = connection.execute("SELECT value FROM records WHERE bucket = ? AND key = ?", where).fetchone()
        if (row[0] if row else None) != record.expect:
            raise Stale(record)
    if record.value is None:
        connection.execute("DELETE FROM records WHERE bucket = ? AND key = ?", where)
    else:
        connection.execute(
            "INSERT INTO records (bucket, key, value) VALUES (?, ?, ?)"
            " ON CONFLICT (bucket, key) DO UPDATE SET value = excluded.value",
            (*where, record.value),
        )


def compact(connection: sqlite3.Connection, resource: str, keep: int, before: float) -> int:
    """Advance the floor, persist it, then drop: nobody is served from rows that are about to go."""
    floor = sqlite_read.floor(connection, resource)
    (newest,) = connection.execute("SELECT max(version) FROM changes WHERE resource = ?", (resource,)).fetchone()
    if newest is None:
        return floor
    (limit,) = connection.execute(
        "SELECT max(version) FROM changes WHERE resource = ? AND version <= ? AND at < ?",
        (resource, newest - keep, before),
    ).fetchone()
    if limit is None or limit <= floor:
        return floor
    connection.execute(
        "INSERT INTO floors (resource, version) VALUES (?, ?)"
        " ON CONFLICT (resource) DO UPDATE SET version = excluded.version",
        (resource, limit),
    )
    connection.execute("DELETE FROM changes WHERE resource = ? AND version <= ?", (resource, limit))
    return limit
