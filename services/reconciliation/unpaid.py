"""Saying that an order was not carried out 确认未付: what has to be certain before two people may.

Only the order's own break is closed so. Money that went to the wrong card or in another amount is a movement with a
break of its own, which is booked on its day.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.reconciliation.errors import CarriedOut, NotTakenIn, NotTheOrders, OrderMoved, UnpaidTooEarly
from services.reconciliation.models import BankBreak
from services.reconciliation.statements import is_believed

_GIVEN_UP_FROM = ("accepted", "unknown")
_ORDER = text("""
SELECT state, sent_on, amount_fen, 'debit' AS direction FROM payment_instruction WHERE instruction_no = :number
UNION ALL
SELECT state, sent_on, amount_fen, 'credit' FROM deduction WHERE instruction_no = :number
""")
# The day it was sent on and the next; for what was sent before these books began, their first two.
_DAYS = text("SELECT day FROM business_day WHERE day >= :sent_on ORDER BY day LIMIT 2")
_UNREAD = text("""
SELECT EXISTS (SELECT FROM bank_statement_line s WHERE s.instruction_no = :number
               AND NOT EXISTS (SELECT FROM bank_notice n WHERE n.notice_key = s.notice_key))
""")
_CARRIED_OUT = text("""
SELECT EXISTS (SELECT FROM bank_notice WHERE instruction_no = :number AND direction = :direction
               AND amount_fen = :amount_fen AND outcome <> 'payee_differs')
""")


def is_the_orders(row: BankBreak) -> bool:
    """Whether it is about an order that no statement has, and about no movement: nothing is there to be booked."""
    return row.kind == "status_differs" and row.notice_key is None and row.instruction_no is not None


def refuse_unpaid(session: Session, row: BankBreak) -> None:
    """Raises NotTheOrders, OrderMoved, UnpaidTooEarly, NotTakenIn, CarriedOut. The order's account is locked."""
    if not is_the_orders(row):
        raise NotTheOrders
    number = {"number": row.instruction_no}
    order = session.execute(_ORDER, number).one()
    if order.state not in _GIVEN_UP_FROM:
        raise OrderMoved
    if not _statements_are_there(session, order.sent_on):
        raise UnpaidTooEarly
    if session.scalar(_UNREAD, number):
        raise NotTakenIn
    sought = {**number, "direction": order.direction, "amount_fen": order.amount_fen}
    if session.scalar(_CARRIED_OUT, sought):
        raise CarriedOut


def _statements_are_there(session: Session, sent_on: date) -> bool:
    """Whether the final statements of its day and of a whole bank day after it are there and to be believed."""
    days = list(session.scalars(_DAYS, {"sent_on": sent_on}))
    return any(day > sent_on for day in days) and all(is_believed(session, day) for day in days)
