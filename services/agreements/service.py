"""Signing and ending agreements 签约、终止, and what each run has covered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.agreements.models import AgreementRun, LoanAgreement
from services.applications.models import Application
from services.audit.service import record
from services.core.clock import shanghai_day
from services.core.ids import new_id
from services.core.outbox import emit
from services.withdrawals.states import COUNTED_STATES

ENDED_WHY = {
    "loan_settled": "这笔贷款已经还清",
    "account_closed": "公积金账户已不能提取",
    "consent_withdrawn": "您撤回了数据授权",
    "fund_loan": "您有了没还清的公积金贷款",
    "member": "您自己终止了",
}
"""Ends that the member is told of; one that a new agreement takes the place of is not an end to them."""
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=10), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed: kind, loan, how it is called, and the card money goes to."""

    kind: str
    loan_ref: str
    label: str
    card_id: UUID | None


def agreement_of(session: Session, account_id: UUID) -> LoanAgreement | None:
    """The agreement in force."""
    return session.scalar(
        select(LoanAgreement).where(LoanAgreement.account_id == account_id, LoanAgreement.state == "active")
    )


def sign(
    session: Session, application: Application, terms: Terms, consent_id: UUID, at: datetime
) -> LoanAgreement:
    """Put an agreement in force; what was in force before ends with it. The member is told, whoever held the phone."""
    account_id = application.account_id
    before = agreement_of(session, account_id)
    if before is not None:
        end(session, before, "changed", at, actor="member")
    agreement = LoanAgreement(
        account_id=account_id,
        agreement_id=new_id(),
        kind=terms.kind,
        loan_ref=terms.loan_ref,
        label=terms.label,
        card_id=terms.card_id,
        application_id=application.application_id,
        consent_id=consent_id,
        state="active",
        signed_on=shanghai_day(at)
        if before is None or before.loan_ref != terms.loan_ref
        else before.signed_on,
        ended_on=None,
        ended_why=None,
        look_again_at=None,
        attempts=0,
        fault=None,
        created_at=at,
    )
    session.add(agreement)
    session.flush()
    subject = str(agreement.agreement_id)
    record(session, account_id, "agreement.signed", actor="member", subject=subject, at=at)
    payload = {"label": agreement.label, "kind": agreement.kind}
    emit(session, account_id, "agreement.changed" if before else "agreement.signed", payload, at)
    return agreement


def end(session: Session, agreement: LoanAgreement, why: str, at: datetime, *, actor: str) -> None:
    """Take an agreement out of force."""
    agreement.state, agreement.ended_on, agreement.ended_why = "ended", shanghai_day(at), why
    session.flush()
    if why in ENDED_WHY:
        payload = {"label": agreement.label, "reason": ENDED_WHY[why]}
        emit(session, agreement.account_id, "agreement.ended", payload, at)
    subject, detail = str(agreement.agreement_id), {"why": why}
    record(
        session, agreement.account_id, "agreement.ended", actor=actor, subject=subject, at=at, detail=detail
    )


def note_fault(session: Session, key: tuple[UUID, UUID], fault: str, at: datetime) -> int:
    """A run failed unexpectedly: later each time, up to a day, and in sight until one succeeds; returns how often now."""
    agreement = session.get_one(LoanAgreement, key, with_for_update=True, populate_existing=True)
    agreement.attempts, agreement.fault = agreement.attempts + 1, fault[:120]
    wait = min(_FIRST_WAIT * 2 ** min(agreement.attempts - 1, 10), _LONGEST_WAIT)
    agreement.look_again_at = at + wait
    return agreement.attempts


def months_covered(session: Session, agreement: LoanAgreement) -> frozenset[str]:
    """Months paid for or being paid for, under this agreement and all others for the same loan, whoever signed them."""
    statement = (
        select(AgreementRun.months)
        .join(
            LoanAgreement,
            (LoanAgreement.account_id == AgreementRun.account_id)
            & (LoanAgreement.agreement_id == AgreementRun.agreement_id),
        )
        .join(
            Application,
            (Application.account_id == AgreementRun.account_id)
            & (Application.application_id == AgreementRun.application_id),
        )
        .where(LoanAgreement.loan_ref == agreement.loan_ref, Application.state.in_(COUNTED_STATES))
    )
    return frozenset(month for months in session.scalars(statement) for month in months)
