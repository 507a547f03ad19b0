"""Two versions at once 新旧两版并行: the version before the newest migration beside the present one, on one database.

As while a new version is brought out: the database is migrated, both versions' web servers and workers run, a phone's calls
go to one and the other in turn, and for a part of each journey only one of the two works on jobs and faces. Then the books
are checked and every case has to be paid once. `make versions`; the last line is one JSON object. The version before comes
from git; without it (no git, a shallow clone) nothing is shown, and the exit code is 2.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench.journey import wait_for_notices
from bench.people import person
from bench.phone import ApiProblem, Phone, Sandbox
from runtime.books import count_at
from runtime.free_ports import free_port
from runtime.processes import Process, end, spawn, tail
from runtime.supervisor.children import ROOT, product
from runtime.supervisor.ports import Ports
from runtime.supervisor.system import System
from services.core.db import make_engine, make_sessions, transaction

AMOUNT_FEN = 300_000
WORKERS = ("worker", "notices", "face")
_VERSIONS = ROOT / "migrations" / "versions"


class NoHistory(Exception):
    """There is no version before to be had here."""


@dataclass(frozen=True, slots=True)
class Before:
    """The version before: its commit, and the revision it ends at."""

    commit: str
    revision: str


def find_before(root: Path = ROOT) -> Before:
    """The commit before the one that brought the newest migration; raises NoHistory."""
    newest = max((root / "migrations" / "versions").glob("[0-9]*.py"))
    path = str(newest.relative_to(root))
    brought = _git(root, "log", "--diff-filter=A", "--format=%H", "-1", "--", path)
    if not brought:
        raise NoHistory(f"{newest.name} is not committed")
    try:
        commit = _git(root, "rev-parse", "--verify", "--quiet", f"{brought}^")
    except NoHistory:
        raise NoHistory(f"history does not reach behind {newest.name}: a shallow clone") from None
    return Before(commit, f"{int(newest.name[:4]) - 1:04d}")


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as fault:
        raise NoHistory("there is no git, or this is no clone") from fault
    return done.stdout.strip()


def unpack(before: Before, folder: Path) -> None:
    """Its tree, with what set-up fetched for ours (models, built client)."""
    packed = folder.parent / "before.tar"
    _git(ROOT, "archive", "--format=tar", "-o", str(packed), before.commit)
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="data")
    for path in (ROOT / "models").iterdir():
        if not (folder / "models" / path.name).exists():
            shutil.copy(path, folder / "models" / path.name)
    (folder / "var").symlink_to(ROOT / "var")


class OldVersion:
    """Web server and workers of the version before, beside a running system."""

    def __init__(self, system: System, tree: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._logs = system.home / "log-before"
        metrics = system.home / "metrics-before"
        metrics.mkdir()
        self._env = {
            **system.env,
            "ANJU_WEB_BIND": f"127.0.0.1:{self.port}",
            "ANJU_WEB_WORKERS": "1",
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        }
        ports = replace(system.ports, web=self.port)
        self._children = [child for child in product(ports) if child.name in ("web", *WORKERS)]
        self._tree = tree
        self.processes: dict[str, Process] = {}

    def start(self) -> None:
        """Start, and wait until it serves."""
        for child in self._children:
            log = self._logs / f"{child.name}.log"
            self.processes[child.name] = spawn(child.command, log=log, env=self._env, cwd=self._tree)
        until = time.monotonic() + 90
        while not all(child.ready() for child in self._children):
            self.check()
            if time.monotonic() > until:
                raise RuntimeError("the version before does not serve")
            time.sleep(0.2)

    def check(self) -> None:
        """Raise when one of its processes has ended."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise RuntimeError(f"{name} of the version before ended:\n{tail(self._logs / f'{name}.log')}")

    def stop(self) -> None:
        """Stop it."""
        for process in self.processes.values():
            process.send_signal(signal.SIGCONT)
            end(process, patience_s=15)

    def faults(self) -> list[str]:
        """What its workers failed at; told, and tried again by itself."""
        lines = [
            line
            for path in sorted(self._logs.glob("*.log"))
            for line in path.read_text(errors="replace").splitlines()
        ]
        return [line for line in lines if "job.failed" in line]


