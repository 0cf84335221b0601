"""Seals what an older Krate or an older key left in a database, before anybody uses it, and wipes what was readable.

Rewriting a row leaves its old bytes in free pages and in the write-ahead log. So the file is built anew afterwards and
the log cut to nothing; a row says that this is still to be done, for the case that the process ends in between.
"""

import sqlite3
from collections.abc import Iterable
from typing import Final

from krate_api.store.interface import Key
from krate_api.store.keyring import Keyring
from krate_api.store.seals import Seals, sealed_by
from krate_api.store.sqlite_writer import transaction

_TODO: Final = ("store", "wipe")
_COLUMNS: Final = (("objects", "body"), ("changes", "body"), ("changes", "before"))


def migrate(connection: sqlite3.Connection, keyring: Keyring, resources: Iterable[str]) -> Seals:
    """Seal every row of `resources` with the newest key; answers the seals.

    Raises:
        KeysUnusable: rows are sealed with keys that are not there; nothing is changed.
    """
    resources = tuple(resources)
    used = {sealed_by(body) for resource in resources for body in _bodies(connection, resource)}
    seals = keyring.seals(found for found in used if found is not None)
    if used - {seals.newest}:
        with transaction(connection):
            for resource in resources:
                _rewrite(connection, seals, resource)
            connection.execute("INSERT OR REPLACE INTO records (bucket, key, value) VALUES (?, ?, x'')", _TODO)
    if connection.execute("SELECT 1 FROM records WHERE bucket = ? AND key = ?", _TODO).fetchone():
        _wipe(connection)
    return seals


def _bodies(connection: sqlite3.Connection, resource: str) -> Iterable[bytes]:
    for table, column in _COLUMNS:
        query = f"SELECT {column} FROM {table} WHERE resource = ? AND {column} IS NOT NULL"  # noqa: S608 - our own names
        for (body,) in connection.execute(query, (resource,)):
            yield body


def _rewrite(connection: sqlite3.Connection, seals: Seals, resource: str) -> None:
    """Seal what is not sealed, or not with the newest key."""
    for table, column in _COLUMNS:
        where = f"FROM {table} WHERE resource = ? AND {column} IS NOT NULL"
        rows = connection.execute(f"SELECT rowid {where}", (resource,)).fetchall()
        for (row,) in rows:
            query = f"SELECT namespace, name, {column} FROM {table} WHERE rowid = ?"  # noqa: S608 - our own names
            namespace, name, body = connection.execute(query, (row,)).fetchone()
            if sealed_by(body) != seals.newest:
                closed = seals.close(Key(resource, namespace, name), body)
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (closed, row))  # noqa: S608


def _wipe(connection: sqlite3.Connection) -> None:
    """Leave no byte of what rows were before: neither in free pages nor in the write-ahead log."""
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    connection.execute("DELETE FROM records WHERE bucket = ? AND key = ?", _TODO)
