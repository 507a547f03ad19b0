"""Clients 外部客户端: phones that confirm and repeat the same request until they have an answer to keep."""

from __future__ import annotations

import json
import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException

from bench.faults.people import Case
from bench.prepare import Preparer

HANDS = 8
PATIENCE_S = 120.0
_PAUSE_S = 0.15
_TWICE, _OTHER_KEY = 0.05, 0.03
_AGAIN = {"idempotency.in_progress", "request.too_many"}
_OTHER_PHONE_WON = {"application.state_changed", "face.not_passed"}


@dataclass(frozen=True, slots=True)
class Tap:
    """A finger on "confirm"; a second phone has a key of its own."""

    case: Case
    token: str
    key: str


class Phones:
    """Confirms cases over HTTP; remembers which were acknowledged with 201, and what else was said."""

    def __init__(self, port: int, preparer: Preparer, source: random.Random) -> None:
        self._port, self._preparer, self._source = port, preparer, source
        self._pool = ThreadPoolExecutor(HANDS)
        self._lock = threading.Lock()
        self._answered: Iterator[None] = iter(())
        self.acknowledged: set[str] = set()
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []

    def begin(self, cases: Sequence[Case]) -> None:
        """Start to confirm all; some are tapped twice at once, some from a second phone."""
        taps = [tap for case in cases for tap in self._taps(case)]
        self._answered = self._pool.map(self._persist, taps)

    def finish(self) -> None:
        """Wait until all are answered."""
        list(self._answered)

    def _taps(self, case: Case) -> list[Tap]:
        tap = Tap(case, self._preparer.access_token(case.session_id), secrets.token_hex(16))
        luck = self._source.random()
        if luck < _TWICE:
            return [tap, tap]
        if luck < _TWICE + _OTHER_KEY:
            return [tap, replace(tap, key=secrets.token_hex(16))]
        return [tap]

    def _persist(self, tap: Tap) -> None:
        """Repeat until there is an answer that is one."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            status, code = self._once(tap)
            with self._lock:
                self.answers[f"{status} {code}".strip()] += 1
            if status == 201:
                with self._lock:
                    self.acknowledged.add(tap.case.case_no)
                return
            if 400 <= status < 500 and code not in _AGAIN:
                if code not in _OTHER_PHONE_WON:
                    self._note(f"{tap.case.case_no} was answered {status} {code}")
                return
            time.sleep(_PAUSE_S)
        self._note(f"{tap.case.case_no} had no answer")

    def _note(self, words: str) -> None:
        with self._lock:
            self.wrong.append(words)

    def unacknowledged(self, cases: Sequence[Case]) -> list[str]:
        """What was answered wrongly, and cases that no phone was told the end of."""
        silent = [f"{c.case_no} was never acknowledged" for c in cases if c.case_no not in self.acknowledged]
        return [*self.wrong, *silent]

    def _once(self, tap: Tap) -> tuple[int, str]:
        """Status and code of one try; 0 when the line broke."""
        line = HTTPConnection("127.0.0.1", self._port, timeout=20)
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {tap.token}",
            "Idempotency-Key": tap.key,
        }
        try:
            body = json.dumps({"face_session_id": str(tap.case.face_session_id)})
            line.request("POST", f"/api/v1/applications/{tap.case.application_id}/confirm", body, headers)
            answer = line.getresponse()
            text = answer.read()
            return answer.status, "" if answer.status == 201 else str(json.loads(text).get("code"))
        except (OSError, HTTPException, ValueError) as fault:
            return 0, type(fault).__name__
        finally:
            line.close()
