"""Fault run 故障演练: withdrawals through crash after crash, then the bank's books against ours. `make faults`.

Real processes, a durable database, confirmations over HTTP by phones that repeat until they are answered. In every
round one thing breaks (a process killed at some moment or between two named steps, PostgreSQL killed, restarted,
read-only or its connections cut, the node down) while the bank does something wrong with every second payment.
Afterwards the clock goes to the next day, whose statement settles the rest. The last line is one JSON object; exit 0
only when nothing was doubled, lost or left open and every invariant holds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from bench.faults import points
from bench.faults.clients import Phones
from bench.faults.crashes import Crash, Ground, Killed, heal, in_turn
from bench.faults.fates import Orders
from bench.faults.judging import Verdict, booked_at, deposit_difference, judge, our_books
from bench.faults.people import Case, made_cases
from bench.faults.settling import settle
from bench.notices_people import let_follow, write_people
from bench.phone import Sandbox
from bench.prepare import Preparer, product_of, without_outside
from config.logging import configure
from runtime.cli.invariants import count_violations
from runtime.supervisor import children
from runtime.supervisor.children import Child
from runtime.supervisor.ports import Ports
from runtime.supervisor.system import System
from services.core.db import transaction
from services.core.pii import scrub

COUNT, ROUNDS = 10_000, 100
_MINED = ("web", "worker", "notices", "bank")
_INSTEAD = (Killed("worker"), Killed("postgres"))
_BANK_PATIENCE_S = "2"  # how long we wait for the bank; ten seconds in earnest


def say(line: str) -> None:
    """Progress."""
    print(line, flush=True)


def processes(home: Path, ports: Ports, members: Path) -> list[Child]:
    """The outside world with these members, and the product's processes with crash points laid."""
    sandbox = children.sandbox(home, ports)
    sandbox = replace(sandbox, command=(*sandbox.command, "--members", str(members)), patience_s=60.0)
    product = {child.name: child for child in children.product(ports)}
    return [sandbox, *(_mined(product[name]) for name in _MINED)]


def _mined(child: Child) -> Child:
    interpreter, _, *rest = child.command
    return replace(child, command=(interpreter, "-m", "bench.faults.mined", *rest))


class Run:
    """One run."""

    def __init__(self, system: System, folder: Path, count: int, seed: int) -> None:
        source = random.Random(seed)
        self.system = system
        self.product = without_outside(product_of(system))
        preparer = Preparer(self.product)
        self.sandbox = Sandbox(system.ports.url("phone"))
        self.orders = Orders(self.sandbox, source)
        self.ground = Ground(system, folder, self.orders)
        self.cases: list[Case] = made_cases(system, preparer, count)
        self.phones = Phones(system.ports.web, preparer, source)
        self.fates: Counter[str] = Counter()
        self.struck: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
        self._source = source
        self._crashes = in_turn(source)

    def rounds(self, number: int) -> None:
        """Confirm everything, a part in each round, and break one thing in each."""
        self.orders.channels()
        began = time.monotonic()
        for index in range(number):
            part = self.cases[index * len(self.cases) // number : (index + 1) * len(self.cases) // number]
            crash = next(self._crashes)
            struck, healed_s = self._round(part, crash)
            self.struck[struck.name] += 1
            self.missed.update([crash.name] if struck is not crash else [])
            say(
                f"{index + 1:4}/{number} {time.monotonic() - began:6.0f} s  {crash.name}"
                f"{'' if struck is crash else f' (not reached: {struck.name})'}, whole again after {healed_s:.1f} s"
            )

    def _round(self, part: list[Case], crash: Crash) -> tuple[Crash, float]:
        """Which crash it was in the end: where nobody comes by the point, the worker dies wherever it is."""
        fates = self.orders.round(part)
        self.fates.update(fate.kind or "nothing" for fate in fates.values())
        self.phones.begin(part)
        time.sleep(self._source.random())
        struck = next(one for one in (crash, *_INSTEAD) if one.strike(self.ground))
        healed_s = heal(self.system)
        self.phones.finish()
        return struck, healed_s

    def judged(self) -> Verdict:
        """The bank's books against ours."""
        bank = booked_at(self.system.home / "sandbox" / "settlement.sqlite")
        with transaction(self.product.sessions) as session:
            verdict = judge(self.cases, self.phones.acknowledged, bank, our_books(session))
            difference_fen = deposit_difference(session, bank)
        verdict.violations = {n: c for n, c in count_violations(self.product.sessions).items() if c}
        if difference_fen:
            verdict.violations["account 101 is not what the bank says"] = 1
        verdict.lost += self.phones.unacknowledged(self.cases)
        return verdict


def report(run: Run, verdict: Verdict) -> None:
    """What a person wants to read."""
    say(f"confirmations acknowledged {len(run.phones.acknowledged)}; answers {dict(run.phones.answers)}")
    say(f"ordered of the bank {dict(run.fates.most_common())}")
    say(f"struck {sum(run.struck.values())}: {dict(run.struck.most_common())}")
    say(f"not reached {dict(run.missed) or 'none'}")
    for name, found in (("DOUBLED", verdict.doubled), ("LOST", verdict.lost)):
        for line in found[:20]:
            say(f"{name} {line}")
    say(f"states {dict(verdict.states)}; invariants broken {verdict.violations or 'none'}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    say(f"CPU of all processes {used.ru_utime + used.ru_stime:.0f} s")


def run_in(home: Path, count: int, rounds: int, seed: int) -> Verdict:
    """The whole run under a folder of its own."""
    home.chmod(0o711)
    members, crashes = home / "members.toml", home / "crashes"
    crashes.mkdir()
    write_people(members, count)
    let_follow(home, count)
    os.environ.update({"ANJU_BDC_ANSWER_TIMEOUT_S": _BANK_PATIENCE_S, points.FOLDER: str(crashes)})
    ports = Ports.free()
    system = System(
        home, ports, children=processes(home, ports, members), preparations=(("migrate",),), durable=True
    )
    system.start()
    try:
        run = Run(system, crashes, count, seed)
        say(f"{len(run.cases)} withdrawals prepared")
        run.rounds(rounds)
        settle(run.product, run.sandbox, say)
        verdict = run.judged()
    finally:
        system.stop()
    report(run, verdict)
    return verdict


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="bench.faults")
    parser.add_argument("--count", type=int, default=COUNT, help="withdrawals, one a member")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="crash rounds")
    parser.add_argument("--seed", type=int, default=1, help="order of faults")
    parser.add_argument("--keep", type=Path, help="run in this new folder and leave logs and books there")
    given = parser.parse_args()
    configure("ERROR", scrub)
    if given.keep:
        given.keep.mkdir()
    with tempfile.TemporaryDirectory(prefix="anju-faults-") as folder:
        verdict = run_in(given.keep or Path(folder), given.count, given.rounds, given.seed)
    print(json.dumps(verdict.summary()))
    return 0 if verdict.clean else 1


if __name__ == "__main__":
    sys.exit(main())
