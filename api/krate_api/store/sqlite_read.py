"""Reads of the SQLite store: plain functions over a connection."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from krate.selectors import Selector
from krate_api.store import encoding
from krate_api.store.interface import Change, ChangeType, Compacted, Index, Key, Page, Stored


@dataclass(frozen=True, slots=True)
class Query:
    """Arguments of `Store.page`."""

    resource: str
    namespace: str
    labels: Selector
    fields: Selector
    limit: int
    after: tuple[str, str] | None
    at: int | None


def get(connection: sqlite3.Connection, key: Key) -> Stored | None:
    row = connection.execute(
        "SELECT version, body FROM objects WHERE resource = ? AND namespace = ? AND name = ?",
        (key.resource, key.namespace, key.name),
    ).fetchone()
    return Stored(key, row[0], row[1]) if row else None


def version(connection: sqlite3.Connection, resource: str) -> int:
    return _of(connection, "counters", resource, 1)


def floor(connection: sqlite3.Connection, resource: str) -> int:
    return _of(connection, "floors", resource, 0)


def _of(connection: sqlite3.Connection, table: str, resource: str, least: int) -> int:
    """A resource's row, else that of the resource without a name: where those that were never written stand."""
    row = connection.execute(
        f"SELECT version FROM {table} WHERE resource IN (?, '') ORDER BY resource DESC LIMIT 1",  # noqa: S608 - our tables
        (resource,),
    ).fetchone()
    return row[0] if row else least


def record(connection: sqlite3.Connection, bucket: str, key: str) -> bytes | None:
    row = connection.execute("SELECT value FROM records WHERE bucket = ? AND key = ?", (bucket, key)).fetchone()
    return row[0] if row else None


def records(connection: sqlite3.Connection, bucket: str, prefix: str) -> list[tuple[str, bytes]]:
    return connection.execute(
        "SELECT key, value FROM records WHERE bucket = ? AND substr(key, 1, ?) = ? ORDER BY key",
        (bucket, len(prefix), prefix),
    ).fetchall()


