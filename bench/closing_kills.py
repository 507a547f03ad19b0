"""Kills 断点续作: the year and the month are settled by a process that is killed again and again; nothing is done twice.

`python -m bench.closing_kills URL WHAT` is the process.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from datetime import date

from sqlalchemy import text

from bench.closing_month import NOW, post_all
from config.logging import configure
from services.closing.annual_interest import AnnualInterest
from services.core.clock import FixedClock
from services.core.db import Sessions, make_engine, make_sessions, transaction
from services.core.pii import scrub
from services.policies.service import PolicyBook

ON = date(2027, 6, 30)
KILLS = 5
_TWICE = {
    "interest": text(
        "SELECT (SELECT count(*) FROM interest_receipt) AS rows, (SELECT count(*) FROM (SELECT account_id FROM journal"
        " WHERE kind = 'interest' GROUP BY 1 HAVING count(*) > 1) AS twice) AS twice"
    ),
    "contributions": text(
        "SELECT (SELECT count(*) FROM contribution WHERE batch_id IS NOT NULL) AS rows, (SELECT count(*) FROM"
        " (SELECT account_id FROM journal WHERE kind = 'contribution' AND accounting_on >= '2027-07-01'"
        " GROUP BY 1 HAVING count(*) > 1) AS twice) AS twice"
    ),
}


def settle(sessions: Sessions, what: str) -> None:
    """One of the two, from where it stands to its end."""
    if what == "interest":
        AnnualInterest(sessions, FixedClock(NOW), PolicyBook(), size=500).run(ON)
    else:
        post_all(sessions, size=500)


def killed_again_and_again(url: str, sessions: Sessions, what: str, accounts: int) -> str:
    """Kill the process some times, let it end, and count; says what was seen."""
    dice, kills = random.Random(7), 0
    while True:
        child = subprocess.Popen([sys.executable, "-m", "bench.closing_kills", url, what])
        try:
            child.wait(timeout=2 + dice.random() * 2 if kills < KILLS else None)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
            kills += 1
            time.sleep(0.2)
            continue
        assert child.returncode == 0
        break
    with transaction(sessions) as session:
        row = session.execute(_TWICE[what]).one()
    assert (row.rows, row.twice) == (accounts, 0), row
    return f"{what}: killed {kills} times, {row.rows} rows, {row.twice} twice"


def main() -> int:
    """The process."""
    configure("WARNING", scrub)
    settle(make_sessions(make_engine(sys.argv[1], pool_size=1)), sys.argv[2])
    return 0


if __name__ == "__main__":
    sys.exit(main())
