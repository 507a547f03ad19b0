"""The borrower's own fund when the card's turn has come 公积金还本期: what it may give, and paying all of it.

No case is opened: one of the member's may be under way, and what holds up the agreement's run makes nobody overdue.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.accounts.rules import PAYING_STATES
from services.accounts.service import account_of
from services.agreements.models import LoanAgreement
from services.applications.service import load
from services.audit.service import record
from services.core.outbox import emit
from services.ledger.queries import balance_of
from services.loans.booking import Payer
from services.loans.discharge import ask_for_discharge
from services.loans.instalments import Demand
from services.loans.models import Loan
from services.loans.service import pay_instalment, pay_overdue
from services.members.models import Consent

_ITEM_NAME = "约定提取还贷"


def agreement_on(session: Session, loan: Loan) -> LoanAgreement | None:
    """The offset agreement on a loan, its borrower's before a co-borrower's."""
    statement = (
        select(LoanAgreement)
        .where(
            LoanAgreement.state == "active",
            LoanAgreement.kind == "offset",
            LoanAgreement.loan_ref == str(loan.loan_id),
        )
        .order_by((LoanAgreement.account_id == loan.account_id).desc())
        .limit(1)
    )
    return session.scalar(statement)


def own_agreement_on(session: Session, loan: Loan) -> LoanAgreement | None:
    """The borrower's own agreement that lets the fund pay today; a co-borrower's fund gives all or nothing, by its run."""
    agreement = agreement_on(session, loan)
    if agreement is None or agreement.account_id != loan.account_id:
        return None
    consent = session.get(Consent, (agreement.account_id, agreement.consent_id))
    if consent is None or consent.withdrawn_at is not None:
        return None  # its run ends it
    return agreement if account_of(session, loan.account_id).state in PAYING_STATES else None


def pay_from_fund(
    session: Session, agreement: LoanAgreement, loan: Loan, needed: Demand, on: date, at: datetime
) -> None:
    """Book what a day demands from the fund (05) and tell of it.

    The caller has locked the account and the loan, and seen that the fund covers it.
    """
    payer = Payer("fund", loan.account_id, valued_on=on)
    pay = pay_overdue if needed.purpose == "overdue" else pay_instalment
    pay(session, loan.account_id, loan.loan_id, payer, at)
    session.flush()
    _tell(session, agreement, loan, needed.paid.amount_fen, at)
    if loan.state == "settled":
        signed = load(session, agreement.account_id, agreement.application_id)
        ask_for_discharge(session, loan, signed, at)


def _tell(session: Session, agreement: LoanAgreement, loan: Loan, amount_fen: int, at: datetime) -> None:
    detail = {
        "amount_fen": amount_fen,
        "agreement_id": str(agreement.agreement_id),
        "signed_in": str(agreement.application_id),
    }
    record(
        session, loan.account_id, "loan.repaid", actor="系统", subject=loan.contract_no, at=at, detail=detail
    )
    payload = {
        "item_name": _ITEM_NAME,
        "amount_fen": amount_fen,
        "balance_fen": balance_of(session, loan.account_id).balance_fen,
        "owed_fen": loan.balance_fen,
    }
    emit(session, loan.account_id, "loan.repaid", payload, at)
