"""Jobs by the handful: one trip for several, in their order, and none is lost at the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status

from runtime.embedded_pg import plain
from runtime.handfuls import Handfuls
from runtime.worker import concurrency, make_app
from tests.support.databases import Database

MOST = 4
ADD = "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, args) VALUES ('notices', 'say', %s, '{}')"


def add(database: Database, *locks: str) -> None:
    """Jobs that wait, in this order."""
    with psycopg.connect(plain(database.urls.app), autocommit=True) as connection:
        for lock in locks:
            connection.execute(ADD, (lock,))


def statuses(database: Database) -> Counter[str]:
    """How many jobs there are in each state."""
    with psycopg.connect(plain(database.urls.app)) as connection:
        return Counter(row[0] for row in connection.execute("SELECT status::text FROM procrastinate_jobs"))


def work(database: Database, task: Callable[[Handfuls, int], Awaitable[None]]) -> None:
    """Run against the queue as a registered worker does."""

    async def run() -> None:
        app = make_app([], plain(database.urls.app), MOST)
        assert isinstance(app.job_manager, Handfuls)
        async with app.open_async():
            await task(app.job_manager, await app.job_manager.register_worker())

    with ThreadPoolExecutor(1) as thread:  # a browser test before it leaves its loop running in this one
        thread.submit(lambda: asyncio.run(run())).result()


def test_many_are_taken_in_one_trip_and_in_order(database: Database) -> None:
    add(database, *"abcdefg")

    async def task(queue: Handfuls, worker: int) -> None:
        order = []
        for doing in (1, 5, 5, 5, 5, 7):  # one to see whether there are any, then handfuls
            job = await queue.fetch_job(["notices"], worker)
            assert job is not None
            order.append(job.queueing_lock)
            assert statuses(database)["doing"] == doing
        assert order == list("abcdef")

    work(database, task)


_OF = (
    "INSERT INTO procrastinate_jobs (queue_name, task_name, args, priority, lock, queueing_lock, scheduled_at)"
    " VALUES (%s, 'say', '{}', %s, %s, %s, now() + make_interval(secs => %s))"
)


def taken(database: Database, queues: list[str], most: int = 8) -> list[str]:
    """What one look takes, by its queueing lock, in order."""
    with psycopg.connect(plain(database.urls.app), autocommit=True) as connection:
        rows = connection.execute("SELECT queueing_lock FROM take_jobs(%s, NULL, %s)", (queues, most))
        return [row[0] for row in rows]


def test_of_one_lock_one_is_taken_at_a_time_and_in_order(database: Database) -> None:
    with psycopg.connect(plain(database.urls.app), autocommit=True) as connection:
        for queue, priority, lock, name in (
            ("a", 0, "batch", "first"),
            ("a", 0, "batch", "second"),
            ("b", 0, "batch", "elsewhere"),
            ("a", 0, None, "free"),
            ("a", 1, "other", "urgent"),
        ):
            connection.execute(_OF, (queue, priority, lock, name, 0))
        assert taken(database, ["a"]) == ["urgent", "first", "free"]
        assert taken(database, ["a", "b"]) == []
        connection.execute("DELETE FROM procrastinate_jobs WHERE queueing_lock = 'first'")
        assert taken(database, ["b"]) == []
        assert taken(database, ["b", "a"]) == ["second"]
        connection.execute("DELETE FROM procrastinate_jobs WHERE queueing_lock = 'second'")
        assert taken(database, ["b", "a"]) == ["elsewhere"]


def test_of_several_queues_the_urgent_come_first_then_the_oldest_and_nothing_before_its_time(
    database: Database,
) -> None:
    with psycopg.connect(plain(database.urls.app), autocommit=True) as connection:
        for queue, priority, name, wait_s in (
            ("a", 0, "a1", 0),
            ("b", 0, "b1", 0),
            ("a", 0, "later", 60),
            ("a", 0, "a2", 0),
            ("b", 1, "code", 0),
            ("c", 0, "nobody asked", 0),
        ):
            connection.execute(_OF, (queue, priority, None, name, wait_s))
    assert taken(database, ["a", "b"], 2) == ["code", "a1"]
    assert taken(database, ["a", "b"]) == ["b1", "a2"]
    assert taken(database, ["a", "b"]) == []


def test_two_who_look_at_once_take_different_jobs(database: Database) -> None:
    add(database, *"abcd")
    look = "SELECT queueing_lock FROM take_jobs('{notices}', NULL, 2)"
    with psycopg.connect(plain(database.urls.app)) as one, psycopg.connect(plain(database.urls.app)) as other:
        assert [row[0] for row in one.execute(look)] == ["a", "b"]
        assert [row[0] for row in other.execute(look)] == ["c", "d"]


def test_what_is_done_is_said_together_and_failures_at_once(database: Database) -> None:
    add(database, *"abcdef")

    async def task(queue: Handfuls, worker: int) -> None:
        jobs = [await queue.fetch_job(["notices"], worker) for _ in range(6)]
        for job in jobs[:3]:
            assert job is not None
            await queue.finish_job(job, Status.SUCCEEDED, delete_job=True)
        assert statuses(database) == {"doing": 6}
        assert jobs[3] is not None
        assert jobs[4] is not None
        await queue.finish_job(jobs[3], Status.FAILED, delete_job=False)
        assert statuses(database) == {"doing": 5, "failed": 1}
        await queue.finish_job(jobs[4], Status.SUCCEEDED, delete_job=True)
        assert statuses(database) == {"doing": 1, "failed": 1}

    work(database, task)


def test_with_the_next_trip_all_is_said(database: Database) -> None:
    """A quiet queue is looked at ten times a second, so nothing done stays unsaid for longer."""
    add(database, "a")

    async def task(queue: Handfuls, worker: int) -> None:
        job = await queue.fetch_job(["notices"], worker)
        assert job is not None
        await queue.finish_job(job, Status.SUCCEEDED, delete_job=True)
        assert await queue.fetch_job(["notices"], worker) is None
        assert statuses(database) == {}

    work(database, task)


def test_what_was_not_begun_goes_back(database: Database) -> None:
    """Of four in hand one is done, one is being run, one has been planned anew meanwhile, and one waits again."""
    add(database, *"abcd")

    async def task(queue: Handfuls, worker: int) -> None:
        first = await queue.fetch_job(["notices"], worker)
        assert first is not None
        await queue.fetch_job(["notices"], worker)
        await queue.finish_job(first, Status.SUCCEEDED, delete_job=True)
        add(database, "c")
        await queue.hand_back()

    work(database, task)
    assert statuses(database) == {"todo": 2, "doing": 1}


def test_faces_are_taken_one_by_one() -> None:
    """A face takes seconds: another host's worker must not wait for ours to come to it."""
    assert concurrency(["face"]) == 1
    assert concurrency(["settlement", "notices", "codes", "default"]) == 8