def sequence(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute("SELECT value FROM sequences WHERE name = ?", (name,)).fetchone()
    return row[0] if row else 0


def entries(connection: sqlite3.Connection, log: str, limit: int) -> list[tuple[int, bytes]]:
    return connection.execute(
        "SELECT position, value FROM entries WHERE log = ? ORDER BY position LIMIT ?", (log, limit)
    ).fetchall()


def changes(connection: sqlite3.Connection, resource: str, after: int, limit: int) -> list[Change]:
    low = floor(connection, resource)
    if after < low:
        raise Compacted(low)
    rows = connection.execute(
        "SELECT version, type, namespace, name, body, labels, fields, before, before_labels, before_fields"
        " FROM changes WHERE resource = ? AND version > ? ORDER BY version LIMIT ?",
        (resource, after, limit),
    )
    return [_change(resource, row) for row in rows]


def _change(resource: str, row: Sequence[object]) -> Change:
    number, kind, namespace, name, body, labels, fields, before, before_labels, before_fields = row
    earlier = Index(json.loads(str(before_labels)), json.loads(str(before_fields))) if before is not None else None
    return Change(
        Key(resource, str(namespace), str(name)),
        int(str(number)),
        ChangeType(str(kind)),
        body if isinstance(body, bytes) else b"",
        Index(json.loads(str(labels)), json.loads(str(fields))),
        before if isinstance(before, bytes) else None,
        earlier,
    )


def page(connection: sqlite3.Connection, query: Query) -> Page:
    """One page, from a read transaction so that rows and version belong together."""
    connection.execute("BEGIN")
    try:
        now = version(connection, query.resource)
        snapshot = now if query.at is None else query.at
        if query.at is not None and query.at < floor(connection, query.resource):
            raise Compacted(floor(connection, query.resource))
        rows = _current(connection, query) if snapshot >= now else _earlier(connection, query, snapshot)
        return _cut(connection, query, rows, snapshot, historical=snapshot < now)
    finally:
        connection.execute("COMMIT")


_Row = tuple[str, str, int, bytes, str, str]

MAX_JOINS: Final = 8
"""Terms of a selector that the index serves; SQLite joins at most 64 tables, and more would not narrow further."""


def _cut(
    connection: sqlite3.Connection, query: Query, rows: Iterator[_Row], snapshot: int, *, historical: bool
) -> Page:
    filtered = historical or not _Exact.of(query).covers
    items: list[Stored] = []
    more = False
    for namespace, name, number, body, labels, fields in rows:
        if filtered and not _matches(query, namespace, name, labels, fields):
            continue
        if query.limit and len(items) == query.limit:
            more = True
            break
        items.append(Stored(Key(query.resource, namespace, name), number, body))
    remaining = None
    if more and not query.labels and not query.fields:
        rest = replace(query, after=(items[-1].key.namespace, items[-1].key.name))
        remaining = _count_earlier(connection, rest, snapshot) if historical else _count(connection, rest)
    return Page(tuple(items), snapshot, more, remaining)


def _count(connection: sqlite3.Connection, query: Query) -> int:
    place, arguments = _place(query)
    (found,) = connection.execute(
        f"SELECT count(*) FROM objects WHERE resource = ?{place}",  # noqa: S608 - placeholders only
        [query.resource, *arguments],
    ).fetchone()
    return found


def _count_earlier(connection: sqlite3.Connection, query: Query, snapshot: int) -> int:
    rows, arguments = _earlier_rows(query, snapshot, ("namespace",))
    (found,) = connection.execute(f"SELECT count(*) FROM ({rows})", arguments).fetchone()  # noqa: S608 - placeholders only
    return found


def _matches(query: Query, namespace: str, name: str, labels: str, fields: str) -> bool:
    if query.labels and not query.labels.matches(json.loads(labels)):
        return False
    if not query.fields:
        return True
    values: Mapping[str, str] = {**json.loads(fields), "metadata.name": name, "metadata.namespace": namespace}
    return query.fields.matches(values)


@dataclass(frozen=True, slots=True)
class _Exact:
    """Pairs that the index can serve, and whether they are all that is asked."""

    pairs: tuple[str, ...]
    name: str | None
    covers: bool

    @classmethod
    def of(cls, query: Query) -> "_Exact":
        pairs: list[str] = []
        name: str | None = None
        covers = True
        for prefix, selector in (("l:", query.labels), ("f:", query.fields)):
            for requirement in selector.requirements:
                value = requirement.exact
                if requirement.key == "metadata.name" and prefix == "f:" and value is not None and name is None:
                    name = value
                elif requirement.key.startswith("metadata.") and prefix == "f:":
                    covers = False
                elif value is not None and len(pairs) < MAX_JOINS:
                    pairs.append(f"{prefix}{requirement.key}={value}")
                else:
                    covers = False
        return cls(tuple(pairs), name, covers)


def _current(connection: sqlite3.Connection, query: Query) -> Iterator[_Row]:
    exact = _Exact.of(query)
    matched = "'', ''" if exact.covers else "o.labels, o.fields"  # what the index has matched need not be read
    where, arguments = ["o.resource = ?"], [query.resource]
    joins = ""
    for number in range(len(exact.pairs)):
        joins += (
            f" JOIN pairs p{number} ON p{number}.resource = o.resource AND p{number}.pair = ?"
            f" AND p{number}.namespace = o.namespace AND p{number}.name = o.name"
        )
    arguments = [*exact.pairs, *arguments]
    if query.namespace:
        where.append("o.namespace = ?")
        arguments.append(query.namespace)
    if exact.name is not None:
        where.append("o.name = ?")
        arguments.append(exact.name)
    if query.after is not None:
        where.append("(o.namespace, o.name) > (?, ?)")
        arguments.extend(query.after)
    return connection.execute(
        f"SELECT o.namespace, o.name, o.version, o.body, {matched} FROM objects o{joins}"  # noqa: S608 - placeholders only
        f" WHERE {' AND '.join(where)} ORDER BY o.namespace, o.name",
        arguments,
    )


def _earlier(connection: sqlite3.Connection, query: Query, snapshot: int) -> Iterator[_Row]:
    """State at `snapshot`: rows unchanged since, and for every key changed since the state before its first change.

    Selectors are not applied here: the index knows the present only.
    """
    rows, arguments = _earlier_rows(query, snapshot, ("namespace", "name", "body", "labels", "fields"))
    for namespace, name, body, labels, fields in connection.execute(f"{rows} ORDER BY namespace, name", arguments):
        yield namespace, name, encoding.version(body), body, labels, fields


_BEFORE: Final = {"body": "before", "labels": "before_labels", "fields": "before_fields"}
"""Where the change log keeps what an object was."""


def _earlier_rows(query: Query, snapshot: int, columns: Sequence[str]) -> tuple[str, list[str | int]]:
    place, where = _place(query)
    arguments = [query.resource, snapshot, *where]
    then = ", ".join(f"c.{_BEFORE.get(column, column)}" for column in columns)
    rows = (
        f"SELECT {', '.join(columns)} FROM objects WHERE resource = ? AND version <= ?{place}"  # noqa: S608 - placeholders only
        f" UNION ALL SELECT {then} FROM changes c JOIN ("
        " SELECT min(version) AS version FROM changes"
        f" WHERE resource = ? AND version > ?{place} GROUP BY namespace, name"
        " ) f ON c.version = f.version WHERE c.resource = ? AND c.before IS NOT NULL"
    )
    return rows, [*arguments, *arguments, query.resource]


def _place(query: Query) -> tuple[str, list[str]]:
    """The condition of a query's namespace and of where its page begins."""
    place = ""
    arguments: list[str] = []
    if query.namespace:
        place += " AND namespace = ?"
        arguments.append(query.namespace)
    if query.after is not None:
        place += " AND (namespace, name) > (?, ?)"
        arguments.extend(query.after)
    return place, arguments
