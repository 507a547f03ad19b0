"""Retention 保存期限: rows that serve no more are deleted in small batches, and every run leaves its proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    DateTime,
    Index,
    Integer,
    String,
    Uuid,
    select,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.core.clock import Clock
from services.core.db import Base, Sessions, transaction
from services.core.ids import new_id
from services.core.retention_rules import BATCH, Rule

MOST_BATCHES = 200


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
