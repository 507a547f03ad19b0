"""Loans that a card still has to pay 还要从卡里扣款的贷款: open ones, and those settled in the books of which the bank put money back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.core.money import yuan_text
from services.items.declaration import Choice, Refusal
from services.items.facts import Facts
from services.items.fund_loans import has_open_loan, label, open_loans
from services.loans.facts import LoanFact
from services.policies.rules import Policy


def owed_loans(facts: Facts) -> tuple[LoanFact, ...]:
    """Open loans first."""
    owed = facts.loans.owed if facts.loans else ()
    return (*open_loans(facts), *(loan for loan in owed if not loan.is_open))


def charged(facts: Facts, form: Any) -> LoanFact | None:
    """The loan of the form; the first while none is chosen."""
    wanted = getattr(form, "loan", None)
    return next((loan for loan in owed_loans(facts) if wanted in (None, loan.loan_id)), None)


def owed_choices(facts: Facts, policy: Policy) -> Mapping[str, tuple[Choice, ...]]:
    """The loans to choose from."""
    known = tuple(Choice(loan.loan_id, _label(loan)) for loan in owed_loans(facts))
    return {"loan": known} if known else {}


def _label(loan: LoanFact) -> str:
    if loan.is_open:
        return label(loan)
    back = yuan_text(loan.taken_back_fen)
    return f"{loan.bank_name}公积金贷款（合同尾号 {loan.contract_no[-4:]}），银行冲回的 {back} 元还没有补上"


def has_owed_loan(facts: Facts, form: Any, policy: Policy) -> Refusal | None:
    """有没还清的公积金贷款，或者银行冲回的钱还没有补上."""
    return None if charged(facts, form) is not None else has_open_loan(facts, form, policy)
