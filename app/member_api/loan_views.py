"""Loans as their pages show them 贷款展示."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from services.core.clock import shanghai_day
from services.core.crypto import FieldCipher
from services.loans.codes import LOAN_BUSINESS, REPAYMENT_METHODS
from services.loans.contract import house_of
from services.loans.facts import LoanFact
from services.loans.models import Loan, LoanInstalment, LoanRepayment
from services.loans.standing import Standing
from services.loans.states import INSTALMENT_STATES, LOAN_STATES

_ROLES = {"borrower": "借款人", "co_borrower": "共同借款人"}
_SOURCES = {"card": "还款卡", "fund": "公积金账户", "centre": "公积金中心"}


def rate_text(ppm: int) -> str:
    """26000 → "2.60%", 30750 → "3.075%"."""
    whole, thousandths = divmod(ppm // 10, 1000)
    digits = f"{thousandths:03d}"
    return f"{whole}.{digits[:2] if digits.endswith('0') else digits}%"


def loan_view(fact: LoanFact, loan: Loan, cipher: FieldCipher) -> dict[str, Any]:
    """A loan."""
    return {
        "loan_id": fact.loan_id,
        "contract_no": fact.contract_no,
        "role": fact.role,
        "role_text": _ROLES[fact.role],
        "state": fact.state,
        "state_text": LOAN_STATES.labels[fact.state],
        "bank_name": fact.bank_name,
        "method": fact.method,
        "method_text": REPAYMENT_METHODS[fact.method],
        "rate_text": rate_text(fact.rate_ppm),
        "principal_fen": fact.principal_fen,
        "months": fact.months,
        "drawn_on": fact.drawn_on,
        "due_last_on": fact.due_last_on,
        "balance_fen": fact.balance_fen,
        "months_left": fact.months_left,
        "instalment_fen": fact.instalment_fen,
        "next_due_on": fact.next_due_on,
        "overdue_fen": fact.overdue_principal_fen + fact.overdue_interest_fen,
        "penalty_fen": fact.penalty_fen,
        "settle_today_fen": fact.settle_today_fen,
        "settled_on": fact.settled_on,
        "repaid_principal_fen": loan.repaid_principal_fen,
        "repaid_interest_fen": loan.repaid_interest_fen,
        "card": {"bank_name": fact.card_bank_name, "tail4": fact.card_tail4},
        "house": house_of(cipher, loan).address,
    }


def plan_view(standing: Standing, after: int, limit: int, unpaid: bool) -> dict[str, Any]:
    """The plan in force by years, and the instalments after one, `limit` at most; only what is unpaid when asked."""
    rows = [row for row in standing.rows if row.no > after and not (unpaid and row.state == "paid")]
    page = rows[:limit]
    return {
        "loan_id": str(standing.loan.loan_id),
        "version": standing.loan.plan_version,
        "interest_ahead_fen": sum(row.interest_fen for row in standing.rows if row.state != "paid"),
        "years": plan_years(standing.rows),
        "instalments": [_instalment(row) for row in page],
        "next_after": page[-1].no if len(page) < len(rows) else None,
    }


def plan_years(rows: Sequence[LoanInstalment]) -> list[dict[str, int]]:
    """Instalments added up by the calendar year they are due in."""
    years: list[dict[str, int]] = []
    for year, due in groupby(rows, key=lambda row: row.due_on.year):
        found = list(due)
        years.append(
            {
                "year": year,
                "principal_fen": sum(row.principal_fen for row in found),
                "interest_fen": sum(row.interest_fen for row in found),
                "paid_fen": sum(row.principal_fen + row.interest_fen for row in found if row.state == "paid"),
                "balance_after_fen": found[-1].balance_after_fen,
            }
        )
    return years


def _instalment(row: LoanInstalment) -> dict[str, Any]:
    return {
        "no": row.no,
        "due_on": row.due_on.isoformat(),
        "state": row.state,
        "state_text": INSTALMENT_STATES.labels[row.state],
        "amount_fen": row.principal_fen + row.interest_fen,
        "principal_fen": row.principal_fen,
        "interest_fen": row.interest_fen,
        "balance_after_fen": row.balance_after_fen,
        "rate_text": rate_text(row.rate_ppm),
        "paid_on": row.paid_on.isoformat() if row.paid_on else None,
    }


def repayment_view(row: LoanRepayment) -> dict[str, Any]:
    """One business."""
    return {
        "on": shanghai_day(row.booked_at).isoformat(),
        "kind": row.kind,
        "kind_text": LOAN_BUSINESS[row.kind],
        "source_text": _SOURCES[row.source],
        "amount_fen": row.principal_fen + row.interest_fen + row.penalty_fen,
        "principal_fen": row.principal_fen,
        "interest_fen": row.interest_fen,
        "penalty_fen": row.penalty_fen,
        "balance_after_fen": row.balance_after_fen,
    }
