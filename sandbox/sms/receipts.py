"""Receipts 回执推送: each due at its moment, and pushed with the others that are due by then, as providers do."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from sandbox.later import Later
from sandbox.posting import NotTaken, post
from sandbox.sms.lines import Line

log = logging.getLogger("sandbox")
TRIES = 3
MOST_AT_ONCE = 100
GATHERED_S = 0.2
"""After a push those that fall due wait so long for each other."""
Message = dict[str, Any]
Due = dict[tuple[Line, str], list[Message]]


class Receipts:
    """`deliver` gives what a provider says of messages that ended in one way, an array for each push."""

    def __init__(
        self,
        deliver: Callable[[Line, Sequence[Message], str], list[list[Any]]],
        url: Callable[[Line], str],
        lost: Callable[[Line, str], None],
    ) -> None:
        self._deliver, self._url, self._lost = deliver, url, lost
        self._later = Later("receipts-due")
        self._due: Due = {}
        self._changed = threading.Condition()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def later(self, line: Line, delay_s: float, message: Message, fault: str) -> None:
        """Deliver a message after so many seconds."""
        self._later.after(delay_s, lambda: self._put(line, message, fault))

    def forget(self) -> None:
        """Those still to come never come."""
        self._later.forget()
        with self._changed:
            self._due.clear()

    def stop(self) -> None:
        """No more of them."""
        self._later.stop()
        self._ended.set()
        with self._changed:
            self._changed.notify()

    def _put(self, line: Line, message: Message, fault: str) -> None:
        with self._changed:
            self._due.setdefault((line, fault), []).append(message)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="sandbox-receipts", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _work(self) -> None:
        while not self._ended.is_set():
            for (line, fault), messages in self._take().items():
                try:
                    self._tell(line, messages, fault)
                except Exception:
                    log.exception("receipts of %s went wrong", line.path)
            self._ended.wait(GATHERED_S)

    def _tell(self, line: Line, messages: Sequence[Message], fault: str) -> None:
        most = MOST_AT_ONCE if line.together else 1
        for start in range(0, len(messages), most):
            for report in self._deliver(line, messages[start : start + most], fault):
                self._push(line, report if line.together else report[0])

    def _take(self) -> Due:
        with self._changed:
            self._changed.wait_for(lambda: self._due or self._ended.is_set())
            taken, self._due = self._due, {}
        return taken

    def _push(self, line: Line, report: Any) -> None:
        body = json.dumps(report).encode()
        for attempt in range(TRIES):
            try:
                answer = post(self._url(line), body, "application/json")
                if answer.ok and line.acknowledged(json.loads(answer.text)):
                    return
            except (NotTaken, ValueError):
                pass
            if self._ended.wait(attempt):
                return
        self._lost(line, str(report))
