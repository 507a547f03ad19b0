"""Retention 保存期限: rows that serve no more are deleted in small batches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, column, delete, literal_column, select, table
from sqlalchemy.orm import Session

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Keep:
    """How long the rows of a table are kept, counted from one of its columns."""

    table: str
    column: str
    life: timedelta


def purge(session: Session, keep: Keep, now: datetime) -> int:
    """Delete up to BATCH rows whose time is over; returns how many went."""
    rows = table(keep.table, column(keep.column))
    row_id: ColumnElement[str] = literal_column("ctid")
    old = select(row_id).select_from(rows).where(rows.c[keep.column] < now - keep.life).limit(BATCH)
    deleted = session.execute(delete(rows).where(row_id.in_(old)))
    return deleted.rowcount  # type: ignore[attr-defined, no-any-return]
