"""Notices 通知送达: settlement events told by SMS and WeChat over the real wire while everything fails. `make bench-notices`.

Members, cases and events are written through the product's own tables; two workers send to the sandbox's gateways, of
whose calls a fifth fail, and whose receipts come twice, late, in any order or never. Workers and web workers are
killed with kill -9. Afterwards the clock is moved until what nobody will hear of any more has come to its end. What
members received is counted at the providers. The last line is one JSON object; exit 0 only when nothing is wrong.
"""

from __future__ import annotations

import argparse
import json
import resource
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import text

from bench.notices_count import Tally, tally
from bench.notices_people import Case, let_follow, made_cases, write_people
from bench.prepare import product_of, without_outside
from config.logging import configure
from runtime.bootstrap import Product
from runtime.supervisor import children
from runtime.supervisor.children import Child, python
from runtime.supervisor.ports import Ports
from runtime.supervisor.system import System
from services.core.db import transaction
from services.core.outbox import emit
from services.core.pii import scrub

COUNT, WORKERS, WRITERS = 10_000, 2, 4
NOT_PAID_EVERY = 50
KILL_EVERY_S = 45.0
MOST_S = 2400.0
_RECEIPTS_TAKE = timedelta(seconds=15)
FAULTS: tuple[dict[str, Any], ...] = (
    # A fifth of the calls fail, in the ways that mean different things.
    {"server": "sms", "on": "SendSms", "kind": "http_500", "args": {"odds": 0.05}},
    {"server": "sms", "on": "SendSms", "kind": "reset", "args": {"odds": 0.05}},
    {"server": "sms", "on": "SendSms", "kind": "limit", "args": {"odds": 0.07}},
    {"server": "sms", "on": "SendSms", "kind": "code", "args": {"odds": 0.02, "code": "FailedOperation.PhoneNumberInBlacklist"}},
    {"server": "sms", "on": "SendSms", "kind": "timeout_after_accept", "args": {"odds": 0.01, "seconds": 5.5}},
    {"server": "wechat", "on": "template/send", "kind": "errcode", "args": {"odds": 0.08, "errcode": -1}},
    {"server": "wechat", "on": "template/send", "kind": "http_500", "args": {"odds": 0.05}},
    {"server": "wechat", "on": "template/send", "kind": "reset", "args": {"odds": 0.03}},
    {"server": "wechat", "on": "template/send", "kind": "errcode", "args": {"odds": 0.02, "errcode": 43004}},
    {"server": "wechat", "on": "template/send", "kind": "lost_answer", "args": {"odds": 0.03}},
    # Receipts: failed, twice, late and out of order, never.
    {"server": "sms", "on": "delivery", "kind": "undelivered", "args": {"odds": 0.03}},
    {"server": "sms", "on": "delivery", "kind": "duplicate_receipt", "args": {"odds": 0.15}},
    {"server": "sms", "on": "delivery", "kind": "late_receipt", "args": {"odds": 0.10, "seconds": 8}},
    {"server": "sms", "on": "delivery", "kind": "no_receipt", "args": {"odds": 0.02}},
    {"server": "wechat", "on": "delivery", "kind": "no_receipt", "args": {"odds": 0.02}},
    {"server": "wechat", "on": "delivery", "kind": "undelivered", "args": {"odds": 0.03}},
    {"server": "wechat", "on": "push", "kind": "duplicate", "args": {"odds": 0.15}},
)  # fmt: skip


def say(line: str) -> None:
    """Progress."""
    print(line, flush=True)


def processes(home: Path, ports: Ports, members: Path) -> list[Child]:
    """The outside world with these members, the web server for receipts, and the workers."""
    sandbox = children.sandbox(home, ports)
    sandbox = replace(sandbox, command=(*sandbox.command, "--members", str(members)), patience_s=60.0)
    web = next(child for child in children.product(ports) if child.name == "web")
    command = python("-m", "runtime.worker", "--queues", "notices")
    return [sandbox, web, *(Child(f"worker{number}", command) for number in range(1, WORKERS + 1))]


