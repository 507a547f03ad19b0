"""Judging arrivals 到达评判: figures of a stretch of requests, when all is well again, and what the database says of each case."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import text

from bench.faults.judging import Ours, our_books
from bench.open_loop import Shot
from runtime.bootstrap import Product
from runtime.cli.invariants import count_violations
from services.core.db import transaction

GOAL_S, DRAIN_S = 0.5, 600
REFUSALS = frozenset({429, 503})
Say = Callable[[str], None]
_APPROVED = frozenset({"approved", "paying", "accepted", "unknown", "paid"})
_LEAST_LEFT_S = 10
_BEHIND = text(
    "SELECT (SELECT count(*) FROM application WHERE state IN ('approved', 'paying', 'accepted', 'unknown')),"
    " (SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')),"
    " (SELECT count(*) FROM notice_intent WHERE state IN ('created', 'sending'))"
)


def answers(shots: Sequence[Shot]) -> dict[int, int]:
    """How many of each status; 0 is no answer."""
    return dict(Counter(shot.status for shot in shots).most_common())


def figures(shots: Sequence[Shot], name: str = "") -> dict[str, int | None]:
    """Milliseconds from the intended time to the whole answer."""
    took = [shot.took_s for shot in shots]
    return {f"{name}p50_ms": _cut(took, 50), f"{name}p99_ms": _cut(took, 99)}


def lateness(shots: Sequence[Shot]) -> dict[str, int | None]:
    """How late our own sends were, in milliseconds; it is part of the figures."""
    return {"own_sends_late_p99_ms": _cut([shot.late_s for shot in shots], 99)}


def _cut(seconds: list[float], percent: int) -> int | None:
    if len(seconds) < 2:
        return None
    return round(1000 * statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1])


def recovered(shots: Sequence[Shot], began_s: float, seconds: int) -> int | None:
    """Whole seconds after which all was carried out, 99 of 100 within the goal; None: not within this stretch."""
    for second in range(seconds - _LEAST_LEFT_S):
        rest = [shot for shot in shots if shot.due_s >= began_s + second]
        slow = sum(shot.took_s > GOAL_S for shot in rest)
        if all(shot.status == 201 for shot in rest) and slow <= len(rest) / 100:
            return second
    return None


def drained(product: Product, say: Say) -> float | None:
    """Seconds until everything is paid and told and no job is left; None when that takes too long."""
    began = said = time.monotonic()
    while (passed := time.monotonic() - began) < DRAIN_S:
        with transaction(product.sessions) as session:
            behind = tuple(session.execute(_BEHIND).one())
        if not any(behind):
            return round(passed, 1)
        if time.monotonic() - said > 15:
            said = time.monotonic()
            say(f"{passed:5.0f} s: not paid {behind[0]}, jobs {behind[1]}, notices to send {behind[2]}")
        time.sleep(2)
    return None


def wrong(product: Product, asked: Mapping[str, Sequence[Shot]]) -> dict[str, int]:
    """What was acknowledged and is not there, what was refused and is there all the same, broken invariants."""
    with transaction(product.sessions) as session:
        books = our_books(session)
    found = Counter(_fault(books[case_no], shots) for case_no, shots in asked.items())
    found.update(count_violations(product.sessions))
    return {name: count for name, count in found.items() if name and count}


def _fault(ours: Ours, shots: Sequence[Shot]) -> str:
    statuses = {shot.status for shot in shots}
    if 201 in statuses and (ours.state not in _APPROVED or ours.steps.count("hold") != 1):
        return "acknowledged and lost"
    if statuses <= REFUSALS and (ours.state != "verifying" or ours.steps):
        return "refused and changed"
    if any(shot.replayed for shot in shots):
        return "refused and done, as the repetition shows"
    return ""
