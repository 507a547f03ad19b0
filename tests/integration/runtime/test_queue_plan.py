"""Looking for a job costs the same in a rush: though planned while the queue was empty, it does not read all of it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from runtime.embedded_pg import plain
from runtime.handfuls import BY_INDEX
from tests.support.databases import DatabaseServer

WAITING, LOOKS = 2000, 8
LOOK = "SELECT id FROM take_jobs('{rush}', NULL, 1)"
LOOK_ELSEWHERE = "SELECT id FROM take_jobs('{quiet}', NULL, 8)"
RUSH = (
    "INSERT INTO procrastinate_jobs (queue_name, task_name, args)"
    " SELECT 'rush', 'nothing', '{}' FROM generate_series(1, %s)"
)
READ = "SELECT seq_tup_read, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'procrastinate_jobs'"


@pytest.fixture(scope="module")
def url(database_server: DatabaseServer) -> Iterator[str]:
    """A database of its own, whose queue autovacuum has seen empty, as it does every quiet minute."""
    with database_server.clone("queue") as database:
        with psycopg.connect(plain(database.urls.owner), autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE) procrastinate_jobs")
        yield plain(database.urls.app)


def read_in_a_rush(url: str, options: str) -> int:
    """Rows read one after the other to find some jobs among thousands, by a connection that knew the queue empty."""
    with psycopg.connect(url, options=options, autocommit=True) as connection:
        for _ in range(LOOKS):  # from the sixth on a function keeps its plan
            connection.execute(LOOK)
        with connection.transaction(force_rollback=True):
            connection.execute(RUSH, (WAITING,))
            found = {connection.execute(LOOK).fetchone() for _ in range(LOOKS)}
            assert len(found) == LOOKS
            row = connection.execute(READ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_plan_of_the_empty_queue_reads_it_whole(url: str) -> None:
    """What the worker's settings are for; should PostgreSQL plan otherwise one day, they can go."""
    assert read_in_a_rush(url, "") >= WAITING * LOOKS


def test_the_worker_looks_by_the_index(url: str) -> None:
    assert read_in_a_rush(url, BY_INDEX) < LOOKS


def test_a_rush_in_one_queue_costs_the_look_into_another_nothing(url: str) -> None:
    with (
        psycopg.connect(url, options=BY_INDEX, autocommit=True) as connection,
        connection.transaction(force_rollback=True),
    ):
        connection.execute(RUSH, (WAITING,))
        before = connection.execute(READ).fetchone()
        for _ in range(LOOKS):
            assert connection.execute(LOOK_ELSEWHERE).fetchone() is None
        assert connection.execute(READ).fetchone() == before
