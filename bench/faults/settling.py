"""Settling 收尾: wait for what comes by itself, then let the bank's next day and its statement tell the rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from datetime import time as time_of_day

from sqlalchemy import text

from bench.faults.fates import patiently
from bench.phone import Sandbox
from runtime.bootstrap import Product
from services.core.clock import SHANGHAI, shanghai_day
from services.core.db import transaction

_STUCK_S, _QUIET_S, _DAYS = 180.0, 6.0, 3
_SOON = timedelta(minutes=5)  # what is held for longer waits for the morning: quiet hours, a budget spent
_OPEN = text("SELECT count(*) FROM application WHERE state = ANY(string_to_array(:states, ','))")
_IN_HAND = text(
    "SELECT (SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'notices.handle_event'"
    " AND status IN ('todo', 'doing'))"
    " + (SELECT count(*) FROM notice_intent WHERE state IN ('created', 'sending')"
    " OR (state = 'held' AND due_at <= :soon))"
)
Say = Callable[[str], None]


def settle(product: Product, sandbox: Sandbox, say: Say) -> None:
    """Drain, close the bank's day, drain again; what went out only on the next day needs the end of that one."""
    _wait(product, "approved,paying,accepted", say)
    for number, ahead_s in enumerate(_mornings_s(product)):
        if number and not _left(product, "approved,paying,accepted,unknown"):
            return
        _move_clock(sandbox, ahead_s)
        say("the bank's next day")
        _wait(product, "approved,paying,accepted,unknown", say)
        time.sleep(_QUIET_S)  # what came back over night is told when the day opens
        _wait(product, "", say)


def _move_clock(sandbox: Sandbox, ahead_s: float) -> None:
    patiently(lambda: sandbox.post("/control/clock", {"offset_s": ahead_s}))


def _mornings_s(product: Product) -> list[float]:
    """Seconds from now to ten in the morning of the next days: no quiet hours then, and the bank's day is closed."""
    now = product.clock.now()
    mornings = (
        datetime.combine(shanghai_day(now) + timedelta(days=number), time_of_day(10), SHANGHAI)
        for number in range(1, _DAYS + 1)
    )
    return [(morning - now).total_seconds() for morning in mornings]


def _wait(product: Product, states: str, say: Say) -> None:
    """Until no case is in these states and every notice has gone out, or nothing gets on any more."""
    changed = said = time.monotonic()
    before = -1
    while left := _left(product, states):
        if left != before:
            changed, before = time.monotonic(), left
        if time.monotonic() - changed > _STUCK_S:
            say(f"gave up with {left} open")
            return
        if time.monotonic() - said > 15:
            said = time.monotonic()
            say(f"{left} open")
        time.sleep(1)


def _left(product: Product, states: str) -> int:
    with transaction(product.sessions) as session:
        open_cases = session.scalar(_OPEN, {"states": states}) or 0
        return int(open_cases) + int(session.scalar(_IN_HAND, {"soon": product.clock.now() + _SOON}) or 0)
