"""A withdrawal 提取 from the form to its end: the member's, the staff's and the system's steps, and what must hold.

The edges are those of services/withdrawals/states.py and services/settlement/states.py; what each books and tells is
that of services/withdrawals/service.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.settlement.states import INSTRUCTION_STATES
from services.withdrawals.states import UNSENT_STATES, WITHDRAWAL_STATES
from tests.model.bank import LAST_DAY, Bank
from tests.model.explorer import Edges, Explored, explore
from tests.model.orders import SOUND, Above, Faults, Machine, Order

_HELD = {"approved", "waiting", "paying", "accepted", "unknown"}
_FOLLOWS = {
    "approved": {"ready"},
    "waiting": {"ready"},
    "paying": {"ready", "sending"},
    "accepted": {"accepted"},
    "unknown": {"unknown"},
    "paid": {"paid"},
    "returned": {"rejected", "returned"},
    "cancelled": {"", "cancelled"},
}
_ENDS = {"paid", "returned", "repaid", "uncollected", "refused", "expired", "cancelled"}
_APPROVALS = (
    ("submitted", "agreed"),
    ("verifying", "face_passed"),
    ("verifying", "card_passed"),
    ("in_review", "approve"),
)
_ANSWERS = (
    ("submitted", "require_face"),
    ("submitted", "require_review"),
    ("submitted", "cancel"),
    ("verifying", "require_review"),
    ("verifying", "face_failed"),
    ("verifying", "expire"),
    ("verifying", "cancel"),
    ("in_review", "refuse"),
    ("in_review", "cancel"),
)


class Payments:
    """services.withdrawals.service.WithdrawalPayments."""

    table = INSTRUCTION_STATES
    may_strand = False
    moved_event, moved_state, undone_event = "pay", "paid", "come_back"

    def __init__(self) -> None:
        self.edges = Edges(WITHDRAWAL_STATES)

    def _to(self, above: Above, event: str) -> Above:
        return above._replace(case=self.edges.move(above.case, event))

    def sending(self, above: Above) -> Above:
        return self._to(above, "dispatch")

    def accepted(self, above: Above) -> Above:
        return self._to(above, "bank_accepted")

    def unclear(self, above: Above) -> Above:
        return self._to(above, "timed_out")

    def rejected(self, above: Above) -> Above:
        return self._to(above, "bank_rejected").book("reverse", "returned")

    def unpaid(self, above: Above) -> Above:
        return self._to(above, "unpaid").book("reverse", "returned")

    def moved(self, above: Above) -> Above:
        return self._to(above, "bank_paid").book("settle", "paid")

    def undone(self, above: Above) -> Above:
        return self._to(above, "bank_return").book("return", "returned")

    def called_back(self, above: Above) -> Above:
        return self._to(above, "call_back").book("reverse", "stopped")


class Withdrawal:
    """Every step of a withdrawal."""

    def __init__(self, faults: Faults = SOUND, *, bank_remembers: bool = True, people: bool = True) -> None:
        self.payments = Payments()
        self._faults = faults
        self.machine = Machine(self.payments, faults, people=people)
        self._bank = Bank(remembers=bank_remembers)

    def explored(self) -> Explored[Order]:
        """Every state, and the first that is wrong."""
        start = Order(Above(WITHDRAWAL_STATES.initial), self._bank)
        return explore(start, self.steps, wrong, ended)

    def steps(self, order: Order) -> Iterator[tuple[str, Order]]:
        """What may happen next."""
        case = order.above.case
        for source, event in _ANSWERS:
            if case == source:
                yield event, self._with(order, event)
        for source, event in _APPROVALS:
            if case == source:
                yield from self._approved(order, event)
        if case == "collecting":
            yield "bank_collected", self._with(order, "bank_collected")
            yield "bank_rejected", self._with(order, "bank_rejected")
            yield "unpaid", self._with(order, "unpaid")
        if case == "waiting" and order.waits:
            yield "the wait is over", order._replace(waits=False)
        if case == "waiting" and order.state == "ready":
            yield "the member stops the payment", self._stopped(order)
        if case in UNSENT_STATES and not order.locked:
            yield from self._locked(order)
        if order.state:
            yield from self.machine.steps(order)

    def _locked(self, order: Order) -> Iterator[tuple[str, Order]]:
        """Locking.lock: what never left is called back now; what is on its way, should it prove not to have left."""
        if self.machine.never_left(order):
            yield "the member locks the account", self.machine.called_back(order)
        elif order.state == "sending" and self._faults.calls_back_unasked:
            yield "the member locks the account", self._torn(order)
        elif order.state == "sending":
            yield "the member locks the account", order._replace(locked=True)

    def _torn(self, order: Order) -> Order:
        """The mistake of not looking at the instruction."""
        return order._replace(above=self.payments.called_back(order.above), state="cancelled")

    def _with(self, order: Order, event: str) -> Order:
        return order._replace(above=self.payments._to(order.above, event))

    def _approved(self, order: Order, event: str) -> Iterator[tuple[str, Order]]:
        """One transaction: state, hold and instruction; or the loan is repaid, or its card is asked."""
        approved = self._with(order, event)
        held = approved._replace(above=approved.above.book("hold"), state=INSTRUCTION_STATES.initial)
        yield f"{event}: to be paid", held
        yield f"{event}: to be paid later", self._with(held, "postpone")._replace(waits=True)
        yield f"{event}: repays the loan", self._with(approved, "offset")
        yield f"{event}: the card is asked", self._with(approved, "collect")

    def _stopped(self, order: Order) -> Order:
        stopped = self._with(order, "cancel")
        above = stopped.above.book("reverse", "stopped")
        return stopped._replace(above=above, state=self.machine.edges.move(order.state, "cancel"))


def wrong(order: Order) -> str | None:
    """What must never be."""
    (case, booked, told), bank = order.above, order.bank
    if bank.moved > 1:
        return "paid twice"
    if "reverse" in booked and bank.moved:
        return "reversed and paid"
    if len(set(booked)) != len(booked):
        return "booked twice"
    if len(set(told)) != len(told):
        return "told twice"
    if ("settle" in booked) > bank.moved or ("return" in booked) > bank.undone:
        return "booked what the bank has not done"
    if ("hold" in booked and not {"settle", "reverse"} & set(booked)) != (case in _HELD):
        return "the hold is not that of an open case"
    if order.state not in _FOLLOWS.get(case, {""}):
        return f"a case {case} with an instruction {order.state}"
    due = {
        "settle": "paid",
        "reverse": "stopped" if case == "cancelled" else "returned",
        "return": "returned",
    }
    if told != tuple(due[step] for step in booked if step in due):
        return "what was told is not what happened"
    return None


def ended(order: Order) -> bool:
    """At an end that is right by the bank's books, or where the model's days end."""
    case, booked, _ = order.above
    if order.sent_on == order.bank.day == LAST_DAY or order.bank.beyond:
        return True
    if case not in _ENDS:
        return False
    if case == "paid":
        return (order.bank.moved, order.bank.undone) == (1, 0)
    return order.bank.moved == order.bank.undone == ("return" in booked)
