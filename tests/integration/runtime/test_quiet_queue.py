"""A job costs what it does: no diary of it is kept, and nobody is called, which would end transactions one by one (ADR 2)."""

from __future__ import annotations

import psycopg

from runtime.embedded_pg import plain
from tests.support.databases import DatabaseServer

ADD = "INSERT INTO procrastinate_jobs (queue_name, task_name, args, scheduled_at) VALUES ('quiet', 'nothing', '{}', now())"
LOOK = "SELECT id FROM take_jobs('{quiet}', NULL, 1)"


def test_a_job_leaves_no_diary_and_calls_nobody(database_server: DatabaseServer) -> None:
    with database_server.clone("quiet") as database:
        url = plain(database.urls.app)
        with psycopg.connect(url, autocommit=True) as listener, psycopg.connect(url, autocommit=True) as worker:
            listener.execute('LISTEN "procrastinate_any_queue_v1"')
            listener.execute('LISTEN "procrastinate_queue_v1#quiet"')
            worker.execute(ADD)
            assert worker.execute(LOOK).fetchone() is not None
            assert worker.execute("SELECT count(*) FROM procrastinate_events").fetchone() == (0,)
            worker.execute("DELETE FROM procrastinate_jobs WHERE status = 'doing'")
            assert list(listener.notifies(timeout=0.2)) == []
