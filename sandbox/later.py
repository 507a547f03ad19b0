"""Later 稍后: things that happen after some seconds, one thread for all of them."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger("sandbox")
Work = Callable[[], object]


class Later:
    """Does short work at its moment; the thread begins with the first."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: list[tuple[float, int, Work]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._ended = False

    def after(self, delay_s: float, work: Work) -> None:
        """Do it after so many seconds."""
        with self._changed:
            heapq.heappush(self._waiting, (time.monotonic() + delay_s, next(self._numbers), work))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"sandbox-{self._name}", daemon=True)
                self._thread.start()
            self._changed.notify()

    def forget(self) -> None:
        """What is still to come never comes."""
        with self._changed:
            self._waiting.clear()

    def stop(self) -> None:
        """Nothing more happens once this has returned."""
        with self._changed:
            self._ended = True
            self._waiting.clear()
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while (work := self._next()) is not None:
            try:
                work()
            except Exception:
                log.exception("%s: what was due went wrong", self._name)

    def _next(self) -> Work | None:
        """What is due, once it is; None at the end."""
        with self._changed:
            while not self._ended:
                left_s = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if left_s is not None and left_s <= 0:
                    return heapq.heappop(self._waiting)[2]
                self._changed.wait(left_s)
        return None
