"""Jobs by the handful 批量取任务: while many wait, several are taken in one trip to the queue, and said to be done in one.

A trip costs as much as many a job. What was taken and not begun, or done and not said to be, when a process dies is
run again, as any job may be.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import structlog
from procrastinate.connector import BaseConnector
from procrastinate.exceptions import ProcrastinateException, UniqueViolation
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

_GIVE_BACK = (
    "UPDATE procrastinate_jobs SET status = 'todo' WHERE id = %(id)s AND status = 'doing'"
    " AND (worker_id IS NULL OR worker_id = %(worker_id)s)"
)
"""Ours only: when we come to it our registration has ended, and another worker may have freed and begun it already."""


class Handfuls(JobManager):
    """The library's manager, with fewer trips: one job at a time while the queue is all but empty, else up to `most`."""

    def __init__(self, connector: BaseConnector, most: int) -> None:
        super().__init__(connector)
        self._most = most
        self._plenty = False
        self._taken: deque[Job] = deque()
        self._done: list[int] = []

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """The next job, of those taken before or of the queue."""
        if not self._taken:
            await self._say_done()
            rows = await self.connector.execute_query_all_async(
                _TAKE, queues=queues, worker_id=worker_id, most=self._most if self._plenty else 1
            )
            self._plenty = bool(rows)
            self._taken.extend(Job.from_row(row) for row in rows)
        return self._taken.popleft() if self._taken else None

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """What ended well is said a little later, with others; a failure at once."""
        if status is not Status.SUCCEEDED or not delete_job or job.id is None:
            await super().finish_job(job, status, delete_job)
            return
        self._done.append(job.id)
        if len(self._done) >= self._most:
            await self._say_done()

    async def _say_done(self) -> None:
        done, self._done = self._done, []
        if not done:
            return
        try:
            await self.connector.execute_query_async(_DONE, ids=done)
        except BaseException:
            self._done += done
            raise

    async def hand_back(self) -> None:
        """At the end: what is done is said, and what was not begun goes back for others, unless it was planned anew.

        When the queue cannot be reached, others free both as soon as our heartbeat is missed.
        """
        try:
            await self._say_done()
            while self._taken:
                await self._give_back(self._taken.popleft())
        except ProcrastinateException as fault:
            log.warning("hand_back.failed", fault=type(fault).__name__)

    async def _give_back(self, job: Job) -> None:
        try:
            await self.connector.execute_query_async(_GIVE_BACK, id=job.id, worker_id=job.worker_id)
        except UniqueViolation:
            await super().finish_job(job, Status.FAILED, delete_job=True)
