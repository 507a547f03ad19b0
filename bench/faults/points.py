"""Crash points 崩溃点: places between two steps at which an armed process kills itself with kill -9.

The product knows nothing of them. `mined` lays them around the product's functions in a process started by the bench;
a point does nothing until a file of its name lies in the folder that ANJU_BENCH_CRASHES names.
"""

from __future__ import annotations

import functools
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.http import idempotency
from services.notices import jobs as notice_jobs
from services.notices.sending import Sending
from services.notices.service import Notices
from services.settlement.adapters.bdc import link
from services.settlement.adapters.bdc.node import BdcSettlementNode
from services.settlement.jobs import SettlementJobs
from services.settlement.service import Settlement
from services.withdrawals import service as withdrawals
from services.withdrawals.service import WithdrawalPayments

FOLDER = "ANJU_BENCH_CRASHES"
_sending = threading.local()


@dataclass(frozen=True, slots=True)
class Point:
    """A place: before or after a function of the product."""

    name: str
    owner: Any
    function: str
    after: bool = True


POINTS = (
    Point("approval written, not committed", withdrawals, "instruct"),
    Point("approval carried out, answer not stored", idempotency, "_carried_out"),
    Point("approval committed, not answered", idempotency, "_response", after=False),
    Point("payment to be sent, before the bank is asked for its day", SettlementJobs, "_begin", after=False),
    Point("payment marked as going out, not sent", SettlementJobs, "_begin"),
    Point("payment sent, answer not read", link, "read_frame", after=False),
    Point("bank has answered, not recorded", BdcSettlementNode, "pay"),
    Point("bank's answer recorded, not committed", Settlement, "record_reply"),
    Point("asked for the fate, not recorded", BdcSettlementNode, "query"),
    Point("fate recorded, not committed", Settlement, "record_query"),
    Point("statement fetched, nothing of it applied", BdcSettlementNode, "statement"),
    Point("movement posted, not committed", Settlement, "record_change"),
    Point("payment settled, not committed", WithdrawalPayments, "paid"),
    Point("movements committed, bank not told so", SettlementJobs, "take_changes"),
    Point("hold given back, not committed", WithdrawalPayments, "rejected"),
    Point("return posted, not committed", WithdrawalPayments, "came_back"),
    Point("notices intended, not committed", Notices, "handle_event"),
    Point("notice to go out, not committed", Sending, "begin_new"),
    Point("notice to go out by the sweep, not committed", Sending, "begin"),
    Point("gateway has the notice, not recorded", notice_jobs, "try_send"),
)


def lay(folder: Path) -> None:
    """Wrap every place in this process."""
    _note_sending()
    for point in POINTS:
        original = getattr(point.owner, point.function)
        setattr(point.owner, point.function, _wrapped(original, point, folder))


def _wrapped(original: Callable[..., Any], point: Point, folder: Path) -> Callable[..., Any]:
    @functools.wraps(original)
    def passing(*args: Any, **kwargs: Any) -> Any:
        if not point.after:
            _pass(point, folder)
        found = original(*args, **kwargs)
        if point.after:
            _pass(point, folder)
        return found

    return passing


def _pass(point: Point, folder: Path) -> None:
    if point.owner is link and not getattr(_sending, "now", False):
        return  # only the answer to a payment counts
    try:
        os.rename(folder / point.name, folder / f"{point.name}.taken")  # one process alone succeeds
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def _note_sending() -> None:
    original = BdcSettlementNode.pay

    @functools.wraps(original)
    def pay(self: BdcSettlementNode, order: Any) -> Any:
        _sending.now = True
        try:
            return original(self, order)
        finally:
            _sending.now = False

    BdcSettlementNode.pay = pay  # type: ignore[method-assign]


def arm(folder: Path, point: Point) -> None:
    """The next process to pass the point dies there."""
    (folder / point.name).touch()


def reached(folder: Path, point: Point) -> bool:
    """Whether one has died there since it was armed; forgets it."""
    taken = folder / f"{point.name}.taken"
    found = taken.exists()
    taken.unlink(missing_ok=True)
    return found


def disarm(folder: Path, point: Point) -> None:
    """Nobody dies there any more."""
    (folder / point.name).unlink(missing_ok=True)
