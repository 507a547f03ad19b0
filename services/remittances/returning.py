"""What the bank tells of money given back to an employer 退回多缴款: paid out under its number, or come back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from services.ledger.chart import BANK_DEPOSIT, EMPLOYER_RETURN
from services.ledger.service import Entry, Line, post
from services.remittances.models import RemittanceReceipt, RemittanceSurplus
from services.settlement.movements import change_key
from services.settlement.ports import AccountChange


def told_of_return(session: Session, surplus_no: str, change: AccountChange, at: datetime) -> str:
    """Book it once; returns how it was classified. The employer is locked."""
    row = session.get_one(RemittanceSurplus, surplus_no)
    key = (row.employer_id, row.receipt_key)
    money = session.get_one(RemittanceReceipt, key, with_for_update=True, populate_existing=True)
    if change.amount_fen != row.amount_fen:
        return "amount_differs"
    leaves = change.direction == "debit" and not change.reversal
    if leaves and money.state == "to_return":
        money.state = "returned"
        _post(session, row, change, "out", "多缴款退回单位", EMPLOYER_RETURN, BANK_DEPOSIT, at)
        return "remittance_returned"
    if not leaves and money.state == "returned":
        money.state = "to_return"
        _post(session, row, change, "back", "多缴款退回被退汇", BANK_DEPOSIT, EMPLOYER_RETURN, at)
        return "remittance_bounced"
    return "break"


def _post(
    session: Session,
    row: RemittanceSurplus,
    change: AccountChange,
    step: str,
    summary: str,
    debit: str,
    credit: str,
    at: datetime,
) -> None:
    reference = f"surplus:{step}:{change_key(change).hex()[:24]}"
    lines = (Line(debit, row.amount_fen), Line(credit, -row.amount_fen))
    post(session, row.employer_id, Entry(reference, "remittance_return", summary, lines), at)
