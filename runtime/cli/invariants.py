"""Invariants 不变量: counts the rows of every `invariant_*` view."""

from __future__ import annotations

from sqlalchemy import func, select, table, text
from sqlalchemy.orm import Session

from services.core.db import Sessions, transaction

_VIEWS = text("SELECT viewname FROM pg_views WHERE viewname LIKE 'invariant\\_%' ORDER BY viewname")


def count_violations(sessions: Sessions) -> dict[str, int]:
    """Violations by invariant; all are zero when the books are right."""
    with transaction(sessions) as session:
        session.execute(text("SET LOCAL statement_timeout = '300s'"))
        names = session.scalars(_VIEWS).all()
        return {name.removeprefix("invariant_"): _count(session, name) for name in names}


def _count(session: Session, view: str) -> int:
    statement = select(func.count()).select_from(table(view))
    return session.scalar(statement) or 0
