"""A bank of a few lines 小银行: takes payments with the fate it is told, books them, forgets nothing, recognises nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from services.settlement.ports import AccountChange, PaymentOrder, PayReply, QueryReply
from tests.support.domain.fakes import movement

REACHES = {"accepted", "answer lost", "killed after"}
"""Fates in which the bank has taken the order; in the others it never heard of it, or refused it."""


class Killed(BaseException):
    """The worker is gone in the middle of its call."""


@dataclass
class Taken:
    """An order the bank has taken."""

    order: PaymentOrder
    state: str = "accepted"
    lines: list[AccountChange] = field(default_factory=list)


@dataclass
class SmallBank:
    """Implements the settlement port; every order that comes is a payment of its own, even under a known number."""

    day: date = date(2026, 11, 23)
    fate: str = "accepted"
    taken: list[Taken] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    heard: set[str] = field(default_factory=set)
    meanwhile: Callable[[], None] | None = None
    """What happens elsewhere while an order is on its way and does not leave."""

    def pay(self, order: PaymentOrder) -> PayReply:
        """BDC101."""
        if self.fate == "not_sent":
            if self.meanwhile is not None:
                self.meanwhile()
            return PayReply("not_sent", "link.unreachable", "", None, written=False)
        if self.fate != "killed before":
            self.heard.add(order.instruction_no)
        if order.sent_on != self.day:
            return PayReply("not_sent", "E2007", "", None)
        if self.fate in REACHES:
            self.taken.append(Taken(order))
        if self.fate == "rejected":
            self.refused.add(order.instruction_no)
        if self.fate.startswith("killed"):
            raise Killed
        lost = self.fate in ("answer lost", "order lost")
        outcome = "unknown" if lost else self.fate
        return PayReply(outcome, "00000", "", _host(order) if outcome == "accepted" else None)  # type: ignore[arg-type]

    def query(self, instruction_no: str, sent_on: date) -> QueryReply:
        """BDC110."""
        if instruction_no in self.refused:
            return QueryReply("failed", None, "1", "")
        found = next((one for one in self.taken if one.order.instruction_no == instruction_no), None)
        if found is None:
            return QueryReply("no_record", None, "NOREC", "")
        return QueryReply("success" if found.lines else "pending", _host(found.order), "0", "")

    def statement(self, day: date) -> list[AccountChange]:
        """BDC113."""
        return [line for line in self.lines if line.day == day]

    def business_day(self) -> date:
        """SYS600."""
        return self.day

    def sending_day(self) -> date:
        """As an answer of a moment ago said it."""
        return self.business_day()

    @property
    def lines(self) -> list[AccountChange]:
        """Every movement."""
        return [line for one in self.taken for line in one.lines]

    def book(self) -> None:
        """Carry out what was taken."""
        for number, one in enumerate(self.taken):
            if not one.lines:
                line = movement(one.order, day=self.day, host_seq_no=f"{_host(one.order)}{number}")
                one.lines.append(replace(line, pen_no=str(number)))

    def give_back(self) -> None:
        """Undo the payment that was carried out last."""
        for number, one in reversed(list(enumerate(self.taken))):
            if len(one.lines) == 1:
                host = f"R{one.order.instruction_no}{number}"
                one.lines.append(movement(one.order, direction="credit", day=self.day, host_seq_no=host))
                return

    def close(self) -> None:
        """Cut-off: what was taken is booked, and the next day begins."""
        self.book()
        self.day += timedelta(days=1)

    def booked(self, instruction_no: str) -> tuple[int, int]:
        """Debits and returns of a number."""
        found = [
            line.direction
            for one in self.taken
            if one.order.instruction_no == instruction_no
            for line in one.lines
        ]
        return found.count("debit"), found.count("credit")


def _host(order: PaymentOrder) -> str:
    return f"H{order.instruction_no}"