def test_what_another_has_meanwhile_is_not_given_back(database: Database) -> None:
    """Our registration ends first: whoever frees and takes our jobs before we give them back keeps them to themselves."""
    add(database, *"abc")

    async def task(queue: Handfuls, worker: int) -> None:
        for _ in range(2):
            await queue.fetch_job(["notices"], worker)
        await queue.unregister_worker(worker)
        with psycopg.connect(plain(database.urls.app), autocommit=True) as connection:
            other = connection.execute("SELECT procrastinate_register_worker_v1()").fetchone()
            connection.execute(
                "UPDATE procrastinate_jobs SET worker_id = %s WHERE queueing_lock = 'c'", other
            )
        await queue.hand_back()

    work(database, task)
    assert statuses(database) == {"doing": 3}


def test_a_failure_whose_step_is_planned_anew_goes_away(database: Database) -> None:
    """Two of one queueing lock cannot wait; what failed would be held by its living worker for ever."""
    add(database, "a")

    async def task(queue: Handfuls, worker: int) -> None:
        job = await queue.fetch_job(["notices"], worker)
        assert job is not None
        add(database, "a")
        await queue.retry_job(job)

    work(database, task)
    assert statuses(database) == {"todo": 1}


def test_a_failure_is_tried_again_at_its_time(database: Database) -> None:
    add(database, "a")
    later = datetime.now(UTC) + timedelta(hours=1)

    async def task(queue: Handfuls, worker: int) -> None:
        job = await queue.fetch_job(["notices"], worker)
        assert job is not None
        await queue.retry_job(job, retry_at=later)
        assert await queue.fetch_job(["notices"], worker) is None

    work(database, task)
    with psycopg.connect(plain(database.urls.app)) as connection:
        rows = connection.execute("SELECT status::text, attempts, scheduled_at FROM procrastinate_jobs")
        assert rows.fetchall() == [("todo", 1, later)]


def test_what_the_queue_did_not_take_is_said_with_the_next_trip(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed job and one that is out of tries, while the database is away for a moment."""
    add(database, "a", "b")

    async def task(queue: Handfuls, worker: int) -> None:
        one, other = [await queue.fetch_job(["notices"], worker) for _ in range(2)]
        assert one is not None
        assert other is not None
        with monkeypatch.context() as away:
            away.setattr(queue.connector, "execute_query_async", _gone)
            await queue.retry_job(one, retry_at=datetime.now(UTC) + timedelta(hours=1))
            await queue.finish_job(other, Status.FAILED, delete_job=False)
        assert statuses(database) == {"doing": 2}
        assert await queue.fetch_job(["notices"], worker) is None
        assert statuses(database) == {"todo": 1, "failed": 1}

    work(database, task)


async def _gone(*_: object, **__: object) -> None:
    raise ConnectorException


def test_what_another_began_meanwhile_is_not_taken_from_them(database: Database) -> None:
    """Our heartbeat was missed, and others freed and took the job that fails here now."""
    add(database, "a")

    async def task(queue: Handfuls, worker: int) -> None:
        job = await queue.fetch_job(["notices"], worker)
        assert job is not None
        other = await queue.register_worker()
        with psycopg.connect(plain(database.urls.app), autocommit=True) as connection:
            connection.execute("UPDATE procrastinate_jobs SET worker_id = %s", (other,))
        await queue.retry_job(job)
        await queue.finish_job(job, Status.FAILED, delete_job=False)

    work(database, task)
    assert statuses(database) == {"doing": 1}


def test_what_is_not_begun_for_a_while_is_let_go(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All places are full with slow jobs: another host may have one free."""
    add(database, *"abcde")

    async def task(queue: Handfuls, worker: int) -> None:
        for _ in range(2):
            await queue.fetch_job(["notices"], worker)
        await queue.let_go()
        assert statuses(database) == {"doing": 5}
        monkeypatch.setattr("runtime.handfuls.LET_GO_S", 0.0)
        await queue.let_go()
        assert statuses(database) == {"doing": 2, "todo": 3}
        job = await queue.fetch_job(["notices"], worker)
        assert job is not None
        assert (job.queueing_lock, job.attempts) == ("c", 0)

    work(database, task)
