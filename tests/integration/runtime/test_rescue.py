"""Jobs of a worker that died: run again, unless the same step is planned already."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from runtime.beside import rescue
from runtime.embedded_pg import plain
from runtime.handfuls import Handfuls
from runtime.worker import make_app
from tests.support.databases import Database

_JOB = (
    "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, args, status, worker_id)"
    " VALUES ('settlement', 'settlement.dispatch', %s, '{}', %s, %s)"
)


@pytest.fixture
def dead_worker(database: Database) -> int:
    """A worker that has not been heard of for an hour."""
    with psycopg.connect(plain(database.urls.app), autocommit=True) as connection:
        row = connection.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
        ).fetchone()
    assert row is not None
    return int(row[0])


def jobs(database: Database) -> list[tuple[str, str]]:
    with psycopg.connect(plain(database.urls.app)) as connection:
        rows = connection.execute("SELECT queueing_lock, status::text FROM procrastinate_jobs ORDER BY 1, 2")
        return [(row[0], row[1]) for row in rows.fetchall()]


def test_a_stalled_job_whose_step_is_planned_anew_does_not_hinder_the_others(
    database: Database, dead_worker: int
) -> None:
    """Two of them stand for the same step as a waiting one; the last is alone with its step."""
    with psycopg.connect(plain(database.urls.app), autocommit=True) as connection:
        for lock, status, worker in (
            ("pay:1", "doing", dead_worker),
            ("pay:1", "doing", dead_worker),
            ("pay:1", "todo", None),
            ("pay:2", "doing", dead_worker),
        ):
            connection.execute(_JOB, (lock, status, worker))

    async def round_of_rescue() -> None:
        app = make_app([], plain(database.urls.app))
        assert isinstance(app.job_manager, Handfuls)
        async with app.open_async():
            await rescue(app.job_manager, "settlement")

    with ThreadPoolExecutor(1) as thread:  # a browser test before it leaves its loop running in this one
        thread.submit(lambda: asyncio.run(round_of_rescue())).result()
    assert jobs(database) == [("pay:1", "todo"), ("pay:2", "todo")]
