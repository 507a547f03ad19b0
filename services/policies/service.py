"""Reading and seeding policy figures 读取与初始化政策参数."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from threading import Lock
from time import monotonic

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.policies.models import PolicyValue
from services.policies.rules import Figure, Policy, policy_on

_FRESH_SECONDS = 30


class PolicyBook:
    """Figures of a day, read from the database and remembered for half a minute."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._read_at = -1e9
        self._figures: list[Figure] = []
        self._days: dict[date, Policy] = {}

    def on(self, session: Session, day: date) -> Policy:
        """The policy in force on `day`."""
        with self._lock:
            self._refresh(session)
            if day not in self._days:
                self._days[day] = policy_on(day, self._figures)
            return self._days[day]

    def history(self, session: Session, key: str) -> tuple[Figure, ...]:
        """Every value of one figure, oldest first; for what runs over days, such as interest."""
        with self._lock:
            self._refresh(session)
            found = [figure for figure in self._figures if figure.key == key]
        return tuple(sorted(found, key=lambda figure: figure.effective_from))

    def assumed(self, session: Session, day: date) -> frozenset[str]:
        """Names of the figures of a day that no text was found for."""
        with self._lock:
            self._refresh(session)
            figures = sorted(self._figures, key=lambda figure: figure.effective_from)
        trust = {figure.key: figure.trust for figure in figures if figure.effective_from <= day}
        return frozenset(key for key, word in trust.items() if word == "assumed")

    def _refresh(self, session: Session) -> None:
        if monotonic() - self._read_at > _FRESH_SECONDS:
            self._figures = _read(session)
            self._days.clear()
            self._read_at = monotonic()


def _read(session: Session) -> list[Figure]:
    rows = session.execute(
        select(PolicyValue.key, PolicyValue.effective_from, PolicyValue.value, PolicyValue.trust)
    )
    return [Figure(row.key, row.effective_from, row.value, row.trust) for row in rows]


def seed_policies(session: Session, folder: Path) -> int:
    """Insert the figures of `folder`/*.toml that the table lacks; existing rows stay as they are."""
    rows = [row for path in sorted(folder.glob("*.toml")) for row in _rows(path)]
    statement = insert(PolicyValue).on_conflict_do_nothing()
    session.execute(statement, rows)
    return len(rows)


def shipped_figures(folder: Path) -> list[Figure]:
    """Every figure of `folder`/*.toml, as data; without a database."""
    rows = [row for path in sorted(folder.glob("*.toml")) for row in _rows(path)]
    return [Figure(str(row["key"]), row["effective_from"], row["value"]) for row in rows]  # type: ignore[arg-type]


def _rows(path: Path) -> list[dict[str, object]]:
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return [
        {
            "key": figure["key"],
            "effective_from": figure.get("from", document["from"]),
            "value": figure["value"],
            "source": figure["source"],
            "trust": figure.get("trust", "secondary"),
        }
        for figure in document["figure"]
    ]
