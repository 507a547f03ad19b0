"""A worker at work: what fails does not stand in its own way, and until the last job ends it is known to live."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import make_url

from runtime import beside, worker
from runtime.embedded_pg import plain
from services.core.jobs import Job
from tests.support.databases import Database

_ADD = (
    "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)"
    " VALUES ('default', 'closing.run', 'closing', 'closing', '{}')"
)
PATIENCE_S = 20.0


def add(database: Database) -> None:
    """The day's end, to be run."""
    with psycopg.connect(plain(database.urls.app), autocommit=True) as connection:
        connection.execute(_ADD)


def asked(database: Database, question: str) -> list[tuple[object, ...]]:
    """Rows of the queue."""
    with psycopg.connect(plain(database.urls.app)) as connection:
        return connection.execute(question).fetchall()


def serve(
    database: Database, run: Callable[[], None], ended: threading.Event, *, address: str | None = None
) -> None:
    """A worker that knows this one job, until told to end."""

    async def work() -> None:
        app = worker.make_app([Job("closing.run", "default", run)], address or plain(database.urls.app))
        serving = asyncio.create_task(worker.serve(app, ["default"], []))
        await asyncio.to_thread(ended.wait, PATIENCE_S)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    with ThreadPoolExecutor(1) as thread:  # a browser test before it leaves its loop running in this one
        thread.submit(lambda: asyncio.run(work())).result()


def test_a_job_that_fails_while_its_successor_waits_is_followed_by_it(database: Database) -> None:
    """Every few seconds the day's end is planned anew, also while it runs; then it fails for once."""
    runs, ended = [], threading.Event()

    def run() -> None:
        runs.append(time.monotonic())
        if len(runs) == 1:
            add(database)
            raise ConnectionError("the database was away")
        ended.set()

    add(database)
    serve(database, run, ended)
    assert len(runs) == 2
    assert asked(database, "SELECT status FROM procrastinate_jobs") == []


def test_while_it_stops_its_last_job_stays_its_own(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job of two seconds, of a worker that is stopped at once and counts as dead after a third of a second."""
    monkeypatch.setattr(beside, "HEARTBEAT_S", 0.1)
    monkeypatch.setattr(beside, "STALLED_S", 0.35)
    ended, runs = threading.Event(), []
    stalled = (
        "SELECT count(*) FROM procrastinate_jobs JOIN procrastinate_workers w ON w.id = worker_id"
        " WHERE status = 'doing' AND last_heartbeat < now() - interval '0.35 seconds'"
    )

    def run() -> None:
        ended.set()
        time.sleep(1.0)
        for _ in range(10):
            runs.append(asked(database, stalled)[0][0])
            time.sleep(0.1)

    add(database)
    serve(database, run, ended)
    assert runs == [0] * 10
    assert asked(database, "SELECT status FROM procrastinate_jobs") == []


def test_it_works_for_an_address_that_names_a_primary_and_its_standby(database: Database) -> None:
    """As services and web take it; the driver finds the one that writes."""
    url = make_url(database.urls.app)
    credentials, one = database.urls.app.partition("@")[0], f"127.0.0.1:{url.port}"
    both = f"{credentials}@/{url.database}?host={one}&host={one}&target_session_attrs=read-write"
    runs, ended = [], threading.Event()

    def run() -> None:
        runs.append(time.monotonic())
        ended.set()

    add(database)
    serve(database, run, ended, address=both)
    assert len(runs) == 1


def test_a_server_without_power_is_given_up_in_seconds(database: Database) -> None:
    """Nothing answers then, and nothing is refused either: the system would wait a quarter of an hour."""

    async def words() -> dict[str, str]:
        app = worker.make_app([], plain(database.urls.app))
        async with app.open_async(), app.connector.pool.connection() as connection:
            return dict(connection.info.get_parameters())

    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(lambda: asyncio.run(words())).result()
    assert found.items() >= {"tcp_user_timeout": "2500", "keepalives_idle": "10", "connect_timeout": "2"}.items()
