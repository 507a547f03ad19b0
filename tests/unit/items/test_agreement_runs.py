"""What a run of an agreement rests on, judged again: never by the rules of ending one."""

from dataclasses import replace
from datetime import date

import pytest

from services.items.example_facts import plain_facts, with_account
from services.items.facts import AgreementFacts, Fact, LoanFacts
from services.items.fund_loans import EXAMPLE_LOAN
from services.items.outside import HomeLoan, HomeLoanFacts
from services.items.run_rules import RULES, Run, run_amount
from services.policies.rules import Policy

DAY = date(2026, 12, 20)
FIGURES = {
    "agreement.retain_fen": 10_000,
    "loan.offset_leave_fen": 1,
    "withdrawal.case_limit_fen": 5_000_000,
    "withdrawal.precision_fen": 1,
}
BANK = HomeLoan("l1", "工商银行房贷", "commercial", True, True, 3_600_000, 300_000)


def bank_run(balance_fen: int, months: int = 1) -> Run:
    facts = plain_facts(
        Fact.HOME_LOAN,
        home_loan=HomeLoanFacts((BANK,)),
        agreement=AgreementFacts("commercial", "l1", "x", "y"),
    )
    return Run(with_account(facts, balance_fen=balance_fen), Policy(DAY, FIGURES, "v"), ["2026-12"] * months)


def own_run(balance_fen: int, **loan: object) -> Run:
    facts = plain_facts(
        loans=LoanFacts((replace(EXAMPLE_LOAN, **loan),)),
        agreement=AgreementFacts("offset", EXAMPLE_LOAN.loan_id, "x", "y"),
    )
    return Run(with_account(facts, balance_fen=balance_fen), Policy(DAY, FIGURES, "v"), ["2026-12"])


def refused(run: Run) -> list[str]:
    return [found.code for rule in RULES if (found := rule(run)) is not None]


@pytest.mark.parametrize(
    ("run", "most", "codes"),
    [
        (bank_run(5_600_000), 300_000, []),
        (bank_run(5_600_000, 3), 900_000, []),
        (bank_run(200_000), 190_000, []),  # 100.00 stay
        (bank_run(10_000), 0, ["agreement.short"]),
        (own_run(5_600_000), 240_204, []),
        (own_run(240_205), 240_204, []),  # 0.01 stays
        (own_run(240_204), 240_203, ["agreement.short"]),
        (own_run(5_600_000, state="settled", instalment_fen=0), 0, ["agreement.no_loan"]),
    ],
    ids=["bank", "three_months", "part", "nothing", "own", "just_enough", "a_fen_short", "settled"],
)
def test_a_run_by_its_own_rules(run: Run, most: int, codes: list[str]) -> None:
    assert (run_amount(run).max_fen, refused(run)) == (most, codes)


def test_overdue_counts_with_its_penalty() -> None:
    run = own_run(
        5_600_000,
        state="overdue",
        overdue_principal_fen=112_000,
        overdue_interest_fen=128_204,
        penalty_fen=26,
    )
    assert run_amount(run).max_fen == 240_230


def test_without_an_agreement_or_a_usable_account_there_is_no_run() -> None:
    run = bank_run(5_600_000)
    ended = Run(replace(run.facts, agreement=AgreementFacts()), run.policy, run.months)
    assert refused(ended) == ["agreement.none", "agreement.no_loan"]
    closed = Run(with_account(run.facts, state="03"), run.policy, run.months)
    assert "account.not_usable" in refused(closed)
