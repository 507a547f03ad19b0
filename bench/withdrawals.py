"""Withdrawals a second 提取吞吐: `confirm` over HTTP against the floor of its own statements. `make bench-withdrawals`.

One run, one database, rounds of floor and HTTP in turn, fsync on. HTTP is the real thing: gunicorn as it is served,
JWT, idempotency, audit, journal, instruction and job; the passed face sessions are prepared. The workers do not run,
so that neither side pays for what happens after the answer. Then the whole system, with requests that arrive whatever
it does (bench/arrivals.py). The last line is one JSON object; exit 0 only when nothing is lost and the books are right.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from bench import arrivals, clones, floor, load
from bench.centre_host import database_settings, huge_pages
from bench.people import person
from bench.prepare import Preparer, product_of, without_outside
from config.logging import configure
from runtime.bootstrap import Product
from runtime.cli.invariants import count_violations
from runtime.embedded_pg import plain
from runtime.supervisor.children import product as processes
from runtime.supervisor.ports import Ports
from runtime.supervisor.system import System
from services.applications.case_numbers import CaseNumbers
from services.core.db import make_engine, make_sessions, transaction
from services.core.pii import scrub
from services.members.models import LoginSession

CONCURRENCY = (1, 8, 32)
ROUNDS = 3
PARTS = ("ratio", "steady", "overload")
FLOOR_COUNT, HTTP_COUNT = {1: 300, 8: 1200, 32: 1600}, {1: 160, 8: 480, 32: 640}
WARM_UP = 192
AMOUNT_FEN = 300_000
_CHUNK = 400


@dataclass(frozen=True, slots=True)
class Case:
    """A member ready to confirm."""

    account_id: UUID
    application_id: UUID
    face_session_id: UUID
    session_id: UUID
    swap: clones.Swap


@dataclass(frozen=True, slots=True)
class Round:
    """What one turn measured."""

    floor_per_s: float
    http_per_s: float
    p50_ms: float
    p99_ms: float

    @property
    def ratio(self) -> float:
        """HTTP as a part of the floor."""
        return self.http_per_s / self.floor_per_s


class Bench:
    """Prepared cases, and the two ways to spend them."""

    def __init__(self, system: System, count: int) -> None:
        self._system = system
        self.product = without_outside(product_of(system))
        self._preparer = Preparer(self.product)
        self._conninfo = plain(system.urls.app)
        self._cases, steps = self._make(count)
        self._script = floor.Script(steps)
        self.statements = self._script.statements

    def _make(self, count: int) -> tuple[list[Case], list[floor.Step]]:
        """One case through the services, copied; then it is confirmed through the application and listened to."""
        made = self._preparer.member(person(0), openid="bench-openid")
        application_id = self._preparer.application(made, AMOUNT_FEN)
        self._preparer.remembered(made.account_id, application_id)
        face_id = self._preparer.passed_face(made.account_id, application_id, serve=timedelta(minutes=60))
        with transaction(self.product.sessions) as session:
            original = clones.read(session, made.account_id)
        session_id = original.rows[LoginSession.__table__][0]["session_id"]  # type: ignore[index]
        first = Case(made.account_id, application_id, face_id, session_id, {})
        cases = list(self._copy(original, first, count))
        for _ in range(2):  # what the first request does once in a process is not part of the floor
            self._confirm_here(cases.pop())
        with floor.recorded(self.product.sessions.kw["bind"]) as steps:
            self._confirm_here(first)
        return cases, steps

    def _copy(self, original: clones.Original, first: Case, count: int) -> Sequence[Case]:
        numbers, cases, waiting = CaseNumbers(self.product.sessions), [], []
        with psycopg.connect(plain(self._system.urls.owner), autocommit=True) as connection:
            for swap, rows in clones.copies(original, count, numbers):
                ids = (first.account_id, first.application_id, first.face_session_id, first.session_id)
                cases.append(Case(*(swap[old] for old in ids), swap))
                waiting.append(rows)
                if len(waiting) == _CHUNK or len(cases) == count:
                    clones.write(connection, waiting)
                    waiting = []
            clones.analyse(connection, original)
        return cases

    def _confirm_here(self, case: Case) -> None:
        path, body, headers = self._parts(case)
        answer = self._preparer.app.test_client().post(
            path, data=body, headers=headers, content_type="application/json"
        )
        assert answer.status_code == 201, answer.text

    def _parts(self, case: Case) -> tuple[str, str, dict[str, str]]:
        token = self._preparer.access_token(case.session_id)
        return load.confirmation(case.application_id, case.face_session_id, token)

    def clear_jobs(self) -> None:
        """Take away the jobs of the round before, as the workers would have."""
        with psycopg.connect(plain(self._system.urls.superuser), autocommit=True) as connection:
            connection.execute("TRUNCATE procrastinate_jobs CASCADE")

    def spend(self, count: int) -> list[Case]:
        """Take cases that nobody has confirmed yet."""
        taken, self._cases = self._cases[:count], self._cases[count:]
        assert len(taken) == count, "not enough cases were prepared"
        return taken

    def floor(self, clients: int, count: int) -> float:
        """Replay the statements; `count` of them after each connection has warmed up."""
        cases = self.spend(count + clients * floor.WARM_UP)
        requests = [self._script.request(case.swap) for case in cases]
        return floor.run(self._conninfo, self.statements, requests, clients)

    def http(self, clients: int, count: int) -> tuple[float, list[float]]:
        """Confirm over HTTP."""
        port = self._system.ports.web
        requests = [
            load.post(path, f"127.0.0.1:{port}", body, headers)
            for path, body, headers in map(self._parts, self.spend(count))
        ]
        return load.run(port, requests, clients, expected=201)


def measure(bench: Bench, scale: float) -> dict[int, list[Round]]:
    """Rounds of floor and HTTP in turn, for each concurrency."""
    bench.http(32, WARM_UP)
    found: dict[int, list[Round]] = {clients: [] for clients in CONCURRENCY}
    for _ in range(ROUNDS):
        for clients in CONCURRENCY:
            bench.clear_jobs()
            floor_per_s = bench.floor(clients, counted(FLOOR_COUNT, clients, scale))
            bench.clear_jobs()
            http_per_s, seconds = bench.http(clients, counted(HTTP_COUNT, clients, scale))
            cuts = statistics.quantiles(seconds, n=100, method="inclusive")
            one = Round(floor_per_s, http_per_s, 1000 * cuts[49], 1000 * cuts[98])
            found[clients].append(one)
            say(
                f"{clients:3} clients: floor {floor_per_s:7.1f}/s  http {http_per_s:6.1f}/s  ratio {one.ratio:.3f}"
            )
    return found


def counted(counts: dict[int, int], clients: int, scale: float) -> int:
    """How many requests a round makes: a whole number for each client."""
    return max(2, round(counts[clients] * scale / clients)) * clients


def summary(found: dict[int, list[Round]]) -> dict[str, Any]:
    """Medians of the rounds."""
    names = {"floor_per_s": 1, "http_per_s": 1, "ratio": 3, "p50_ms": 1, "p99_ms": 1}
    return {
        "concurrency": {
            str(clients): {
                name: round(statistics.median(getattr(one, name) for one in rounds), digits)
                for name, digits in names.items()
            }
            for clients, rounds in found.items()
        }
    }


def needed(scale: float) -> int:
    """Cases a whole run spends."""
    each = [
        counted(counts, clients, scale) for counts in (FLOOR_COUNT, HTTP_COUNT) for clients in CONCURRENCY
    ]
    return ROUNDS * (sum(each) + sum(CONCURRENCY) * floor.WARM_UP) + WARM_UP + 2


def web_only(folder: Path) -> System:
    """The web server and a durable database; no workers and no outside world."""
    ports = Ports.free()
    web = [child for child in processes(ports) if child.name == "web"]
    return System(
        folder, ports, children=web, preparations=(("migrate",),), durable=True, database=database_settings()
    )


def violations(product: Product, system: System) -> dict[str, int]:
    """Invariants broken by the run; none should be."""
    sessions = make_sessions(make_engine(system.urls.app, pool_size=1))
    return {name: count for name, count in count_violations(sessions).items() if count}


def ratio(scale: float) -> tuple[dict[str, Any], dict[str, int]]:
    """HTTP beside its floor: figures, and invariants broken."""
    with tempfile.TemporaryDirectory(prefix="anju-bench-") as folder:
        Path(folder).chmod(0o711)
        system = web_only(Path(folder))
        system.start()
        try:
            bench = Bench(system, needed(scale))
            say(f"{len(bench.statements)} statements a confirm, BEGIN and COMMIT among them")
            found = measure(bench, scale)
            return summary(found), violations(bench.product, system)
        finally:
            system.stop()


def run(parts: Sequence[str], scale: float, seconds: float) -> tuple[dict[str, Any], dict[str, int]]:
    """The parts asked for: figures, and invariants broken."""
    found, wrong = ratio(scale) if "ratio" in parts else ({}, {})
    if set(parts) - {"ratio"}:
        more, more_wrong = arrivals.run(seconds, parts, say)
        found, wrong = found | more, Counter(wrong) + Counter(more_wrong)
    return found, wrong


def say(line: str) -> None:
    """Progress."""
    print(line, flush=True)


def main() -> int:
    """Start, prepare, measure, print."""
    parser = argparse.ArgumentParser(prog="bench.withdrawals")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="part of the usual number of requests of the ratio"
    )
    parser.add_argument(
        "--seconds", type=float, default=arrivals.STEADY_S, help="how long confirmations arrive"
    )
    parser.add_argument(
        "--only", choices=PARTS, action="append", help="this part; may be given more than once"
    )
    given = parser.parse_args()
    parts = given.only or PARTS
    configure("WARNING", scrub)
    os.environ["ANJU_PROXY_HOPS"] = "1"  # members come from addresses of their own
    with huge_pages() as reserved:
        say(reserved)
        found, wrong = run(parts, given.scale, given.seconds)
    print(f"wrong, or invariants broken: {dict(wrong) or 'none'}")
    print(json.dumps(found))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
