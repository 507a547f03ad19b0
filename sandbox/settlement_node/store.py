"""The node's memory 节点存储: one SQLite file that survives restarts and kills."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = (Path(__file__).parent / "schema.sql").read_text(encoding="utf-8")
KEPT_MESSAGES = 20000


class Store:
    """Serialises every thread on one connection; `tx()` nests. No other process writes: named values are read once."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._depth = 0
        self._state: dict[str, str | None] = {}
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")  # outlives a kill; only the machine's own end would hurt
        self._db.executescript(SCHEMA)

    @contextmanager
    def tx(self) -> Iterator[None]:
        """All or nothing, with everyone else waiting."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._db.execute("ROLLBACK")
                    self._state.clear()
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")

    def run(self, sql: str, *values: Any) -> int:
        """Execute; the row id of an insert."""
        with self._lock:
            return self._db.execute(sql, values).lastrowid or 0

    def insert(self, table: str, **values: Any) -> int:
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        return self.run(f"INSERT INTO {table} ({names}) VALUES ({marks})", *values.values())

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._db.execute(sql, values).fetchall()]

    def row(self, sql: str, *values: Any) -> dict[str, Any] | None:
        found = self.rows(sql, *values)
        return found[0] if found else None

    def get(self, key: str, default: Any = None) -> Any:
        with self._lock:
            if key not in self._state:
                found = self.row("SELECT value FROM state WHERE key = ?", key)
                self._state[key] = found["value"] if found else None
            kept = self._state[key]
        return default if kept is None else json.loads(kept)

    def put(self, key: str, value: Any) -> None:
        words = json.dumps(value)
        with self._lock:
            self.run("INSERT OR REPLACE INTO state (key, value) VALUES (?, ?)", key, words)
            self._state[key] = words

    def count(self, key: str) -> int:
        """The next number of a counter."""
        with self.tx():
            number = int(self.get(key, 0)) + 1
            self.put(key, number)
        return number

    def note(self, at: str, port: str, direction: str, tx_code: str, seq_no: str, note: str) -> None:
        """Log a message; only the newest are kept."""
        number = self.insert(
            "messages", at=at, port=port, direction=direction, tx_code=tx_code, seq_no=seq_no, note=note
        )
        if number % 1000 == 0:
            self.run("DELETE FROM messages WHERE id <= ?", number - KEPT_MESSAGES)

    def close(self) -> None:
        with self._lock:
            self._db.close()
