"""Loans as their pages show them 贷款展示."""

from __future__ import annotations

from typing import Any

from services.core.clock import shanghai_day
from services.core.crypto import FieldCipher
from services.loans.calculator import LoanTrial
from services.loans.codes import LOAN_BUSINESS, REPAYMENT_METHODS
from services.loans.contract import house_of
from services.loans.facts import LoanFact
from services.loans.models import Loan, LoanRepayment
from services.loans.rules import Plan
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


def plan_view(standing: Standing) -> dict[str, Any]:
    """The plan in force."""
    return {
        "loan_id": str(standing.loan.loan_id),
        "version": standing.loan.plan_version,
        "interest_ahead_fen": sum(row.interest_fen for row in standing.rows if row.state != "paid"),
        "instalments": [
            {
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
            for row in standing.rows
        ],
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


def trial_view(trial: LoanTrial) -> dict[str, Any]:
    """What a loan would cost."""
    rows = trial.rows
    return {
        "rate_text": rate_text(trial.rate_ppm),
        "method": trial.method,
        "method_text": REPAYMENT_METHODS[trial.method],
        "first_fen": rows[0].amount_fen,
        "second_fen": rows[1].amount_fen if len(rows) > 1 else 0,
        "last_fen": rows[-1].amount_fen,
        "total_interest_fen": trial.interest_fen,
        "total_fen": trial.amount_fen + trial.interest_fen,
        "years": _years(rows),
        "other_method_text": REPAYMENT_METHODS[trial.other.method],
        "other_first_fen": trial.other.first_fen,
        "other_total_interest_fen": trial.other.interest_fen,
        "note": "按今天的利率估算，仅供参考。能贷多少、利率多少，以审批和借款合同为准。",
    }


def _years(rows: Plan) -> list[dict[str, int]]:
    years = [rows[start : start + 12] for start in range(0, len(rows), 12)]
    return [
        {
            "year": number,
            "amount_fen": sum(row.amount_fen for row in year),
            "principal_fen": sum(row.principal_fen for row in year),
            "interest_fen": sum(row.interest_fen for row in year),
            "balance_after_fen": year[-1].balance_after_fen,
        }
        for number, year in enumerate(years, 1)
    ]
