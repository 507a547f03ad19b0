"""Trials as their pages show them 试算展示."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from app.member_api.loan_views import rate_text
from services.core.money import yuan_text
from services.items.fund_loans import CHANGES
from services.loans.calculator import LoanTrial
from services.loans.codes import REPAYMENT_METHODS
from services.loans.limits import Borrowable
from services.loans.rules import Instalment, Plan, Prepayment, month_after
from services.policies.rules import Figure

_RATES = {
    "first_short": "loan.rate.first.to_5y_ppm",
    "first_long": "loan.rate.first.over_5y_ppm",
    "second_short": "loan.rate.second.to_5y_ppm",
    "second_long": "loan.rate.second.over_5y_ppm",
}
RATE_KEYS = tuple(_RATES.values())


def trial_view(trial: LoanTrial, plan_year: int | None, rate_from: date) -> dict[str, Any]:
    """What a loan would cost."""
    rows, other = trial.rows, trial.other.rows
    first = 12 * (plan_year - 1) if plan_year else len(rows)
    return {
        "rate_text": rate_text(trial.rate_ppm),
        "rate_from": rate_from.isoformat(),
        "method": trial.method,
        "method_text": REPAYMENT_METHODS[trial.method],
        "first_fen": rows[0].amount_fen,
        "second_fen": rows[1].amount_fen if len(rows) > 1 else 0,
        "last_fen": rows[-1].amount_fen,
        "total_interest_fen": trial.interest_fen,
        "total_fen": trial.amount_fen + trial.interest_fen,
        "years": years_view(rows),
        "instalments": [_instalment(row) for row in rows[first : first + 12]],
        "other_method": trial.other.method,
        "other_method_text": REPAYMENT_METHODS[trial.other.method],
        "other_first_fen": other[0].amount_fen,
        "other_last_fen": other[-1].amount_fen,
        "other_total_interest_fen": trial.other.interest_fen,
        "other_years": years_view(other),
        "note": "按今天的利率估算，仅供参考。能贷多少、利率多少，以审批和借款合同为准。",
    }


def _instalment(row: Instalment) -> dict[str, int]:
    return {
        "no": row.no,
        "amount_fen": row.amount_fen,
        "principal_fen": row.principal_fen,
        "interest_fen": row.interest_fen,
        "balance_after_fen": row.balance_after_fen,
    }


def years_view(rows: Plan) -> list[dict[str, int]]:
    """Sums of every twelve instalments."""
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


def rates_view(history: dict[str, Sequence[Figure]], today: date) -> list[dict[str, Any]]:
    """Rates of every date up to today, the newest first."""
    days = {figure.effective_from for figures in history.values() for figure in figures}
    return [_rates_of(history, day) for day in sorted(days, reverse=True) if day <= today]


def _rates_of(history: dict[str, Sequence[Figure]], day: date) -> dict[str, Any]:
    known = {key: [f for f in figures if f.effective_from <= day] for key, figures in history.items()}
    latest = {name: known[key][-1] for name, key in _RATES.items()}
    return {
        "from_on": day.isoformat(),
        **{name: rate_text(int(figure.value)) for name, figure in latest.items()},
        "assumed": any(figure.trust == "assumed" for figure in latest.values()),
    }


def limits_view(found: Borrowable, assumed: frozenset[str]) -> list[dict[str, Any]]:
    """Every limit, the deciding one marked."""
    return [
        {
            "code": limit.code,
            "label": limit.label,
            "fen": limit.fen,
            "text": limit.text,
            "decides": limit is found.deciding,
            "assumed": not assumed.isdisjoint(limit.figures),
        }
        for limit in found.limits
    ]


def waits_text(paid_months: int, needed: int, today: date) -> str | None:
    """What is still missing before a loan can be asked for."""
    if paid_months >= needed:
        return None
    year, month = month_after(today, needed - paid_months)
    return (
        f"连续缴存满 {needed} 个月才能申请贷款，您缴了 {paid_months} 个月；"
        f"不断缴的话，{year} 年 {month} 月起可以申请。"
    )


def prepay_view(ways: Sequence[Prepayment]) -> dict[str, Any]:
    """Both ways of one prepayment."""
    one = ways[0]
    return {
        "amount_fen": one.amount_fen,
        "principal_fen": one.principal_fen,
        "interest_fen": one.interest_fen,
        "balance_after_fen": sum(row.principal_fen for row in one.after),
        "ways": [_way(way) for way in ways],
        "note": f"其中 {yuan_text(one.interest_fen)} 元是这一期到今天的利息。钱还没有动。",
    }


def _way(way: Prepayment) -> dict[str, Any]:
    return {
        "change": way.change,
        "label": CHANGES[way.change],
        "months_before": len(way.before),
        "months_after": len(way.after),
        "instalment_before_fen": way.before[0].amount_fen,
        "instalment_after_fen": way.after[0].amount_fen,
        "last_due_before": way.before[-1].due_on.isoformat(),
        "last_due_after": way.after[-1].due_on.isoformat(),
        "saved_fen": way.saved_fen,
    }