class BothPhone(Phone):
    """A phone whose calls go to one version and the other in turn."""

    def __init__(self, webs: Mapping[str, str], sandbox: Sandbox, key: str) -> None:
        super().__init__(next(iter(webs.values())), sandbox, key)
        self._turns = count()
        self._webs = list(webs.items())
        self.calls = dict.fromkeys(webs, 0)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One call, to whose turn it is."""
        name, self.web = self._webs[next(self._turns) % len(self._webs)]
        self.calls[name] += 1
        return super().call(method, path, body, **headers)


@contextmanager
def asleep(pids: list[int]) -> Iterator[None]:
    """Processes that do nothing for the while."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def ride(phone: BothPhone, someone: Mapping[str, Any], system: System, resting: list[int]) -> dict[str, Any]:
    """From binding to the money; from the submission on the processes `resting` do nothing."""
    phone.follow()
    phone.sign_in()
    phone.bind(dict(someone))
    phone.consent("data_sharing", item_code="rent-withdrawal")
    cards = phone.call("POST", "/items/rent-withdrawal/quote", {})["cards"]
    form = {"amount_fen": AMOUNT_FEN, "card_id": next(card["card_id"] for card in cards if card["usable"])}
    _settle(system)
    with asleep(resting):
        application = phone.apply("rent-withdrawal", form)
        face = _passed_face(phone, application["application_id"], someone["portrait"])
        phone.confirm(application["application_id"], face["session_id"])
        paid = phone.wait_for(application["application_id"], {"paid", "returned"})
        told = wait_for_notices(phone, application["application_id"])
    return {"case_no": paid["case_no"], "state": paid["state"], **told}


def _passed_face(phone: BothPhone, application_id: str, portrait: str) -> dict[str, Any]:
    """As a member does: three tries, since a busy machine drops frames; raises when none passes."""
    for _ in range(3):
        face = phone.scan_face(application_id, portrait)
        if face["state"] == "passed":
            return face
    raise RuntimeError(f"the face was refused: {[reason['code'] for reason in face['reasons']]}")


def run(system: System, before: Before, tree: Path, journeys: int) -> dict[str, Any]:
    """Journeys beside both versions, then what the books say."""
    old = OldVersion(system, tree)
    sandbox = Sandbox(system.ports.url("phone"))
    calls = {"before": 0, "present": 0}
    rides = []
    try:
        old.start()
        webs = {"present": system.ports.url("web"), "before": old.url}
        for number in range(journeys):
            someone = person(number)
            sandbox.post("/control/members", someone)
            phone = BothPhone(webs, sandbox, someone["key"])
            own = [pid for name in WORKERS if (pid := system.pid(name)) is not None]
            resting = own if number % 2 else [old.processes[name].pid for name in WORKERS]
            rides.append(ride(phone, someone, system, resting))
            print(
                f"{rides[-1]} (jobs by {'the version before' if number % 2 else 'the present one'})",
                flush=True,
            )
            calls = {name: calls[name] + phone.calls[name] for name in calls}
            old.check()
        time.sleep(12)  # two rounds of what workers look after
        failed = old.faults()
        for line in failed:
            print(line[:200], flush=True)
    finally:
        old.stop()
    violations = sum(count_at(system.urls.ro).values())
    lacking = _count(system, "case_evidence WHERE written_at IS NULL")
    lost = _count(system, "procrastinate_jobs WHERE status = 'failed'")
    once = [one for one in rides if one["state"] == "paid" and _paid_once(sandbox, one["case_no"])]
    return {
        "ran": True,
        "before": before.commit[:7],
        "revision_before": before.revision,
        "calls": calls,
        "cases": len(rides),
        "paid_once": len(once),
        "told_once": sum(one["sms"] == one["wechat"] == 1 for one in rides),
        "jobs_tried_again_by_before": len(failed),
        "jobs_lost": lost,
        "without_evidence": lacking,
        "invariant_violations": violations,
    }


def _count(system: System, what: str) -> int:
    with transaction(make_sessions(make_engine(system.urls.app, pool_size=1))) as session:
        return int(session.scalar(text(f"SELECT count(*) FROM {what}")) or 0)


def _settle(system: System) -> None:
    """Wait until no job is under way: a worker put to sleep in the middle of one would lose its connection."""
    until = time.monotonic() + 20
    while time.monotonic() < until and _count(system, "procrastinate_jobs WHERE status = 'doing'"):
        time.sleep(0.1)


def _paid_once(sandbox: Sandbox, case_no: str) -> bool:
    """By the bank's own books."""
    found = sandbox.payments(case_no)
    return len(found["payments"]) == 1 and found["doubled"] == []


def main(words: list[str] | None = None) -> int:
    """Run and report; 2 when there is no version before to be had."""
    parser = argparse.ArgumentParser(prog="bench.versions")
    parser.add_argument("--journeys", type=int, default=4)
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="anju-versions-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        try:
            before = find_before()
            unpack(before, folder / "before")
        except NoHistory as fault:
            print(json.dumps({"ran": False, "why": str(fault)}))
            return 2
        system = System(folder / "home", Ports.free(), durable=False)
        system.start()
        try:
            found = run(system, before, folder / "before", options.journeys)
        except (RuntimeError, TimeoutError, ApiProblem) as fault:
            print(fault, file=sys.stderr)
            found = {"ran": True, "before": before.commit[:7], "fault": str(fault).splitlines()[0]}
        finally:
            system.stop()
    print(json.dumps(found))
    whole = found.get("cases") == found.get("paid_once") == found.get("told_once") == options.journeys
    faults = ("invariant_violations", "jobs_lost", "without_evidence")
    return 0 if whole and not any(found[name] for name in faults) else 1


if __name__ == "__main__":
    sys.exit(main())
