"""Orders 指令: what the product does with one order to the bank, as pure functions over the product's own table.

They mirror services/settlement/service.py and jobs.py step by step: between any two of them the process may die. What
the order's move means for the case above it is for `Listener`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from services.core.states import StateTable
from tests.model.bank import LAST_DAY, Bank, Line, Message
from tests.model.explorer import Edges

ASKING = ("sending", "unknown", "accepted")


@dataclass(frozen=True)
class Faults:
    """Mistakes that can be planted."""

    sends_again: bool = False
    new_reference: bool = False
    timeout_is_failure: bool = False
    not_found_is_failure: bool = False
    no_cut_off: bool = False
    no_statement_before_giving_up: bool = False
    old_answer_believed: bool = False
    no_reconciliation: bool = False
    no_day_end: bool = False
    never_asks_about_accepted: bool = False
    notice_not_deduplicated: bool = False
    reply_after_notice: bool = False
    calls_back_unasked: bool = False
    calls_back_what_was_on_the_line: bool = False
    unpaid_too_early: bool = False


SOUND = Faults()


class Above(NamedTuple):
    """The case that an order belongs to: its state, what was booked and what was told."""

    case: str = ""
    booked: tuple[str, ...] = ()
    told: tuple[str, ...] = ()

    def book(self, step: str, *told: str) -> Above:
        """Post a journal, tell the member."""
        return self._replace(booked=(*self.booked, step), told=(*self.told, *told))


class Order(NamedTuple):
    """An order, its case, the two workers that may hold it, and the bank.

    `written`: it has been on the line, and the bank said that it took nothing. `locked`: the member has locked the
    account while it was on its way.
    """

    above: Above
    bank: Bank
    state: str = ""
    waits: bool = False
    sent_before: bool = False
    written: bool = False
    locked: bool = False
    sent_on: int = 0
    ref: int = 0
    seen: frozenset[Line] = frozenset()
    early: frozenset[Line] = frozenset()
    sender: tuple[object, ...] = ()
    asker: tuple[object, ...] = ()


class Listener(Protocol):
    """What an order's move does to its case, in the same transaction."""

    table: StateTable
    may_strand: bool
    """Whether what came in may be impossible to book at first, and an order unsent on its day is given up."""
    moved_event: str
    moved_state: str
    undone_event: str

    def sending(self, above: Above) -> Above: ...
    def accepted(self, above: Above) -> Above: ...
    def unclear(self, above: Above) -> Above: ...
    def rejected(self, above: Above) -> Above: ...
    def unpaid(self, above: Above) -> Above: ...
    def moved(self, above: Above) -> Above: ...
    def undone(self, above: Above) -> Above: ...
    def called_back(self, above: Above) -> Above: ...


