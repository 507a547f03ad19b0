"""Faces at once 并发刷脸: twenty members scan at the same time, the rest of the API is asked meanwhile.

`make bench-verifications [COUNT=20]`. The whole system runs on this machine, with real frames and the real judge; only
the drawing of the frames is done before and kept in var/bench/tapes, since the actor is no part of the product. Last line: one JSON object.
"""

from __future__ import annotations

import argparse
import base64
import json
import multiprocessing
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from bench.people import person
from bench.phone import Actor, Phone, Sandbox
from bench.prepare import BoundMember, Preparer, product_of
from config.settings import ROOT
from runtime.supervisor.ports import Ports
from runtime.supervisor.system import System
from sandbox.actor.session import frames_for
from services.core.db import Sessions, transaction
from services.face.models import FaceSession
from services.members.binding import DeviceKey

COUNT, BYSTANDERS, AMOUNT_FEN, PATIENCE_S = 20, 12, 100_000, 180.0
TAPES = ROOT / "var" / "bench" / "tapes"
PORTRAITS = ("obama", "biden", "astronaut")
ACTIONS = ("blink", "open_mouth", "turn_left", "turn_right", "nod")
REST_MS, ACTION_MS, SLACK_MS = 1800, 3300, 2500
PROBES = ("/api/v1/home", "/api/v1/items", "/api/v1/items/rent-withdrawal/quote")


class Tape:
    """Drawn frames of one member: each action once, and rests to go between; `at_ms` counts from their prompt."""

    def __init__(self, pieces: Sequence[tuple[str, list[dict[str, Any]]]]) -> None:
        self._pieces = list(pieces)

    def take(self, kind: str) -> list[dict[str, Any]]:
        """The next unused frames of a kind."""
        place = next(place for place, piece in enumerate(self._pieces) if piece[0] == kind)
        return self._pieces.pop(place)[1]


def portrait_of(number: int) -> str:
    """Whose face the `number`th member has."""
    return PORTRAITS[number % len(PORTRAITS)]


def draw(number: int, folder: Path) -> Path:
    """Draw everything a challenge may ask for, once; a system of its own has never seen frames of another run."""
    path = folder / f"{portrait_of(number)}-{number}.json"
    if path.exists():
        return path
    kinds = ["neutral", *(step for action in ACTIONS for step in (action, "neutral"))]
    prompts, start_ms = [], 0
    for index, kind in enumerate(kinds):
        hold_ms = SLACK_MS + (REST_MS if kind == "neutral" else ACTION_MS)
        prompts.append({"index": index, "kind": kind, "start_ms": start_ms, "hold_ms": hold_ms})
        start_ms += hold_ms
    frames = frames_for(portrait_of(number), prompts, fps=Actor.fps, seed=7000 + number)
    pieces = [
        (
            prompt["kind"],
            [
                {"at_ms": f["at_ms"] - prompt["start_ms"], "jpeg": base64.b64encode(f["jpeg"]).decode()}
                for f in frames
                if f["prompt"] == prompt["index"]
            ],
        )
        for prompt in prompts
    ]
    fresh = path.with_suffix(".part")
    fresh.write_text(json.dumps(pieces), encoding="utf-8")
    return fresh.rename(path)


def drawn(count: int, folder: Path) -> list[Tape]:
    """The tapes of all members, drawn on two cores where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as hands:
        paths = list(hands.map(draw, range(count), [folder] * count))
    return [Tape(json.loads(path.read_text(encoding="utf-8"))) for path in paths]


class TapeActor(Actor):
    """Answers with frames drawn before."""

    def __init__(self, phone: Phone, session: dict[str, Any], tape: Tape) -> None:
        super().__init__(phone, session, "tape")
        self._tape = tape

    def frames(self) -> list[dict[str, Any]]:
        """Frames of the prompt that is shown now, at their times."""
        now = self.prompts()[-1]
        return [
            {**frame, "at_ms": now["start_ms"] + frame["at_ms"], "prompt": now["index"]}
            for frame in self._tape.take(now["kind"])
        ]


@dataclass
class Scan:
    """One member's verification."""

    member: BoundMember
    phone: Phone
    application_id: UUID
    tape: Tape
    session_id: str = ""
    state: str = "lost"
    reasons: list[str] = field(default_factory=list)
    told_s: list[int] = field(default_factory=list)
    fault: str = ""

    def run(self, together: threading.Barrier) -> None:
        """Scan, and wait for the verdict; whatever goes wrong is a lost verification."""
        try:
            together.wait(60)
            session = self.phone.open_face(str(self.application_id))
            self.session_id = session["session_id"]
            TapeActor(self.phone, session, self.tape).perform()
            self._await_verdict()
        except Exception as fault:
            self.fault = repr(fault)[:200]

    def _await_verdict(self) -> None:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            seen = self.phone.call("GET", f"/face-sessions/{self.session_id}?wait_s=5")
            if seen["state"] not in ("open", "judging"):
                self.state, self.reasons = seen["state"], [reason["code"] for reason in seen["reasons"]]
                return
            if seen["queue_wait_s"] is not None:
                self.told_s.append(seen["queue_wait_s"])


