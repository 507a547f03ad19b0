"""What the bank tells of money given back to an employer 退回多缴款: paid out under its number, or come back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.ledger.chart import BANK_DEPOSIT, EMPLOYER_RETURN, OTHER_RECEIVABLE
from services.ledger.service import Entry, Line, post, proven_by
from services.remittances.models import RemittanceReceipt, RemittanceSurplus
from services.remittances.repeating import return_told_before
from services.settlement.models import BankNotice
from services.settlement.movements import change_key
from services.settlement.ports import AccountChange
from services.settlement.strays import stray_debits


def told_of_return(session: Session, surplus_no: str, change: AccountChange, at: datetime) -> str:
    """Book it once; returns how it was classified. The employer is locked.

    While two people have not agreed there may be no such sum yet: what bears the number then is for a person. So is what
    comes back while a second payment of it stands: it answers that one, as far as anybody knows; and what is told again.
    """
    row = session.get_one(RemittanceSurplus, surplus_no)
    key = (row.employer_id, row.receipt_key)
    money = session.get(RemittanceReceipt, key, with_for_update=True, populate_existing=True)
    if change.amount_fen != row.amount_fen:
        return "amount_differs"
    leaves = change.direction == "debit" and not change.reversal
    if money is None or return_told_before(session, surplus_no, change, leaves=leaves):
        return "break"
    if leaves and money.state == "to_return":
        money.state = "returned"
        _post(session, row, change_key(change), "out", "多缴款退回单位", EMPLOYER_RETURN, BANK_DEPOSIT, at)
        return "remittance_returned"
    if not leaves and money.state == "returned" and stray_debits(session, surplus_no, row.amount_fen) <= 0:
        money.state = "to_return"
        _post(session, row, change_key(change), "back", "多缴款退回被退汇", BANK_DEPOSIT, EMPLOYER_RETURN, at)
        return "remittance_bounced"
    return "break"


def take_early(session: Session, row: RemittanceSurplus, money: RemittanceReceipt, at: datetime) -> None:
    """Paid out before the second person agreed: it stands there as a break, and must not be waited for, or paid, again.

    Where two people have booked it by hand (Dr 119, Cr 101), what is owed to the centre ends with it.
    """
    early = session.scalar(
        select(BankNotice)
        .where(
            BankNotice.instruction_no == row.number,
            BankNotice.direction == "debit",
            BankNotice.amount_fen == row.amount_fen,
            BankNotice.outcome.in_(("break", "corrected")),
        )
        .order_by(BankNotice.received_at)
        .limit(1)
        .with_for_update()
    )
    if early is None:
        return
    source = OTHER_RECEIVABLE if early.outcome == "corrected" else BANK_DEPOSIT
    money.state, early.outcome = "returned", "remittance_returned"
    with proven_by(session, early.notice_key):
        _post(session, row, early.notice_key, "out", "多缴款退回单位", EMPLOYER_RETURN, source, at)


def _post(
    session: Session,
    row: RemittanceSurplus,
    notice_key: bytes,
    step: str,
    summary: str,
    debit: str,
    credit: str,
    at: datetime,
) -> None:
    reference = f"surplus:{step}:{notice_key.hex()[:24]}"
    lines = (Line(debit, row.amount_fen), Line(credit, -row.amount_fen))
    post(session, row.employer_id, Entry(reference, "remittance_return", summary, lines), at)