class Machine:
    """Every step that can be taken from a state."""

    def __init__(self, listener: Listener, faults: Faults = SOUND, *, people: bool = True) -> None:
        self.edges = Edges(listener.table)
        self._listener = listener
        self._faults = faults
        # With a mistake planted nobody helps an order out, or what is stuck by it would not show.
        self._people = people and (faults == SOUND or faults.unpaid_too_early)

    def steps(self, order: Order) -> Iterator[tuple[str, Order]]:
        """Label and what comes of it."""
        yield from self._sending(order)
        if not self._faults.no_reconciliation or order.state == "unknown":
            yield from self._asking(order)
        if not self._faults.no_reconciliation and not self._faults.no_day_end:
            yield from self._day_end(order)
        if self._people and order.state in ("accepted", "unknown"):
            yield from self._two_people(order)
        yield from self._outside(order)
        if order.state == "unbooked":
            yield "it is booked after all", self._moved(order)
        if order.sender or order.asker:
            yield "the workers are killed", order._replace(sender=(), asker=())

    # -- dispatch ------------------------------------------------------------------------------------------

    def _sending(self, order: Order) -> Iterator[tuple[str, Order]]:
        if order.state == "sending" and not self._faults.sends_again:
            yield "another worker finds it in sending", self._lose(order)
        match order.sender:
            case ():
                yield from self._begin(order)
            case ("order", Message() as message):
                yield "the order does not leave", order._replace(sender=("reply", "not_sent"))
                sent = order._replace(sender=("waits", message))
                yield "the order breaks off half-way", sent
                yield "the order leaves", sent._replace(bank=order.bank.sent(message))
            case ("waits", _):
                yield "no answer in time", order._replace(sender=("reply", "unknown"))
            case ("reply", str(outcome)):
                yield f"the answer is recorded: {outcome}", self._record_reply(order, outcome)

    def _begin(self, order: Order) -> Iterator[tuple[str, Order]]:
        if self._listener.may_strand and order.state == "ready":
            yield "its day is over", self._reject(order, "lapse")
        resent = self._faults.sends_again and order.state in ("sending", "unknown")
        if (order.state != "ready" and not resent) or order.waits:
            return
        # Our clock may be ahead of the bank's day, and the bank may have closed since it was asked; never backwards.
        for day in range(max(order.bank.day - 1, order.sent_on), min(order.bank.day + 1, LAST_DAY) + 1):
            begun = order if resent else self._move(order, "dispatch")
            above = begun.above if order.sent_before else self._listener.sending(begun.above)
            ref = (
                order.ref + 1
                if order.sent_before and self._faults.new_reference and not order.ref
                else order.ref
            )
            begun = begun._replace(above=above, sent_before=True, sent_on=day, ref=ref)
            yield f"a worker takes it, for day {day}", begun._replace(sender=("order", Message(ref, day)))

    def _record_reply(self, order: Order, outcome: str) -> Order:
        order = order._replace(sender=())
        if order.state != "sending" and not self._faults.reply_after_notice:
            return order
        if outcome == "accepted":
            return self._accept(order)
        if outcome == "rejected" or (outcome == "unknown" and self._faults.timeout_is_failure):
            return self._reject(order, "reject")
        if outcome in ("not_sent", "other day"):
            order = self._move(order, "not_sent")._replace(written=order.written or outcome == "other day")
            return self.called_back(order) if order.locked and self.never_left(order) else order
        return self._lose(order) if not self._faults.sends_again else order

    # -- the member's lock ---------------------------------------------------------------------------------

    def never_left(self, order: Order) -> bool:
        """services.settlement.calling_back.never_left."""
        return order.state == "ready" and (not order.written or self._faults.calls_back_what_was_on_the_line)

    def called_back(self, order: Order) -> Order:
        """The lock's transaction, or that of the answer it waited for."""
        return self._move(order, "cancel")._replace(above=self._listener.called_back(order.above))

    # -- follow-up -----------------------------------------------------------------------------------------

    def _asking(self, order: Order) -> Iterator[tuple[str, Order]]:
        match order.asker:
            case () if order.state == "unknown":
                yield from self._ask(order)
            case () if order.state == "accepted":
                yield (
                    "the day is asked, to look for it",
                    order._replace(asker=("read", order.bank.day, "ask")),
                )
            case ("fate", str(outcome), tuple(then)):
                yield f"its fate is recorded: {outcome}", self._record_query(order, outcome, then)
            case ("close",):
                yield "the day is asked, to give it up", self._closing(order)
            case ("again", int(last), then):
                yield from self._ask(order, ("read", last, then))
            case _:
                yield from self._reading(order)

    def _closing(self, order: Order) -> Order:
        if order.bank.day <= order.sent_on and not self._faults.no_cut_off:
            return order._replace(asker=())
        believed = self._faults.old_answer_believed or self._faults.no_cut_off
        return order._replace(asker=("read" if believed else "again", order.bank.day, "give up"))

    def _reading(self, order: Order) -> Iterator[tuple[str, Order]]:
        match order.asker:
            case ("read", int(last), then):
                lines = order.bank.statement(order.sent_on, last)
                if self._faults.no_statement_before_giving_up and then == "give up":
                    lines = ()
                yield "the statement is read", order._replace(asker=("apply", lines, last, then))
            case ("apply", (first, *rest), last, then):
                for done in self._record_change(order, first):
                    yield "a line of the statement", done._replace(asker=("apply", tuple(rest), last, then))
            case ("apply", (), int(last), then):
                yield from self._after_statement(order._replace(asker=()), last, str(then))

    def _ask(self, order: Order, then: tuple[object, ...] = ("close",)) -> Iterator[tuple[str, Order]]:
        outcome = order.bank.fate(order.ref, order.sent_on)
        yield f"the bank is asked: {outcome}", order._replace(asker=("fate", outcome, then))

    def _record_query(self, order: Order, outcome: str, then: tuple[object, ...]) -> Order:
        order = order._replace(asker=())
        if order.state == "unknown" and outcome == "success":
            return self._accept(order)
        failed = outcome == "failed" or (outcome == "no_record" and self._faults.not_found_is_failure)
        if order.state in ("unknown", "accepted") and failed:
            return self._reject(order, "reject")
        if order.state == "unknown" and outcome == "no_record" and not self._faults.no_reconciliation:
            return order._replace(asker=then)
        return order

    def _after_statement(self, order: Order, last: int, then: str) -> Iterator[tuple[str, Order]]:
        if then == "give up":
            given_up = self._reject(order, "absent_after_cutoff") if order.state == "unknown" else order
            yield "absent from the closed day: given up", given_up
        elif (
            order.state == "accepted" and last > order.sent_on and not self._faults.never_asks_about_accepted
        ):
            yield from self._ask(order)
        else:
            yield "the statement is done with", order

    def _day_end(self, order: Order) -> Iterator[tuple[str, Order]]:
        """services/reconciliation reads each closed day's statement, whether anybody waits for it or not."""
        for line in order.bank.statement(0, order.bank.day - 1):
            if line not in order.seen:
                for done in self._record_change(order, line):
                    yield f"the day's end finds {line.kind}", done

    def _two_people(self, order: Order) -> Iterator[tuple[str, Order]]:
        """The break of an order that its closed day does not have, and the bank's word that it did nothing."""
        late = order.bank.day > order.sent_on or self._faults.unpaid_too_early
        if late and order.bank.never(order.ref):
            unpaid = self._move(order, "unpaid")
            yield "two people say unpaid", unpaid._replace(above=self._listener.unpaid(order.above))

    # -- the bank's own doing ------------------------------------------------------------------------------

    def _outside(self, order: Order) -> Iterator[tuple[str, Order]]:
        for label, message, answer, bank in order.bank.arrivals():
            yield label + ", nothing comes back", order._replace(bank=bank)
            if answer is not None and order.sender == ("waits", message):
                yield label, order._replace(bank=bank, sender=("reply", answer))
        for label, bank in order.bank.moves():
            yield label, order._replace(bank=bank)
        for line in order.bank.lines - order.bank.untold:
            for told in self._record_change(order, line):
                if told != order:
                    yield f"the notice of {line.kind} comes", told

    def _record_change(self, order: Order, line: Line) -> Iterator[Order]:
        if line in order.seen:
            yield self._again(order, line)
            return
        order = order._replace(seen=order.seen | {line})
        if line.kind == "moved" and order.state in ASKING:
            yield self._moved(order)
            if self._listener.may_strand:
                yield self._move(order, "strand")
        elif line.kind == "back" and order.state == self._listener.moved_state:
            yield self._undo(order)
        else:
            yield order._replace(early=order.early | {line}) if line.kind == "back" else order

    def _moved(self, order: Order) -> Order:
        order = self._move(order, self._listener.moved_event)
        order = order._replace(above=self._listener.moved(order.above))
        return self._undo(order) if order.early else order

    def _again(self, order: Order, line: Line) -> Order:
        if self._faults.notice_not_deduplicated and line.kind == "moved" and len(order.above.told) < 2:
            return order._replace(above=self._listener.moved(order.above._replace(case="paying")))
        return order

    def _undo(self, order: Order) -> Order:
        order = self._move(order, self._listener.undone_event)
        return order._replace(above=self._listener.undone(order.above), early=frozenset())

    # -- moves ---------------------------------------------------------------------------------------------

    def _move(self, order: Order, event: str) -> Order:
        state = self.edges.move(order.state, event)
        asked = state in ("ready", "sending")  # past these, no lock can stop it
        return order._replace(state=state, written=order.written and asked, locked=order.locked and asked)

    def _accept(self, order: Order) -> Order:
        return self._move(order, "accept")._replace(above=self._listener.accepted(order.above))

    def _reject(self, order: Order, event: str) -> Order:
        return self._move(order, event)._replace(above=self._listener.rejected(order.above))

    def _lose(self, order: Order) -> Order:
        return self._move(order, "lose")._replace(above=self._listener.unclear(order.above))
