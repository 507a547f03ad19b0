"""Store 存放: the sandbox's memory in one SQLite file, so that a restart forgets nothing."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS item (space TEXT, name TEXT, value TEXT, PRIMARY KEY (space, name));
CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, space TEXT, name TEXT, at REAL, value TEXT);
CREATE INDEX IF NOT EXISTS entry_by_name ON entry (space, name, id);
"""


class Store:
    """Named values (`put`/`get`) and growing lists (`append`/`entries`), both by space and name."""

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")  # outlives a kill; only the machine's own end would hurt
        self._db.executescript(SCHEMA)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold everybody else off while a value is read and written back."""
        with self._lock:
            yield

    def put(self, space: str, name: str, value: Any) -> None:
        """Set one value."""
        with self._lock:
            self._db.execute(
                "INSERT INTO item VALUES (?,?,?) ON CONFLICT DO UPDATE SET value=excluded.value",
                (space, name, json.dumps(value, ensure_ascii=False)),
            )

    def get(self, space: str, name: str, default: Any = None) -> Any:
        """One value, or the default."""
        with self._lock:
            row = self._db.execute(
                "SELECT value FROM item WHERE space=? AND name=?", (space, name)
            ).fetchone()
        return json.loads(row[0]) if row else default

    def add_once(self, space: str, name: str, value: Any) -> bool:
        """Set a value only when there is none yet; tells whether it was set."""
        with self._lock:
            done = self._db.execute(
                "INSERT INTO item VALUES (?,?,?) ON CONFLICT DO NOTHING",
                (space, name, json.dumps(value, ensure_ascii=False)),
            )
        return done.rowcount == 1

    def delete(self, space: str, name: str) -> None:
        """Forget one value."""
        with self._lock:
            self._db.execute("DELETE FROM item WHERE space=? AND name=?", (space, name))

    def items(self, space: str) -> list[tuple[str, Any]]:
        """All values of a space, in the order they were first set."""
        with self._lock:
            rows = self._db.execute(
                "SELECT name, value FROM item WHERE space=? ORDER BY rowid", (space,)
            ).fetchall()
        return [(name, json.loads(value)) for name, value in rows]

    def append(self, space: str, name: str, value: Any) -> int:
        """Add to a list; returns the entry's number."""
        with self._lock:
            done = self._db.execute(
                "INSERT INTO entry (space, name, at, value) VALUES (?,?,?,?)",
                (space, name, time.time(), json.dumps(value, ensure_ascii=False)),
            )
        return int(done.lastrowid or 0)

    def entries(
        self, space: str, name: str | None = None, *, after: int = 0, limit: int = 200
    ) -> list[dict[str, Any]]:
        """The newest `limit` entries after a number, oldest first; each has `entry` (number) and `at`."""
        where, values = "space=? AND id>?", [space, after]
        if name is not None:
            where, values = where + " AND name=?", [*values, name]
        with self._lock:
            rows = self._db.execute(
                f"SELECT id, at, value FROM entry WHERE {where} ORDER BY id DESC LIMIT ?", [*values, limit]
            ).fetchall()
        return [{"entry": number, "at": at, **json.loads(value)} for number, at, value in reversed(rows)]

    def trim(self, space: str, keep: int) -> None:
        """Drop all but the newest `keep` entries of a space."""
        with self._lock:
            self._db.execute(
                "DELETE FROM entry WHERE space=? AND id <= (SELECT id FROM entry WHERE space=? "
                "ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (space, space, keep),
            )

    def clear(self, *spaces: str) -> None:
        """Forget whole spaces, values and lists."""
        with self._lock:
            for space in spaces:
                self._db.execute("DELETE FROM item WHERE space=?", (space,))
                self._db.execute("DELETE FROM entry WHERE space=?", (space,))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()
