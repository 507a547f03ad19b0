"""Rules of retention 保存规则: which rows or columns end, after how long, and how they go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    column,
    delete,
    func,
    literal_column,
    select,
    table,
    tuple_,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

BATCH = 1000


class Rule(Protocol):
    """A category of rows that end: how long they are kept, how they go, and how old the oldest is."""

    @property
    def category(self) -> str:
        """Name of the category in the proofs."""

    @property
    def life(self) -> timedelta:
        """How long a row is kept."""

    @property
    def every(self) -> timedelta:
        """How often the rule runs."""

    def purge(self, session: Session, cutoff: datetime) -> int:
        """Remove up to BATCH rows older than the cutoff; returns how many went."""

    def oldest(self, session: Session) -> datetime | None:
        """Instant of the oldest row left."""


@dataclass(frozen=True, slots=True)
class Keep:
    """The rule of a table whose rows are deleted, counted from one of its columns."""

    table: str
    column: str
    life: timedelta
    every: timedelta = timedelta(hours=1)

    @property
    def category(self) -> str:
        """The table's name."""
        return self.table

    def purge(self, session: Session, cutoff: datetime) -> int:
        """Delete up to BATCH rows older than the cutoff."""
        rows = table(self.table, column(self.column))
        row_id: ColumnElement[str] = literal_column("ctid")
        old = select(row_id).select_from(rows).where(rows.c[self.column] < cutoff).limit(BATCH)
        deleted = session.execute(delete(rows).where(row_id.in_(old)))
        return deleted.rowcount  # type: ignore[attr-defined, no-any-return]

    def oldest(self, session: Session) -> datetime | None:
        """The smallest value of the column."""
        rows = table(self.table, column(self.column))
        oldest: datetime | None = session.scalar(select(func.min(rows.c[self.column])))
        return oldest


@dataclass(frozen=True, slots=True)
class Forget:
    """The rule of columns that are emptied while their row stays.

    `key` are the table's keys, `since` its instant that counts, `kept` says which rows still hold something, and
    `empties` names the columns that go.
    """

    category: str
    key: tuple[InstrumentedAttribute[Any], ...]
    since: InstrumentedAttribute[datetime]
    kept: ColumnElement[bool]
    empties: tuple[str, ...]
    life: timedelta
    every: timedelta = timedelta(hours=1)

    def purge(self, session: Session, cutoff: datetime) -> int:
        """Empty up to BATCH rows older than the cutoff; what somebody works on comes another time."""
        old = select(*self.key).where(self.kept, self.since < cutoff).limit(BATCH)
        rows = session.execute(old.with_for_update(skip_locked=True)).all()
        these = update(self.since.class_).where(tuple_(*self.key).in_([tuple(row) for row in rows]))
        session.execute(these.values(dict.fromkeys(self.empties)))
        return len(rows)

    def oldest(self, session: Session) -> datetime | None:
        """Instant of the oldest row that still holds something."""
        oldest: datetime | None = session.scalar(select(func.min(self.since)).where(self.kept))
        return oldest
