"""Failover 主备切换: the first server killed under way, the second takes over, nothing acknowledged is lost. `make failover`.

Each round: a primary and a synchronous standby on this machine, many hands posting journals over an address that names
both; kill -9 of the primary; the standby is promoted; the hands go on by themselves. Then every acknowledged journal has to
be in the books of the second server. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from uuid import UUID

from sqlalchemy import make_url

from bench.accounts import Books, journals_there, product_at, sessions_at
from config.logging import configure
from runtime.cli.invariants import count_violations
from runtime.embedded_pg import EmbeddedPostgres, Urls
from runtime.standing.programs import Server
from runtime.standing.standby import NAME, StandbyPostgres
from services.core.db import Sessions
from services.core.pii import scrub

MEMBERS, BEFORE_S, AFTER_S = 100, 3.0, 3.0


@dataclass(frozen=True, slots=True)
class Round:
    """What one change of servers showed; `pause_s` is the longest time in which nothing was acknowledged."""

    acknowledged: int
    lost: int
    invariant_violations: int
    promote_s: float
    pause_s: float


class Acknowledged:
    """Journals that were acknowledged, and when."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.keys: dict[UUID, float] = {}

    def tell(self, key: UUID) -> None:
        """One more."""
        with self._lock:
            self.keys[key] = time.monotonic()

    def longest_pause_s(self) -> float:
        """The longest time between two of them."""
        return max((after - before for before, after in pairwise(sorted(self.keys.values()))), default=0.0)


def both(first: Urls, second: Urls) -> str:
    """An address that names both servers; libpq takes the one that writes."""
    credentials = first.app.partition("@")[0]
    one, two = (f"127.0.0.1:{make_url(urls.app).port}" for urls in (first, second))
    return f"{credentials}@/anju?host={one}&host={two}&target_session_attrs=read-write&connect_timeout=2"


def run_round(folder: Path) -> Round:
    """One primary, one standby, one kill."""
    first, second = EmbeddedPostgres(folder / "first"), StandbyPostgres(folder / "second")
    try:
        urls = first.start()
        books = Books(product_at(first.home, urls), MEMBERS)
        followed = second.follow(Server.of(first.home, first.port), first.home / "secrets")
        first.acknowledge_with(NAME)
        return _change_over(books, first, second, sessions_at(both(urls, followed)))
    finally:
        for server in (first, second):
            server.destroy()
        shutil.rmtree(folder, ignore_errors=True)


def _change_over(books: Books, first: EmbeddedPostgres, second: StandbyPostgres, sessions: Sessions) -> Round:
    told, enough = Acknowledged(), threading.Event()
    work = threading.Thread(target=books.move_until, args=(sessions, enough, told.tell))
    work.start()
    time.sleep(BEFORE_S)
    first.kill()
    promote_s = second.promote()
    time.sleep(AFTER_S)
    enough.set()
    work.join()
    own = sessions_at(second.urls.app)
    violations = {name: count for name, count in count_violations(own).items() if count}
    if violations:
        print(f"invariants broken: {violations}")
    return Round(
        acknowledged=len(told.keys),
        lost=len(set(told.keys) - journals_there(own)),
        invariant_violations=sum(violations.values()),
        promote_s=promote_s,
        pause_s=told.longest_pause_s(),
    )


def main() -> int:
    """Rounds, and what they sum up to."""
    parser = argparse.ArgumentParser(prog="bench.failover")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    configure("ERROR", scrub)
    rounds = []
    with tempfile.TemporaryDirectory(prefix="anju-failover-") as name:
        Path(name).chmod(0o711)
        for number in range(options.rounds):
            rounds.append(run_round(Path(name) / str(number)))
            print(rounds[-1], flush=True)
    lost = sum(one.lost for one in rounds)
    broken = sum(one.invariant_violations for one in rounds)
    figures = {
        "rounds": len(rounds),
        "acknowledged": sum(one.acknowledged for one in rounds),
        "lost": lost,
        "invariant_violations": broken,
        "longest_pause_s": round(max(one.pause_s for one in rounds), 1),
    }
    print(json.dumps(figures))
    return 1 if lost or broken or not figures["acknowledged"] else 0


if __name__ == "__main__":
    sys.exit(main())
