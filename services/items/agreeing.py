"""Keeping an agreement 签约、变更、终止: which loan is meant, and putting the member's word into force."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.accounts.service import usable_card
from services.agreements.service import Terms, agreement_of, end, sign
from services.applications.models import Application
from services.core.errors import Conflict
from services.items.facts import AgreementFacts, Facts
from services.items.fund_loans import open_loans
from services.items.outside import HomeLoan
from services.loans.facts import LoanFact
from services.members.consents import require_consent
from services.policies.rules import Policy


def in_force(facts: Facts) -> AgreementFacts | None:
    """The agreement there is."""
    return facts.agreement if facts.agreement and facts.agreement.kind else None


def bank_loans(facts: Facts) -> tuple[HomeLoan, ...]:
    """Commercial loans; the bank's part of a combined loan cannot be agreed on."""
    found = facts.home_loan.loans if facts.home_loan else ()
    return tuple(loan for loan in found if loan.kind == "commercial")


def sees_banks(policy: Policy) -> bool:
    """Whether loans of banks can be agreed on yet."""
    return bool(policy.values["agreement.commercial_on_offer"])


def chosen_own(facts: Facts, form: Any) -> LoanFact | None:
    """The centre's loan of the form; the first of them while none is chosen."""
    return next((loan for loan in open_loans(facts) if form.loan in (None, loan.loan_id)), None)


def chosen_bank(facts: Facts, form: Any, policy: Policy) -> HomeLoan | None:
    """The bank's loan of the form, where the centre's is not meant."""
    if not sees_banks(policy) or chosen_own(facts, form) is not None:
        return None
    return next((loan for loan in bank_loans(facts) if form.loan in (None, loan.key)), None)


def keep_agreement(
    session: Session, application: Application, facts: Facts, form: Any, policy: Policy, at: datetime
) -> None:
    """Sign, change or end, as the form says. Raises CardCooling, ConsentRequired, Conflict `agreement.none`."""
    account_id = application.account_id
    if form.action == "end":
        found = agreement_of(session, account_id)
        if found is None:
            raise Conflict("您现在没有约定。", code="agreement.none")
        return end(session, found, "member", at, actor="member")
    terms = _terms(facts, form, policy)
    if terms.card_id is not None:
        usable_card(session, account_id, terms.card_id, at)
    consent = require_consent(session, account_id, "data_sharing")
    signed = sign(session, application, terms, consent.consent_id, at)
    application.result = {**application.result, "agreement": {"agreement_id": str(signed.agreement_id)}}
    session.flush()  # the state is moved by a statement of its own
    return None


def _terms(facts: Facts, form: Any, policy: Policy) -> Terms:
    own = chosen_own(facts, form)
    if own is not None:
        return Terms("offset", own.loan_id, f"{own.bank_name}公积金贷款还款日冲还", None)
    bank = chosen_bank(facts, form, policy)
    assert bank is not None  # the rules refused otherwise
    return Terms("commercial", bank.key, f"{bank.label}每月提取"[:80], form.card_id)
