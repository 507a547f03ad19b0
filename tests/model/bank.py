"""The bank and the line to it 银行与网络: messages get lost, late, twice; the bank pays, refuses and gives back as it likes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

LAST_DAY = 1
_ANSWERS = {"failed": "rejected", "pending": "unknown", "late": "unknown", "hidden": "unknown"}


class Line(NamedTuple):
    """A movement on the centre's account."""

    ref: int
    kind: str  # moved: as ordered; back: undone
    day: int


class Taken(NamedTuple):
    """An order that the bank has taken."""

    ref: int
    day: int
    state: str  # late (taken, not found yet), accepted, pending, failed, hidden (moved, not found yet), moved, undone


class Message(NamedTuple):
    """An order on the line."""

    ref: int
    day: int


class Bank(NamedTuple):
    """What is outside. `remembers`: an order that comes again is recognised by its number, so the line may double it."""

    remembers: bool = True
    day: int = 0
    wire: frozenset[Message] = frozenset()
    copies: int = 1
    taken: tuple[Taken, ...] = ()
    lines: frozenset[Line] = frozenset()
    untold: frozenset[Line] = frozenset()

    def sent(self, message: Message) -> Bank:
        """A message is on its way."""
        return self._replace(wire=self.wire | {message})

    def arrivals(self) -> Iterator[tuple[str, Message, str | None, Bank]]:
        """Messages that arrive: label, which, what the bank would answer (None: nothing), and the bank afterwards."""
        for message in self.wire:
            rest = self._replace(wire=self.wire - {message})
            yield "the order is lost on the way", message, None, rest
            for answer, bank in rest._received(message):
                yield f"the bank gets the order of day {message.day}: {answer}", message, answer, bank
                if self.remembers and self.copies:
                    doubled = bank._replace(wire=bank.wire | {message}, copies=self.copies - 1)
                    yield f"and the line keeps a copy of it: {answer}", message, answer, doubled

    def _received(self, message: Message) -> Iterator[tuple[str, Bank]]:
        known = self.order(message.ref) if self.remembers else None
        if known is not None:
            yield _ANSWERS.get(known.state, "accepted"), self
        elif message.day != self.day:
            yield "other day", self  # dated on another day: what makes a closed day's statement final
        else:
            for state, answer in (
                ("accepted", "accepted"),
                ("late", "unknown"),
                ("pending", "unknown"),
                ("failed", "rejected"),
            ):
                yield answer, self._replace(taken=(*self.taken, Taken(message.ref, self.day, state)))

    def order(self, ref: int) -> Taken | None:
        """The first order of a number."""
        return next((one for one in self.taken if one.ref == ref), None)

    def fate(self, ref: int, day: int) -> str:
        """What BDC110 says."""
        one = self.order(ref)
        if one is None or one.state in ("late", "hidden") or one.day != day:
            return "no_record"
        return {"failed": "failed", "moved": "success", "undone": "success"}.get(one.state, "pending")

    def never(self, ref: int) -> bool:
        """What the bank tells people who ask it: nothing was done for this number, and nothing of it waits."""
        return all(one.state == "failed" for one in self.taken if one.ref == ref)

    def statement(self, first: int, last: int) -> tuple[Line, ...]:
        """The movements of some days."""
        return tuple(sorted(line for line in self.lines if first <= line.day <= last))

    def moves(self) -> Iterator[tuple[str, Bank]]:
        """What the bank may do next by itself."""
        for number, one in enumerate(self.taken):
            if one.state in ("accepted", "late", "pending"):
                yield (
                    "the bank carries it out",
                    self._booked(number, "hidden" if one.state == "late" else "moved"),
                )
                yield "the bank refuses it after all", self._with(number, "failed")
            if one.state in ("late", "hidden"):
                found = "accepted" if one.state == "late" else "moved"
                yield "the bank can find it now", self._with(number, found)
            if one.state == "moved":
                yield "the bank undoes it", self._booked(number, "undone")
        for line in self.lines - self.untold:
            yield f"the notice of {line.kind} is lost", self._replace(untold=self.untold | {line})
        if self.day < LAST_DAY:
            yield "the bank closes its day", self._closed()

    def _closed(self) -> Bank:
        bank = self
        for number, one in enumerate(self.taken):
            if one.state in ("accepted", "late"):
                bank = bank._booked(number, "hidden" if one.state == "late" else "moved")
        return bank._replace(day=self.day + 1)

    def _booked(self, number: int, state: str) -> Bank:
        bank = self._with(number, state)
        kind = "back" if state == "undone" else "moved"
        return bank._replace(lines=bank.lines | {Line(number, kind, self.day)})

    def _with(self, number: int, state: str) -> Bank:
        taken = list(self.taken)
        taken[number] = taken[number]._replace(state=state)
        return self._replace(taken=tuple(taken))

    @property
    def beyond(self) -> bool:
        """Whether something stands on a day that the model does not live to see closed."""
        return self.day == LAST_DAY and any(line.day == LAST_DAY for line in self.lines)

    @property
    def moved(self) -> int:
        """How often money has moved as ordered."""
        return sum(line.kind == "moved" for line in self.lines)

    @property
    def undone(self) -> int:
        """How often it came back."""
        return sum(line.kind == "back" for line in self.lines)
