"""Nobody runs a command: a worker that goes on working cuts the day over after midnight, and closes it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from runtime import beside, worker
from runtime.duties import jobs_of, listened, take_ups_of
from runtime.embedded_pg import plain
from tests.support.domain.bank_days import ClosingWorld
from tests.support.domain.world import World

_QUEUES = ("default",)
_PATIENCE_S = 30.0


def states(days: ClosingWorld) -> list[str]:
    """Of every day there is, the first first."""
    return [row.state for row in days.rows("SELECT state FROM business_day ORDER BY day")]


def test_a_worker_closes_the_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half past midnight at the bank and here; then only the worker's own rounds.

    56,000.00 of contributions were taken over, 3,000.00 were paid on Monday and told of: 53,000.00 on 101.
    """
    days = ClosingWorld(world)
    days.paid()
    assert states(days) == ["open"]
    days.bank.day += timedelta(days=1)
    world.later(hours=14, minutes=30)
    monkeypatch.setattr(beside, "TAKE_UP_EVERY_S", 0.1)
    app = worker.make_app(jobs_of(world.product, _QUEUES), plain(world.database.urls.app))

    async def work_until_closed() -> None:
        rounds = take_ups_of(world.product, _QUEUES)
        serving = asyncio.create_task(worker.serve(app, listened(_QUEUES), rounds))
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while await asyncio.to_thread(states, days) != ["closed", "open"]:
                    await asyncio.sleep(0.05)
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    with ThreadPoolExecutor(1) as thread:  # a browser test before it leaves its loop running in this one
        thread.submit(lambda: asyncio.run(work_until_closed())).result()
    assert days.kinds() == []
    closed = days.rows("SELECT book_closing_fen, carried_fen FROM business_day WHERE state = 'closed'")
    assert [(row.book_closing_fen, row.carried_fen) for row in closed] == [(5_300_000, 0)]
