"""Jobs by the handful 批量取任务: while many wait, several are taken in one trip to the queue, and said to be done in one.

A trip costs as much as many a job. What was taken and not begun, or done and not said to be, when a process dies is
run again, as any job may be.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Any

import structlog
from procrastinate.connector import BaseConnector
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

log = structlog.get_logger(__name__)
BY_INDEX = "-c enable_seqscan=off -c enable_bitmapscan=off -c enable_sort=off"
"""For the queue's own statements. They are planned while the queue is all but empty, when reading it whole costs least;
with that plan each look for a job read and sorted the thousands of a rush."""
_TAKE = (
    "SELECT id, status, task_name, priority, lock, queueing_lock, args, scheduled_at, queue_name, attempts, worker_id"
    " FROM take_jobs(%(queues)s::varchar[], %(worker_id)s, %(most)s)"
)
_DONE = "DELETE FROM procrastinate_jobs WHERE id = ANY(%(ids)s::bigint[]) AND status IN ('todo', 'doing')"
_ENDED = (
    "UPDATE procrastinate_jobs SET status = %(status)s::procrastinate_job_status, attempts = attempts + 1 WHERE id = %(id)s AND status = 'doing'"
    " AND (worker_id IS NULL OR worker_id = %(worker_id)s)"
)
_BACK = (
    "WITH ours AS (SELECT id, queueing_lock FROM procrastinate_jobs WHERE id = %(id)s AND status = 'doing'"
    " AND (worker_id IS NULL OR worker_id = %(worker_id)s) FOR UPDATE),"
    " planned AS (DELETE FROM procrastinate_jobs job USING ours WHERE job.id = ours.id AND EXISTS (SELECT"
    " FROM procrastinate_jobs other WHERE other.queueing_lock = ours.queueing_lock AND other.status = 'todo')"
    " RETURNING job.id)"
    " UPDATE procrastinate_jobs job SET status = 'todo', attempts = job.attempts + %(tries)s,"
    " scheduled_at = coalesce(%(at)s::timestamptz, job.scheduled_at)"
    " FROM ours WHERE job.id = ours.id AND NOT EXISTS (SELECT FROM planned)"
)
"""Of the worker named only: once its registration has ended, another may have freed and begun the job already. One whose
step has been planned anew meanwhile goes away: two of one queueing lock cannot wait."""
LET_GO_S = 2.0
Word = Callable[[], Awaitable[None]]


class Handfuls(JobManager):
    """The library's manager, with fewer trips: one job at a time while the queue is all but empty, else up to `most`."""

    def __init__(self, connector: BaseConnector, most: int) -> None:
        super().__init__(connector)
        self._most = most
        self._plenty = False
        self._taken: deque[Job] = deque()
        self._taken_at = 0.0
        self._done: list[int] = []
        self._unsaid: list[Word] = []
        self.worker_id: int | None = None

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """The next job, of those taken before or of the queue."""
        self.worker_id = worker_id
        if not self._taken:
            await self._say_done()
            await self._say_unsaid()
            rows = await self.connector.execute_query_all_async(
                _TAKE, queues=queues, worker_id=worker_id, most=self._most if self._plenty else 1
            )
            self._plenty = bool(rows)
            self._taken.extend(Job.from_row(row) for row in rows)
            self._taken_at = monotonic()
        return self._taken.popleft() if self._taken else None

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """What ended well is said a little later, with others; a failure at once."""
        if status is not Status.SUCCEEDED or not delete_job or job.id is None:
            await self._say(partial(self._end, job, status))
            return
        self._done.append(job.id)
        if len(self._done) >= self._most:
            await self._say_done()

    async def retry_job(self, job: Job, retry_at: datetime | None = None, *_: Any, **__: Any) -> None:
        """After a failure: back into the queue for later, unless its step has been planned anew meanwhile."""
        await self._say(partial(self.put_back, job, retry_at, tries=1))

    async def put_back(self, job: Job, at: datetime | None = None, *, tries: int = 0) -> None:
        """Let a job be run again, from `at` on; one that is not in its worker's hand any more is left alone."""
        await self.connector.execute_query_async(
            _BACK, id=job.id, worker_id=job.worker_id, at=at, tries=tries
        )

    async def _end(self, job: Job, status: Status) -> None:
        await self.connector.execute_query_async(
            _ENDED, id=job.id, worker_id=job.worker_id, status=status.value
        )

    async def _say_done(self) -> None:
        done, self._done = self._done, []
        if not done:
            return
        try:
            await self.connector.execute_query_async(_DONE, ids=done)
        except BaseException:
            self._done += done
            raise

    async def _say(self, word: Word) -> None:
        """Tell the queue, or with the next trip: a job nobody speaks for again is held by its worker for ever."""
        try:
            await word()
        except Exception as fault:
            log.warning("queue.unsaid", fault=type(fault).__name__)
            self._unsaid.append(word)

    async def _say_unsaid(self) -> None:
        unsaid, self._unsaid = self._unsaid, []
        for word in unsaid:
            await self._say(word)

    async def let_go(self) -> None:
        """What has been in hand for a while and is not begun goes back: our places are full, others' may not be."""
        if self._taken and monotonic() - self._taken_at >= LET_GO_S:
            await self._put_all_back()

    async def hand_back(self) -> None:
        """At the end: what is done is said, and what was not begun goes back for others, unless it was planned anew.

        When the queue cannot be reached, others free both as soon as our heartbeat is missed.
        """
        try:
            await self._say_done()
            await self._say_unsaid()
            await self._put_all_back()
        except Exception as fault:
            log.warning("hand_back.failed", fault=type(fault).__name__)

    async def _put_all_back(self) -> None:
        while self._taken:
            job = self._taken.popleft()
            await self._say(partial(self.put_back, job))
