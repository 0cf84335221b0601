"""What was wanted last: one row per composed object, one per composite's status, in `composites.sqlite`.

Only a better merge is at stake. Losing the file, or finding it broken, means that nothing is removed from objects until
they were applied once more; so a broken file is put aside and a new one begun.
"""

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from krate import logging
from krate_functions.composition import Object

STATUS: Final = ""
"""Name under which the status of a composite itself is kept."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS wanted (
    uid TEXT NOT NULL,  -- of the composite
    name TEXT NOT NULL, -- in the composition; empty for the composite's own status
    body TEXT NOT NULL, -- canonical JSON
    PRIMARY KEY (uid, name)
) WITHOUT ROWID
"""
_PUT: Final = "INSERT INTO wanted VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body"


class Remembered:
    """Remembers by composite and name. One process opens the file; calls take well under a millisecond.

    Args:
        path: the file; its folder exists.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._db = _open(path)
        except sqlite3.DatabaseError as failure:
            aside = path.with_name(f"{path.name}.broken")
            logging.get(component="composites").warning(
                "composites.sqlite broken", path=str(path), failure=str(failure)
            )
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            path.replace(aside)
            self._db = _open(path)

    def recall(self, uid: str, name: str = STATUS) -> dict[str, Any] | None:
        """What was wanted last; None when nobody remembers."""
        row = self._db.execute("SELECT body FROM wanted WHERE uid = ? AND name = ?", (uid, name)).fetchone()
        return json.loads(row[0]) if row else None

    def remember(self, uid: str, wanted: Mapping[str, Object]) -> None:
        """Keep what is wanted now, by name; a single transaction."""
        rows = [(uid, name, _canonical(body)) for name, body in wanted.items()]
        with self._db:
            self._db.executemany(_PUT, rows)

    def drop(self, uid: str, name: str) -> None:
        """Forget one object."""
        with self._db:
            self._db.execute("DELETE FROM wanted WHERE uid = ? AND name = ?", (uid, name))

    def forget(self, uid: str) -> None:
        """Forget a composite and everything it composed."""
        with self._db:
            self._db.execute("DELETE FROM wanted WHERE uid = ?", (uid,))

    def kinds(self, uid: str) -> set[tuple[str, str]]:
        """API version and kind of everything that a composite is known to have composed."""
        query = "SELECT DISTINCT body ->> 'apiVersion', body ->> 'kind' FROM wanted WHERE uid = ? AND name <> ?"
        return {(row[0], row[1]) for row in self._db.execute(query, (uid, STATUS)) if row[0] and row[1]}

    def composites(self) -> set[str]:
        """UIDs of every composite that something is remembered of."""
        return {row[0] for row in self._db.execute("SELECT DISTINCT uid FROM wanted")}

    def close(self) -> None:
        self._db.close()


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path)
    try:
        # A crash may lose the last writes and never breaks the file; nothing here is worth an fsync per reconcile.
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute(_SCHEMA)
        db.execute("SELECT count(*) FROM wanted")
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _canonical(body: Object) -> str:
    return json.dumps(body, sort_keys=True, separators=(",", ":"))
