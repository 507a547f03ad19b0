"""Age of queues 队列积压: the oldest job that is due or being done, the oldest event nobody has handled, payments without an end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

log = structlog.get_logger(__name__)
OLD = timedelta(minutes=30)
_JOBS = text(
    "SELECT queue_name, count(*) FILTER (WHERE status = 'todo') AS waiting, min(coalesce(scheduled_at, :now)) AS oldest_at"
    " FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND coalesce(scheduled_at, :now) <= :now GROUP BY 1"
)
_ORDERS = text(
    "SELECT count(*) AS open, count(*) FILTER (WHERE state = 'unknown') AS unknown, min(updated_at) AS oldest_at"
    " FROM payment_instruction WHERE state IN ('ready', 'sending', 'accepted', 'unknown')"
    " AND coalesce(due_at, created_at) <= :now"
)


def age_queues(session: Session, now: datetime) -> dict[str, Any]:
    """Never holds the day: what is old is an alarm."""
    queues = {
        row.queue_name: {"waiting": row.waiting, "oldest_s": _age_s(row.oldest_at, now)}
        for row in session.execute(_JOBS, {"now": now})
    }
    orders = session.execute(_ORDERS, {"now": now}).one()
    payments = {"open": orders.open, "unknown": orders.unknown, "oldest_s": _age_s(orders.oldest_at, now)}
    late = [name for name, one in queues.items() if one["oldest_s"] > OLD.total_seconds()]
    if late:
        log.error("closing.queue_old", queues=late)
    return {"queues": queues, "payments": payments, "late": late}


def _age_s(at: datetime | None, now: datetime) -> int:
    return max(0, int((now - at).total_seconds())) if at else 0