def prepared(system: System, preparer: Preparer, tapes: Sequence[Tape], bystanders: int) -> list[Scan]:
    """Bound members with an application each: one for each tape, and some who only look at pages."""
    sandbox = Sandbox(system.ports.url("phone"))
    scans = []
    for number, tape in enumerate([*tapes, *[Tape(())] * bystanders]):
        record = person(60_000 + number, portrait=portrait_of(number))
        openid = sandbox.post("/control/members", record | {"import": False})["openid"]
        phone = Phone(system.ports.url("web"), sandbox, record["key"])
        point = phone.device.public_key().public_numbers()
        member = preparer.member(record, openid, DeviceKey(point.x.to_bytes(32), point.y.to_bytes(32)))
        phone.tokens = dict(member.tokens)
        scans.append(Scan(member, phone, preparer.application(member, AMOUNT_FEN), tape))
    return scans


def probe(port: int, people: Sequence[tuple[str, str]], stop: Any, out: Any) -> None:
    """Ask the rest of the API, one request after the other, until told to stop; in a process of its own."""
    line, found = HTTPConnection("127.0.0.1", port, timeout=30), []
    for token, card_id in cycle(people):  # in turns: a member may ask only so often
        if stop.is_set():
            break
        body = json.dumps({"amount_fen": AMOUNT_FEN, "card_id": card_id})
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        for path in PROBES:
            began = time.monotonic()
            if path.endswith("quote"):
                line.request("POST", path, body, headers)
            else:
                line.request("GET", path, headers=headers)
            answer = line.getresponse()
            answer.read()
            found.append((path, answer.status, time.monotonic() - began))
            time.sleep(0.03)
    out.put(found)


def measure(system: System, tapes: Sequence[Tape]) -> dict[str, Any]:
    """Scan together, probe meanwhile."""
    product = product_of(system)
    preparer = Preparer(product)
    scans = prepared(system, preparer, tapes, BYSTANDERS)
    scans, bystanders = scans[: len(tapes)], scans[len(tapes) :]
    context = multiprocessing.get_context("spawn")
    stop, out = context.Event(), context.Queue()
    people = [(each.member.tokens["access_token"], str(each.member.card_id)) for each in bystanders]
    prober = context.Process(target=probe, args=(system.ports.web, people, stop, out))
    prober.start()
    together = threading.Barrier(len(scans))
    hands = [threading.Thread(target=scan.run, args=(together,)) for scan in scans]
    began = time.monotonic()
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    took_s = time.monotonic() - began
    stop.set()
    probes = out.get(timeout=60)
    prober.join()
    return figures(scans, probes, took_s, waits(product.sessions, scans))


def waits(sessions: Sessions, scans: Sequence[Scan]) -> list[float]:
    """Seconds from the last frame to the verdict, by the server's clock."""
    ids = [UUID(scan.session_id) for scan in scans if scan.session_id]
    with transaction(sessions) as session:
        rows = session.scalars(select(FaceSession).where(FaceSession.session_id.in_(ids))).all()
    return [
        (row.judged_at - row.completed_at).total_seconds()
        for row in rows
        if row.judged_at and row.completed_at
    ]


def figures(
    scans: Sequence[Scan], probes: Sequence[tuple[str, int, float]], took_s: float, waited: Sequence[float]
) -> dict[str, Any]:
    """What is printed."""
    lost = [scan for scan in scans if scan.state not in ("passed", "failed")]
    for scan in scans:
        if scan.state != "passed":
            print(f"{scan.phone.key}: {scan.state} {scan.reasons} {scan.fault}", file=sys.stderr)
    bad = sorted({(path, status) for path, status, _ in probes if status >= 400})
    if bad:
        print(f"probes answered {bad}", file=sys.stderr)
    by_path = {path: [seconds for name, _, seconds in probes if name == path] for path in PROBES}
    return {
        "verifications": len(scans),
        "lost": len(lost),
        "passed": sum(scan.state == "passed" for scan in scans),
        "took_s": round(took_s, 1),
        "queue_wait_s": {
            **quantiles(waited, 1, 1),
            "told_first": quantiles([scan.told_s[0] for scan in scans if scan.told_s], 1, 0),
        },
        "api_requests": len(probes),
        "api_p50_ms": quantiles([seconds for _, _, seconds in probes], 1000, 0)["p50"],
        "api_p95_ms": quantiles([seconds for _, _, seconds in probes], 1000, 0)["p95"],
        "api_max_ms": quantiles([seconds for _, _, seconds in probes], 1000, 0)["max"],
        "api_p95_ms_by_route": {path: quantiles(values, 1000, 0)["p95"] for path, values in by_path.items()},
        "api_errors": sum(status >= 400 for _, status, _ in probes),
    }


def quantiles(values: Sequence[float], factor: float, digits: int) -> dict[str, float]:
    """Median, 95th percentile and the most."""
    if len(values) < 2:
        return dict.fromkeys(("p50", "p95", "max"), round(factor * sum(values), digits))
    cuts = statistics.quantiles(values, n=20, method="inclusive")
    named = {"p50": cuts[9], "p95": cuts[18], "max": max(values)}
    return {name: round(factor * value, digits) for name, value in named.items()}


def main() -> int:
    """Start a system, measure, print."""
    parser = argparse.ArgumentParser(prog="bench.verifications")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--tapes", type=Path, default=TAPES, help="where drawn frames are kept between runs")
    options = parser.parse_args()
    tapes = drawn(options.count, options.tapes)
    with tempfile.TemporaryDirectory(prefix="anju-verifications-") as folder:
        Path(folder).chmod(0o755)
        system = System(Path(folder), Ports.free())
        system.start()
        try:
            found = measure(system, tapes)
        finally:
            system.stop()
    print(json.dumps(found))
    return 0 if found["lost"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
