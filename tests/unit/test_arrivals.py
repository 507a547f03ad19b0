"""The bench's open loop: seconds count from when a request was due, and judging finds what is lost."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from bench import open_loop
from bench.arrivals_judging import _fault, figures, recovered
from bench.faults.judging import Ours
from bench.load import post
from bench.open_loop import Shot, due_times

STALL_S = 0.5
ANSWER = b"HTTP/1.1 503 SERVICE UNAVAILABLE\r\nContent-Length: 2\r\nRetry-After: 3\r\n\r\nno"


def test_arrivals_come_by_chance_and_as_many_as_said() -> None:
    due = list(due_times([(100, 20), (50, 20)]))
    assert due == sorted(due)
    assert 1800 < sum(one < 20 for one in due) < 2200
    assert 850 < sum(20 <= one < 40 for one in due) < 1150
    assert due[-1] < 40
    assert len({round(b - a, 4) for a, b in pairwise(due)}) > 100


@pytest.fixture
def stalling() -> Iterator[int]:
    """A server that says nothing for half a second, then answers everything at once."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as door:
        threading.Thread(target=_serve, args=(door,), daemon=True).start()
        yield door.getsockname()[1]


def _serve(door: socket.socket) -> None:
    first, _ = door.accept()
    time.sleep(STALL_S)
    threading.Thread(target=_answer, args=(first,), daemon=True).start()
    while True:
        try:
            line, _ = door.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(line,), daemon=True).start()


def _answer(line: socket.socket) -> None:
    while line.recv(65536):
        line.sendall(ANSWER)


def test_a_stall_is_felt_by_all_who_come_meanwhile(stalling: int) -> None:
    """A client that waits for each answer would have sent one request in that half second, and called 1 of 50 slow."""
    asked: list[Shot] = []
    with ThreadPoolExecutor(1) as pool:  # a thread without a loop: a browser's may be running in this one
        run = pool.submit(
            open_loop.run, stalling, lambda number: post("/x", "h", "{}", {}), [(100, 1.0)], asked.append
        )
        shots = run.result()
    assert len(asked) == len(shots)
    assert {(shot.status, shot.retry_after) for shot in shots} == {(503, True)}
    early = [shot for shot in shots if shot.due_s < STALL_S / 2]
    assert len(early) > 10
    assert min(shot.took_s for shot in early) > STALL_S / 3
    late = figures([shot for shot in shots if shot.due_s > STALL_S + 0.2])
    assert (late["p50_ms"] or 0) < 100


def shots(*took_s: float, status: int = 201) -> list[Shot]:
    """One request a second, from second 60 on."""
    return [Shot(number, 60.5 + number, 0.0, took, status) for number, took in enumerate(took_s)]


def test_recovered_is_when_all_is_well_from_then_on() -> None:
    assert recovered(shots(*[0.1] * 40), 60, 40) == 0
    assert recovered(shots(*[2.0] * 7, *[0.1] * 33), 60, 40) == 7
    assert recovered(shots(*[0.1] * 39, 2.0), 60, 40) is None
    refused = shots(*[0.1] * 40)
    refused[4].status = 503
    assert recovered(refused, 60, 40) == 5


def ours(state: str, *steps: str) -> Ours:
    """How a case stands with us."""
    return Ours(state, 0, 0, steps)


def test_what_was_acknowledged_has_to_be_there() -> None:
    taken = shots(0.1)
    assert _fault(ours("paid", "hold", "settle"), taken) == ""
    assert _fault(ours("verifying"), taken) == "acknowledged and lost"
    assert _fault(ours("approved", "hold", "hold"), taken) == "acknowledged and lost"


def test_what_was_refused_has_changed_nothing() -> None:
    refused = shots(0.1, status=503)
    assert _fault(ours("verifying"), refused) == ""
    assert _fault(ours("approved", "hold"), refused) == "refused and changed"
    again = [*refused, *shots(0.1)]
    assert _fault(ours("approved", "hold"), again) == ""
    again[1].replayed = True
    assert _fault(ours("approved", "hold"), again) == "refused and done, as the repetition shows"
