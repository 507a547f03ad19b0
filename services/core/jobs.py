"""Jobs 后台任务: put into PostgreSQL by the caller's own transaction, so that work and its cause never part.

The queue is procrastinate's; its SQL function is called on the session's connection, which makes the job
invisible before commit and gone after a rollback (docs/adr/0002).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    Text,
    and_,
    cast,
    column,
    exists,
    select,
    table,
    text,
)
from sqlalchemy.orm import Session

from services.core.sql import Statement

_ADD = (
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(CAST(:queue AS varchar), CAST(:task AS varchar), CAST(:priority AS integer),"
    " CAST(:lock AS text), CAST(:queueing_lock AS text), CAST(:args AS jsonb),"
    " now() + make_interval(secs => CAST(:delay_s AS double precision)))::procrastinate_job_to_defer_v1])"
)
_DEFER = Statement(_ADD)
# The library's function with one clause more: a job that waits already is no fault, which would cost a savepoint.
_DEFER_ONCE = Statement(
    "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)"
    " VALUES (:queue, :task, :priority, :lock, :queueing_lock, CAST(:args AS jsonb),"
    " now() + make_interval(secs => CAST(:delay_s AS double precision)))"
    " ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING"
)
_CALL_OFF = Statement(
    "DELETE FROM procrastinate_jobs WHERE queueing_lock = CAST(:queueing_lock AS text) AND status = 'todo'"
)
_PLANNED = (text("'todo'"), text("'doing'"))
"""Each has an index of its own, and is asked for by itself."""
_JOBS = table("procrastinate_jobs", column("status"), column("queueing_lock"))


@dataclass(frozen=True, slots=True)
class Job:
    """A kind of work: its name, queue, what runs it, and how often a failure is tried again."""

    name: str
    queue: str
    run: Callable[..., None]
    retries: int = 10


def unplanned(lock: ColumnElement[str], subject_id: SQLColumnExpression[UUID]) -> ColumnElement[bool]:
    """Condition of a query: no job with the queueing lock `lock` + id waits, or is in a worker's hand.

    One in hand may stand before its call to somebody outside, or in the middle of it.
    """

    own = select(_JOBS.c.queueing_lock).where(_JOBS.c.queueing_lock == lock + cast(subject_id, Text))
    return and_(*(~exists(own.where(_JOBS.c.status == status)) for status in _PLANNED))


def defer(
    session: Session,
    job: str,
    queue: str,
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    delay_s: float | None = None,
    first: bool = False,
    urgent: bool = False,
    **args: Any,
) -> None:
    """Add a job to the session's transaction.

    Jobs of one `lock` run one after another; with a `queueing_lock` at most one job waits, and a second
    is silently not added, also when another transaction adds it at the same moment. `first` says that nobody else
    can know the `queueing_lock` yet. `delay_s` counts from now by the database's clock. What is `urgent` goes before
    everything that is not, however long that has waited: for what somebody sits and waits for.
    """
    values = {
        "queue": queue,
        "task": job,
        "priority": int(urgent),
        "lock": lock,
        "queueing_lock": queueing_lock,
        "args": json.dumps(args, default=str),
        "delay_s": delay_s or 0,
    }
    once = queueing_lock is not None and not first
    (_DEFER_ONCE if once else _DEFER).run(session, values)


def call_off(session: Session, queueing_lock: str) -> None:
    """Take back a job that waits and is not needed any more; one that is being done goes on.

    The queue is searched from its beginning each time a worker looks for a job: what waits for a later time there, for
    nothing, is passed over again and again.
    """
    _CALL_OFF.run(session, {"queueing_lock": queueing_lock})
