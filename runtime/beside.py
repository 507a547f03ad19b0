"""Beside the worker 旁务: what goes on while it works, and until its last job has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import structlog

from runtime.handfuls import LET_GO_S, Handfuls

log = structlog.get_logger(__name__)
HEARTBEAT_S, STALLED_S = 2.0, 8.0
TAKE_UP_EVERY_S = 5.0


def beside_the_worker(
    queue: Handfuls, names: Sequence[str], take_ups: Sequence[Callable[[], int]]
) -> list[Coroutine[Any, Any, None]]:
    """What runs for ever, to be cancelled: nothing of it ends by a fault."""
    return [_rescue(queue, names), _beat(queue), _let_go(queue), _tend(take_ups)]


async def rescue(queue: Handfuls, name: str) -> None:
    """Let the jobs of workers that died run again; one whose step has been planned anew meanwhile is dropped."""
    for job in await queue.get_stalled_jobs(queue=name, seconds_since_heartbeat=STALLED_S):
        log.warning("job.stalled", job=job.task_name)
        await _unfailing("rescue.failed", queue.put_back(job, tries=1))


async def _rescue(queue: Handfuls, names: Sequence[str]) -> None:
    while True:
        for name in names:
            await _unfailing("rescue.failed", rescue(queue, name))
        await asyncio.sleep(HEARTBEAT_S)


async def _beat(queue: Handfuls) -> None:
    """Say that we live for as long as a job of ours runs, also while we are stopping."""
    while True:
        await asyncio.sleep(HEARTBEAT_S)
        if queue.worker_id is not None:
            await _unfailing("heartbeat.failed", queue.update_heartbeat(queue.worker_id))


async def _let_go(queue: Handfuls) -> None:
    while True:
        await asyncio.sleep(LET_GO_S / 4)
        await _unfailing("let_go.failed", queue.let_go())


async def _unfailing(event: str, work: Awaitable[None]) -> None:
    """The next round tries again; a broken round must not end what goes on beside the worker."""
    try:
        await work
    except Exception as fault:
        log.warning(event, fault=type(fault).__name__)


async def _tend(take_ups: Sequence[Callable[[], int]]) -> None:
    while True:
        await asyncio.sleep(TAKE_UP_EVERY_S)
        for take_up in take_ups:
            try:
                await asyncio.to_thread(take_up)
            except Exception as fault:  # the next round tries again
                log.warning("take_up.failed", fault=type(fault).__name__)
