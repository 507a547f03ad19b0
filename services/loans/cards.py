"""Repayment account 还款账号: reading it and changing it; the old one stays on record."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.crypto import FieldCipher
from services.loans.contract import CARD_CONTEXT, RepaymentCard, card_row
from services.loans.errors import LoanSettled, SameCard
from services.loans.models import LoanCard
from services.loans.recovering import to_recover_fen
from services.loans.standing import standing_of


def card_of(session: Session, account_id: UUID, loan_id: UUID) -> LoanCard:
    """The card repayments are taken from now."""
    statement = select(LoanCard).where(
        LoanCard.account_id == account_id, LoanCard.loan_id == loan_id, LoanCard.ended_at.is_(None)
    )
    return session.scalars(statement).one()


def change_card(
    session: Session, cipher: FieldCipher, account_id: UUID, loan_id: UUID, card: RepaymentCard, at: datetime
) -> LoanCard:
    """Take repayments from another card of the borrower, which the bank has confirmed.

    A settled loan keeps its card, unless the bank put something back that a card has to pay again. Raises SameCard,
    LoanSettled.
    """
    loan = standing_of(session, account_id, loan_id, lock=True).loan
    if loan.state == "settled" and not to_recover_fen(session, account_id, loan_id):
        raise LoanSettled
    old = card_of(session, account_id, loan_id)
    if old.card_no_mac == cipher.look_up(card.card_no, CARD_CONTEXT):
        raise SameCard(field="card_no")
    old.ended_at = at
    session.flush()
    new = card_row(cipher, loan, card, at)
    session.add(new)
    detail = {"old_bank": old.bank_code, "old_tail4": old.tail4, "bank": new.bank_code, "tail4": new.tail4}
    record(
        session,
        account_id,
        "loan.card_changed",
        actor="member",
        subject=loan.contract_no,
        at=at,
        detail=detail,
    )
    return new
