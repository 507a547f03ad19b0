"""Arrivals 到达: confirmations arriving whatever the server does, against the whole running system. Part of `make bench-withdrawals`.

Steady: so many a second for minutes, then how long until everything behind it is done (paid, told, no job left).
Overload: three times what the machine carries; who is refused comes again later with the same key, as a phone does.
Then a smaller rate at once, to see when all is well again. At the end the database is asked about every case.
"""

from __future__ import annotations

import tempfile
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg

from bench import load, open_loop
from bench.arrivals_judging import REFUSALS, Say, answers, drained, figures, lateness, recovered, wrong
from bench.centre_host import database_settings
from bench.faults.people import Case, made_cases
from bench.notices_people import let_follow, write_people
from bench.open_loop import Shot, Stretch
from bench.prepare import Preparer, product_of, without_outside
from runtime.embedded_pg import plain
from runtime.supervisor.children import Child, everything
from runtime.supervisor.ports import Ports
from runtime.supervisor.system import System

STEADY_PER_S, STEADY_S = 100, 300
OVERLOAD_PER_S, OVERLOAD_S, PROBE_S = 300, 60, 15
AFTER_PER_S, AFTER_S = 75, 60
MOST_CARRIED_PER_S = 220
_SPARE = 1.05


@dataclass
class Wave:
    """Cases spent one after the other; a refused one is tried again behind all the others."""

    cases: deque[tuple[Case, bytes]]
    answers: dict[str, list[Shot]] = field(default_factory=dict)
    _asked: dict[int, tuple[Case, bytes]] = field(default_factory=dict)

    def send(self, number: int) -> bytes:
        """The next request."""
        assert self.cases, "not enough cases were prepared"
        self._asked[number] = self.cases.popleft()
        return self._asked[number][1]

    def took(self, shot: Shot) -> None:
        """An answer came, or none ever will."""
        asked = self._asked.pop(shot.number)
        self.answers.setdefault(asked[0].case_no, []).append(shot)
        if shot.status in REFUSALS:
            self.cases.append(asked)

    def run(self, port: int, *stretches: Stretch) -> list[Shot]:
        """Arrivals, one stretch after the other."""
        return open_loop.run(port, self.send, stretches, self.took)


class Arrivals:
    """The whole system with prepared cases."""

    def __init__(self, system: System, count: int, say: Say) -> None:
        self._say = say
        self._port = system.ports.web
        self.product = without_outside(product_of(system))
        self._preparer = Preparer(self.product)
        began = time.monotonic()
        self.cases = made_cases(system, self._preparer, count)
        self.wave = Wave(deque())
        with psycopg.connect(plain(system.urls.superuser), autocommit=True) as connection:
            connection.execute("CHECKPOINT")  # what preparing wrote is not for the rush to write out
        self._say(f"{count} withdrawals prepared in {time.monotonic() - began:.0f} s")

    def steady(self, seconds: float) -> dict[str, Any]:
        """So many a second, and what is behind it done."""
        self._ready(_needed(STEADY_PER_S, seconds))
        shots = self.wave.run(self._port, (STEADY_PER_S, seconds))
        found = {"rate_per_s": STEADY_PER_S, "seconds": round(seconds), **figures(shots), **lateness(shots)}
        found["not_201"] = sum(shot.status != 201 for shot in shots)
        self._say(f"steady: {found}, answers {answers(shots)}")
        return {**found, "backlog_drained_s": drained(self.product, self._say)}

    def overload(self, seconds: float) -> dict[str, Any]:
        """Three times what is carried, and the return to normal."""
        self._ready(len(self.cases))
        rate = self._three_times(min(PROBE_S, seconds))
        both = self.wave.run(self._port, (rate, seconds), (AFTER_PER_S, AFTER_S))
        shots, after = [s for s in both if s.due_s < seconds], [s for s in both if s.due_s >= seconds]
        accepted = [shot for shot in shots if shot.status == 201]
        refused = [shot for shot in shots if shot.status in REFUSALS]
        found = {
            "rate_per_s": rate,
            "seconds": round(seconds),
            "accepted_per_s": round(len(accepted) / seconds, 1),
            "refused_429_503": len(refused),
            "other": len(shots) - len(accepted) - len(refused),
            "without_retry_after": sum(not shot.retry_after for shot in refused),
            **figures(accepted, "accepted_"),
            **figures(refused, "refused_"),
            **lateness(shots),
            "recovered_s": recovered(after, seconds, AFTER_S),
        }
        self._say(f"overload: {found}, answers {answers(shots)}")
        self._say(f"after it, {AFTER_PER_S}/s: {figures(after)}, answers {answers(after)}")
        return found

    def _three_times(self, seconds: float) -> int:
        probe = self.wave.run(self._port, (OVERLOAD_PER_S, seconds))
        carried = sum(shot.status == 201 for shot in probe) / seconds
        rate = max(OVERLOAD_PER_S, round(3 * carried))
        self._say(f"{carried:.0f}/s carried of {OVERLOAD_PER_S}/s, answers {answers(probe)}; now {rate}/s")
        return rate

    def _ready(self, count: int) -> None:
        """Requests of the next cases, with tokens of this moment; those of a wave before that were not sent as well."""
        self.cases = [*(case for case, _ in self.wave.cases), *self.cases]
        self.wave.cases.clear()
        taken, self.cases = self.cases[:count], self.cases[count:]
        self.wave.cases.extend((case, self._request(case)) for case in taken)

    def _request(self, case: Case) -> bytes:
        token = self._preparer.access_token(case.session_id)
        path, body, headers = load.confirmation(case.application_id, case.face_session_id, token)
        return load.post(path, f"127.0.0.1:{self._port}", body, headers)


def _needed(per_s: float, seconds: float) -> int:
    return round(_SPARE * per_s * seconds) + 100


def _children(home: Path, ports: Ports) -> list[Child]:
    """Everything, with these members in the outside world."""
    sandbox, *rest = everything(home, ports)
    command = (*sandbox.command, "--members", str(home / "members.toml"))
    return [replace(sandbox, command=command, patience_s=60.0), *rest]


def run(seconds: float, parts: Sequence[str], say: Say) -> tuple[dict[str, Any], dict[str, int]]:
    """The parts in a system of their own: figures, and what is wrong."""
    overload_s = min(OVERLOAD_S, seconds)
    count = _needed(STEADY_PER_S, seconds) if "steady" in parts else 0
    if "overload" in parts:
        count += _needed(MOST_CARRIED_PER_S, overload_s + PROBE_S) + _needed(AFTER_PER_S, AFTER_S)
    with tempfile.TemporaryDirectory(prefix="anju-arrivals-") as folder:
        home, ports = Path(folder), Ports.free()
        home.chmod(0o711)
        write_people(home / "members.toml", count)
        let_follow(home, count)
        system = System(
            home,
            ports,
            children=_children(home, ports),
            preparations=(("migrate",),),
            database=database_settings(),
        )
        system.start()
        try:
            arrivals = Arrivals(system, count, say)
            found: dict[str, Any] = {}
            if "steady" in parts:
                found["steady"] = arrivals.steady(seconds)
            if "overload" in parts:
                found["overload"] = arrivals.overload(overload_s)
            return found, wrong(arrivals.product, arrivals.wave.answers)
        finally:
            system.stop()
