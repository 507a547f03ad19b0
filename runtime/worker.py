"""Worker 后台进程: `python -m runtime.worker --queues settlement,notices,default`."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import procrastinate
import structlog
from psycopg.conninfo import make_conninfo
from sqlalchemy import make_url

from config.logging import configure
from config.settings import Settings, SettingsFault, load_settings
from runtime.beside import STALLED_S, beside_the_worker
from runtime.bootstrap import Product, build
from runtime.duties import jobs_of, listened, take_ups_of
from runtime.garbage import leave_loaded_alone
from runtime.giving_way import give_way
from runtime.handfuls import BY_INDEX, Handfuls
from runtime.key_ring import check_at_start
from services.core.db import SILENCE
from services.core.jobs import Job
from services.core.pii import scrub

log = structlog.get_logger(__name__)
POLL_S = 0.1
_NEVER_S = 1e9
CONCURRENCY = {"face": 1}


def make_app(jobs: Sequence[Job], database_url: str, at_once: int = 1) -> procrastinate.App:
    """A queue application that knows the given jobs, and takes so many of them in one trip when many wait."""
    words = {"options": BY_INDEX, "connect_timeout": 2, **SILENCE}
    connector = procrastinate.PsycopgConnector(
        conninfo=conninfo_of(database_url), min_size=1, max_size=4, kwargs=words
    )
    app = procrastinate.App(connector=connector)
    app.job_manager = Handfuls(connector, at_once)
    for job in jobs:
        retry = procrastinate.RetryStrategy(max_attempts=job.retries, exponential_wait=2)
        app.task(name=job.name, queue=job.queue, retry=retry)(_logged(job))
    return app


def conninfo_of(database_url: str) -> str:
    """The address as libpq takes it: SQLAlchemy has a way of its own to name a primary and its standby."""
    address = make_url(database_url)
    _, words = address.get_dialect()().create_connect_args(address)
    return make_conninfo(**words)


def concurrency(queues: Sequence[str]) -> int:
    """How many jobs of these queues run at a time."""
    return min(CONCURRENCY.get(queue, 8) for queue in queues)


def _logged(job: Job) -> Callable[..., None]:
    def run(**args: Any) -> None:
        try:
            job.run(**args)
        except Exception as fault:
            log.warning("job.failed", job=job.name, fault=type(fault).__name__, exc_info=fault)
            raise

    run.__name__ = job.name.replace(".", "_")
    return run


async def serve(app: procrastinate.App, queues: Sequence[str], take_ups: Sequence[Callable[[], int]]) -> None:
    """Work until stopped, freeing the jobs of workers that died and taking up what crashes left."""
    async with app.open_async():
        queue = app.job_manager
        assert isinstance(queue, Handfuls)
        beside = [asyncio.create_task(work) for work in beside_the_worker(queue, queues, take_ups)]
        try:
            await app.run_worker_async(
                queues=list(queues),
                concurrency=concurrency(queues),
                fetch_job_polling_interval=POLL_S,
                abort_job_polling_interval=60.0,
                listen_notify=False,
                delete_jobs="successful",
                update_heartbeat_interval=_NEVER_S,  # the library's ends before the last jobs do: see beside.py
                stalled_worker_timeout=STALLED_S,
                shutdown_graceful_timeout=15,
                additional_context={},
            )
        finally:
            for task in beside:
                task.cancel()
            await queue.hand_back()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="runtime.worker")
    parser.add_argument("--queues", required=True, help="comma-separated: settlement,notices,default,face")
    queues = parser.parse_args().queues.split(",")
    give_way()
    settings = load_settings()
    configure(settings.log_level, scrub)
    database_url = _database_url(settings, queues)
    product = build(settings, database_url)
    check_at_start(product)
    if "face" in queues:
        _warm_up(product)
    app = make_app(jobs_of(product, queues), database_url, concurrency(queues))
    leave_loaded_alone()
    asyncio.run(serve(app, listened(queues), take_ups_of(product, queues)))


def _database_url(settings: Settings, queues: Sequence[str]) -> str:
    """A worker that does faces alone connects as the role that can do no more."""
    face_url = settings.database_face_url.get_secret_value()
    if list(queues) == ["face"] and face_url:
        return face_url
    if "face" in queues and settings.env == "production":
        raise SettingsFault("faces want a worker for them alone, with ANJU_DATABASE_FACE_URL")
    return settings.database_url.get_secret_value()


def _warm_up(product: Product) -> None:
    models = product.judge.start()
    log.info("face.models", models=dict(models), network=product.judge.network)


if __name__ == "__main__":
    main()
