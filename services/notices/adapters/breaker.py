"""Breaker 熔断: a provider that keeps failing is left out for a while, then tried with one message.

closed    it is used; opens when within the window it failed `failures` times and no less often than it worked
open      it is left out until the rest is over
half-open one message tries it: works, closed again; fails, another rest
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.core.clock import Clock

BreakerState = Literal["closed", "open", "half_open"]
MOST_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """When a provider is left out, and for how long."""

    failures: int = 5
    window: timedelta = timedelta(seconds=60)
    rest: timedelta = timedelta(seconds=30)


class Breaker:
    """One provider's health as this process saw it; threads may share it."""

    def __init__(self, clock: Clock, limits: BreakerLimits) -> None:
        self._clock = clock
        self._limits = limits
        self._lock = threading.Lock()
        self._outcomes: deque[tuple[datetime, bool]] = deque(maxlen=MOST_REMEMBERED)
        self._rests_until: datetime | None = None
        self._trial_until: datetime | None = None

    @property
    def state(self) -> BreakerState:
        """Which of the three it is now."""
        with self._lock:
            return self._state(self._clock.now())

    def admits(self) -> bool:
        """Whether a message may go there now; after a rest only the first who asks, until its outcome is told.

        A trial of which nothing is heard for as long as a rest takes is given to the next.
        """
        with self._lock:
            now = self._clock.now()
            state = self._state(now)
            if state != "half_open":
                return state == "closed"
            if self._trial_until is not None and now < self._trial_until:
                return False
            self._trial_until = now + self._limits.rest
            return True

    def worked(self) -> None:
        """It answered as it should."""
        with self._lock:
            now = self._clock.now()
            state = self._state(now)
            if state == "half_open":
                self._close()
            elif state == "closed":
                self._outcomes.append((now, True))

    def failed(self) -> None:
        """It could not be reached, did not answer, or would take nothing from us."""
        with self._lock:
            now = self._clock.now()
            state = self._state(now)
            if state == "half_open":
                self._open(now)
            elif state == "closed":
                self._outcomes.append((now, False))
                if self._too_often(now):
                    self._open(now)

    def _state(self, now: datetime) -> BreakerState:
        if self._rests_until is None:
            return "closed"
        return "open" if now < self._rests_until else "half_open"

    def _too_often(self, now: datetime) -> bool:
        while self._outcomes and self._outcomes[0][0] <= now - self._limits.window:
            self._outcomes.popleft()
        failures = sum(1 for _, worked in self._outcomes if not worked)
        return failures >= self._limits.failures and 2 * failures >= len(self._outcomes)

    def _open(self, now: datetime) -> None:
        self._rests_until, self._trial_until = now + self._limits.rest, None
        self._outcomes.clear()

    def _close(self) -> None:
        self._rests_until = self._trial_until = None
        self._outcomes.clear()
