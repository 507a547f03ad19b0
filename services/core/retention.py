"""Retention 保存期限: rows that serve no more are deleted in small batches, and every run leaves its proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Index,
    Integer,
    String,
    Uuid,
    column,
    delete,
    func,
    literal_column,
    select,
    table,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from services.core.clock import Clock
from services.core.db import Base, Sessions, transaction
from services.core.ids import new_id

BATCH, MOST_BATCHES = 1000, 200


class RetentionRun(Base):
    """Proof of one run: what went, by which date, and how old the oldest row left was. Written once."""

    __tablename__ = "retention_run"
    run_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    category: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    cutoff_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    gone: Mapped[int] = mapped_column(Integer)
    oldest_left_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    took_ms: Mapped[int] = mapped_column(Integer)
    __table_args__ = (Index("ix_retention_run_category", "category", "started_at"),)


@dataclass(frozen=True, slots=True)
class Standing:
    """How retention stands: the last proof of each category, what is wrong, and the age of the oldest face frame."""

    last: Mapping[str, RetentionRun | None]
    faults: Mapping[str, str]
    oldest_frame_s: float


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


def sweep(sessions: Sessions, clock: Clock, rule: Rule) -> RetentionRun:
    """Run a rule to its end, a transaction for each batch, and write the proof."""
    started_at = clock.now()
    cutoff = started_at - rule.life
    gone, batches = 0, 0
    while batches < MOST_BATCHES:
        with transaction(sessions) as session:
            removed = rule.purge(session, cutoff)
        gone, batches = gone + removed, batches + 1
        if removed < BATCH:
            break
    with transaction(sessions) as session:
        run = RetentionRun(
            run_id=new_id(),
            category=rule.category,
            started_at=started_at,
            cutoff_at=cutoff,
            gone=gone,
            oldest_left_at=rule.oldest(session),
            took_ms=round((clock.now() - started_at).total_seconds() * 1000),
        )
        session.add(run)
    return run


def last_runs(session: Session) -> dict[str, RetentionRun]:
    """The newest proof of every category."""
    newest = (
        select(RetentionRun)
        .ext(distinct_on(RetentionRun.category))
        .order_by(RetentionRun.category, RetentionRun.started_at.desc())
    )
    return {run.category: run for run in session.scalars(newest)}


def overdue(rule: Rule, last: RetentionRun | None, now: datetime, slack: timedelta) -> str | None:
    """What is wrong with a category, if anything: not run in time, or something older than allowed is left."""
    if last is None or now - last.started_at > rule.every + slack:
        return "not_run"
    if last.oldest_left_at is not None and now - last.oldest_left_at > rule.life + rule.every + slack:
        return "too_old"
    return None
