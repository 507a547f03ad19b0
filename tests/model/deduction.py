"""A deduction 扣款 for a case that its repayment card is to pay: the same bank and the same discipline as a payment.

The edges are those of services/settlement/deductions/states.py; what each books is that of services/items/collecting.py.
"""

from __future__ import annotations

from services.core.states import IllegalTransition
from services.settlement.deductions.states import DEDUCTION_STATES
from services.withdrawals.states import WITHDRAWAL_STATES
from tests.model.bank import LAST_DAY, Bank
from tests.model.explorer import Edges, Explored, explore
from tests.model.orders import SOUND, Above, Faults, Machine, Order

_CASES = {"collected": "repaid", "taken_back": "repaid", "rejected": "uncollected"}


class Collecting:
    """services.items.collecting.CardOutcomes; a deduction that waits for its answer moves nothing above it."""

    table = DEDUCTION_STATES
    may_strand = True
    moved_event, moved_state, undone_event = "collect", "collected", "take_back"

    def __init__(self) -> None:
        self.edges = Edges(WITHDRAWAL_STATES)

    def sending(self, above: Above) -> Above:
        return above

    def accepted(self, above: Above) -> Above:
        return above

    def unclear(self, above: Above) -> Above:
        return above

    def rejected(self, above: Above) -> Above:
        case = self.edges.move(above.case, "bank_rejected")
        return above._replace(case=case).book("release", "uncollected")

    def unpaid(self, above: Above) -> Above:
        return above._replace(case=self.edges.move(above.case, "unpaid")).book("release", "uncollected")

    def moved(self, above: Above) -> Above:
        case = self.edges.move(above.case, "bank_collected")
        return above._replace(case=case).book("repay", "repaid")

    def undone(self, above: Above) -> Above:
        return above.book("owe again")

    def called_back(self, above: Above) -> Above:
        raise IllegalTransition  # a deduction takes nothing from the account: no lock stops it


class Deduction:
    """Every step of a deduction.

    The line doubles nothing here: of an order that was refused for its date and then lapsed, a copy that came a day
    later would be taken. A connection that carries one frame and is closed makes no copies.
    """

    def __init__(self, faults: Faults = SOUND, *, bank_remembers: bool = True, people: bool = True) -> None:
        self.machine = Machine(Collecting(), faults, people=people)
        self._bank = Bank(remembers=bank_remembers, copies=0)

    def explored(self) -> Explored[Order]:
        """Every state, and the first that is wrong."""
        start = Order(Above("collecting"), self._bank, state=DEDUCTION_STATES.initial)
        return explore(start, self.machine.steps, wrong, ended)


def wrong(order: Order) -> str | None:
    """What must never be."""
    (case, booked, _), bank = order.above, order.bank
    if bank.moved > 1:
        return "collected twice"
    if "release" in booked and bank.moved:
        return "given up and collected"
    if len(set(booked)) != len(booked):
        return "booked twice"
    if ("repay" in booked) > bank.moved or ("owe again" in booked) > bank.undone:
        return "booked what the bank has not done"
    if case != _CASES.get(order.state, "collecting"):
        return f"a case {case} with a deduction {order.state}"
    return None


def ended(order: Order) -> bool:
    """At an end that is right by the bank's books, or where the model's days end."""
    if order.sent_on == order.bank.day == LAST_DAY or order.bank.beyond:
        return True
    if order.above.case == "uncollected":
        return order.bank.moved == 0
    return order.above.case == "repaid" and order.bank.undone == ("owe again" in order.above.booked)
