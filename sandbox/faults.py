"""Faults 故障: what a test orders to go wrong, by server, call and person, and how many times."""

from __future__ import annotations

import itertools
import random
import threading
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Fault:
    """One order: `kind` happens on calls `on` of `server`, `times` more times (None: until deleted)."""

    number: int
    server: str
    on: str
    kind: str
    person: str | None = None
    times: int | None = 1
    args: dict[str, Any] = field(default_factory=dict)

    def fits(self, server: str, on: str, persons: tuple[str, ...]) -> bool:
        """Whether this call is meant."""
        return (
            self.server == server
            and self.on in ("*", on)
            and (self.person is None or self.person in persons)
            and (self.times is None or self.times > 0)
        )

    def comes_up(self) -> bool:
        """Whether it happens this time: always, unless `args` gives it `odds` between 0 and 1."""
        return random.random() < float(self.args.get("odds", 1))


class Faults:
    """The orders in force."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._faults: list[Fault] = []

    def order(
        self,
        server: str,
        on: str,
        kind: str,
        *,
        person: str | None = None,
        times: int | None = 1,
        args: dict[str, Any] | None = None,
    ) -> Fault:
        """Order a fault; the oldest fitting one is used first."""
        fault = Fault(next(self._numbers), server, on, kind, person, times, args or {})
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(
        self, server: str, on: str, *persons: str | None, kinds: tuple[str, ...] | None = None
    ) -> Fault | None:
        """The fault this call shall suffer (used up by one), or None."""
        named = tuple(person for person in persons if person)
        with self._lock:
            for fault in self._faults:
                if (
                    fault.fits(server, on, named)
                    and (kinds is None or fault.kind in kinds)
                    and fault.comes_up()
                ):
                    if fault.times is not None:
                        fault.times -= 1
                    self._faults = [kept for kept in self._faults if kept.times != 0]
                    return fault
        return None

    def list(self) -> list[dict[str, Any]]:
        """All orders in force."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def cancel(self, number: int | None = None) -> None:
        """Take back one order, or all."""
        with self._lock:
            self._faults = [] if number is None else [f for f in self._faults if f.number != number]