class Bench:
    """One run."""

    def __init__(self, system: System, count: int) -> None:
        self._system = system
        self.product: Product = without_outside(product_of(system))
        self.cases: list[Case] = []
        self._count = count
        self._over = threading.Event()
        self.kills = 0

    def prepare(self) -> None:
        """Members bound and following, each with a case on its way to the bank."""
        self.cases = made_cases(self._system, self.product, self._count + self._count // NOT_PAID_EVERY)
        say(f"{len(self.cases)} members prepared")
        control = self._system.ports.url("phone") + "/control"
        for fault in FAULTS:
            answer = requests.post(f"{control}/faults", json={**fault, "times": "always"}, timeout=10)
            answer.raise_for_status()

    def run(self) -> tuple[Tally, float]:
        """Pay and tell everybody; returns what came of it and the events a second."""
        killer = threading.Thread(target=self._kill_often, daemon=True)
        began = time.monotonic()
        killer.start()
        paid, unpaid = self.cases[: self._count], self.cases[self._count :]
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(self._pay, paid))
            list(pool.map(self._tell_too_early, unpaid))
        say(f"{self._count} events written in {time.monotonic() - began:.0f} s")
        self._wait(self._in_hand, "in hand")
        seconds = time.monotonic() - began
        self._over.set()
        killer.join()
        self._let_time_pass(4200, "an hour later", "uncertain")
        self._let_time_pass(4200 + 74 * 3600, "three days later", "uncertain,submitted,created,sending,held")
        return tally(self._system, self.product, paid, unpaid), self._count / seconds

    def _pay(self, case: Case) -> None:
        """The bank's word: state and event in one transaction, as the settlement writes them."""
        with transaction(self.product.sessions) as session:
            session.execute(
                text("UPDATE application SET state = 'paid' WHERE account_id = :a AND application_id = :b"),
                {"a": case.account_id, "b": case.application_id},
            )
            self._emit(session, case)

    def _tell_too_early(self, case: Case) -> None:
        """An event for a case that is not paid, as only a fault of ours could write it: nothing may go out."""
        with transaction(self.product.sessions) as session:
            self._emit(session, case)

    def _emit(self, session: Any, case: Case) -> None:
        payload = {
            "application_id": str(case.application_id),
            "item_name": "租房提取",
            "amount_fen": 300_000,
            "tail4": "0012",
            "bank_name": "建设银行",
            "balance_fen": 5_300_000,
        }
        emit(session, case.account_id, "withdrawal.paid", payload, self.product.clock.now())

    def _kill_often(self) -> None:
        names = [f"worker{number}" for number in range(1, WORKERS + 1)] + ["web-worker"]
        while not self._over.wait(KILL_EVERY_S * (0.5 + secrets.randbelow(100) / 100)):
            name = names[self.kills % len(names)]
            try:
                self._system.kill(name)
            except ProcessLookupError:
                continue
            self.kills += 1

    def _in_hand(self) -> int:
        """Events and notices the product still does something about; those that wait for a receipt are not."""
        statement = text(
            "SELECT (SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'notices.handle_event'"
            " AND status IN ('todo', 'doing'))"
            " + (SELECT count(*) FROM notice_intent WHERE state IN ('created', 'held', 'sending'))"
            " + (SELECT count(*) FROM notice_intent WHERE state IN ('submitted', 'uncertain')"
            "    AND sent_at > :fresh)"
        )
        with transaction(self.product.sessions) as session:
            fresh = self.product.clock.now() - _RECEIPTS_TAKE
            return int(session.scalar(statement, {"fresh": fresh}) or 0)

    def _wait(self, left: Callable[[], int], what: str) -> None:
        began = said = time.monotonic()
        while remaining := left():
            if time.monotonic() - began > MOST_S:
                say(f"gave up with {remaining} {what}")
                return
            if time.monotonic() - said > 15:
                said = time.monotonic()
                say(f"{remaining} {what}, {self.kills} kills")
            time.sleep(1)

    def _let_time_pass(self, seconds: int, name: str, states: str) -> None:
        """Move everybody's clock and wait until nothing is in these states any more."""
        control = self._system.ports.url("phone") + "/control"
        requests.post(f"{control}/clock", json={"offset_s": seconds}, timeout=10).raise_for_status()
        say(name)
        self._wait(lambda: self._count_in(states), "waiting")

    def _count_in(self, states: str) -> int:
        statement = text(
            "SELECT count(*) FROM notice_intent WHERE state = ANY(string_to_array(:states, ','))"
        )
        with transaction(self.product.sessions) as session:
            return int(session.scalar(statement, {"states": states}) or 0)


def main() -> int:
    """Start, prepare, run, count, print."""
    parser = argparse.ArgumentParser(prog="bench.notices")
    parser.add_argument("--count", type=int, default=COUNT, help="settlement events, one a member")
    count = parser.parse_args().count
    configure("WARNING", scrub)
    with tempfile.TemporaryDirectory(prefix="anju-bench-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        members = home / "members.toml"
        people = count + count // NOT_PAID_EVERY
        write_people(members, people)
        let_follow(home, people)
        ports = Ports.free()
        system = System(
            home, ports, children=processes(home, ports, members), preparations=(("migrate",),), durable=True
        )
        system.start()
        try:
            bench = Bench(system, count)
            bench.prepare()
            found, per_s = bench.run()
        finally:
            system.stop()
    for line in found.lines():
        say(line)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    say(f"kills {bench.kills}, CPU of all processes {used.ru_utime + used.ru_stime:.0f} s")
    print(json.dumps(found.summary(count, per_s)))
    return 0 if found.clean(count) else 1


if __name__ == "__main__":
    sys.exit(main())
