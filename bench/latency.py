"""From face to money 刷脸到付款: confirmations one after the other, the bank answering in 200 ms. `make bench-latency`.

The whole system runs; only the face sessions are prepared. "seen" is what a phone sees, from sending the
confirmation to reading `paid`; "booked" is by the server's clock, until the bank's movement was matched. The last
line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from bench.people import person
from bench.phone import Phone, Sandbox
from bench.prepare import Preparer, product_of
from runtime.supervisor.ports import Ports
from runtime.supervisor.system import System
from services.applications.models import Transition
from services.core.db import Sessions, transaction

BANK_S = 0.2
COUNT = 30
AMOUNT_FEN = 300_000


def measure(system: System, count: int) -> dict[str, Any]:
    """Confirm `count` withdrawals of as many members, one after the other."""
    product = product_of(system)
    preparer, sandbox = Preparer(product), Sandbox(system.ports.url("phone"))
    slow = {"kind": "slow_answer", "seconds": BANK_S, "count": None}
    order = sandbox.post("/control/settlement/faults", slow)
    seen, booked = [], []
    for number in range(70_000, 70_000 + count):
        record = person(number)
        openid = sandbox.post("/control/members", record | {"import": False})["openid"]
        member = preparer.member(record, openid)
        phone = Phone(system.ports.url("web"), sandbox, record["key"])
        phone.tokens = dict(member.tokens)
        application_id, face_id = preparer.ready(member, AMOUNT_FEN)
        began, began_at = time.monotonic(), product.clock.now()
        phone.confirm(str(application_id), str(face_id))
        phone.wait_for(str(application_id), {"paid"})
        seen.append(time.monotonic() - began)
        paid_at = _paid_at(product.sessions, member.account_id, application_id)
        booked.append((paid_at - began_at).total_seconds())
    sandbox.delete(f"/control/settlement/faults/{order['id']}")
    return {"count": count, "bank_s": BANK_S, "seen": spread(seen), "booked": spread(booked)}


def _paid_at(sessions: Sessions, account_id: UUID, application_id: UUID) -> Any:
    statement = select(Transition.at).where(
        Transition.account_id == account_id,
        Transition.application_id == application_id,
        Transition.target == "paid",
    )
    with transaction(sessions) as session:
        return session.scalars(statement).one()


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and the most, in seconds."""
    cuts = statistics.quantiles(seconds, n=20, method="inclusive")
    return {"p50_s": round(cuts[9], 3), "p95_s": round(cuts[18], 3), "max_s": round(max(seconds), 3)}


def main() -> int:
    """Start a system, measure, print."""
    parser = argparse.ArgumentParser(prog="bench.latency")
    parser.add_argument("--count", type=int, default=COUNT)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory(prefix="anju-latency-") as folder:
        Path(folder).chmod(0o755)
        system = System(Path(folder), Ports.free())
        system.start()
        try:
            found = measure(system, count)
        finally:
            system.stop()
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
