"""Rules of an agreement's run 约定执行的条件: what a run rests on, judged again from the facts it was opened with; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.accounts.rules import PAYING_STATES
from services.items.declaration import Amount, Part, Refusal
from services.items.facts import Facts
from services.items.rules import available_fen
from services.policies.rules import Policy

FIGURES = (
    "agreement.retain_fen",
    "loan.offset_leave_fen",
    "withdrawal.case_limit_fen",
    "withdrawal.precision_fen",
)
"""Figures that a run rests on; kept with its case."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it was opened: its facts, the figures of its day, and the months it covers."""

    facts: Facts
    policy: Policy
    months: Sequence[str]

    @property
    def due_fen(self) -> int:
        """What was to be paid: the centre's instalment or arrears, or a bank's instalment for each month."""
        facts, agreement = self.facts, self.facts.agreement
        if agreement is None or not agreement.kind:
            return 0
        if agreement.kind == "offset":
            loan = facts.loans.of(agreement.loan_ref) if facts.loans else None
            if loan is None:
                return 0
            late = loan.overdue_principal_fen + loan.overdue_interest_fen + loan.penalty_fen
            return late if loan.is_overdue else loan.instalment_fen
        bank = facts.home_loan.loans if facts.home_loan else ()
        monthly = next((one.monthly_fen for one in bank if one.key == agreement.loan_ref and one.normal), 0)
        return monthly * len(self.months)

    @property
    def there_fen(self) -> int:
        """What the fund may give."""
        offset = self.facts.agreement is not None and self.facts.agreement.kind == "offset"
        keep = self.policy.values.get("loan.offset_leave_fen" if offset else "agreement.retain_fen", 0)
        return available_fen(self.facts, int(keep))


def agreed(run: Run) -> Refusal | None:
    """执行那天约定有效."""
    agreement = run.facts.agreement
    if agreement is not None and agreement.kind:
        return None
    return _no("agreement.none", "约定有效", "执行那天没有有效的约定")


def account_pays(run: Run) -> Refusal | None:
    """账户正常或封存."""
    if run.facts.account.state in PAYING_STATES:
        return None
    return _no("account.not_usable", "账户正常或封存", f"账户状态是“{run.facts.account.state_text}”")


def loan_owes(run: Run) -> Refusal | None:
    """约定的贷款还没还清、这一期要还."""
    if run.due_fen > 0:
        return None
    return _no("agreement.no_loan", "约定的贷款这一期要还", "约定的贷款没有要还的")


def fund_gives(run: Run) -> Refusal | None:
    """账户里有钱：公积金贷款要够这一期，银行贷款有多少提多少."""
    offset = run.facts.agreement is not None and run.facts.agreement.kind == "offset"
    if run.there_fen >= (run.due_fen if offset else 1):
        return None
    return _no("agreement.short", "账户里的钱够", "账户里能用的钱不够")


RULES = (agreed, account_pays, loan_owes, fund_gives)


def run_amount(run: Run) -> Amount:
    """F4: min(AV, what is to be paid), within the limit of a case for money that leaves."""
    offset = run.facts.agreement is not None and run.facts.agreement.kind == "offset"
    most = min(run.due_fen, run.there_fen)
    if not offset:
        most = min(most, int(run.policy.values.get("withdrawal.case_limit_fen", most)))
    months = "、".join(run.months)
    parts = (
        Part("这次要还", run.due_fen, f"月份：{months}", "约定"),
        Part("账户能用", run.there_fen, "余额减去冻结和要留的钱", "公积金中心账户信息"),
    )
    return Amount(most, parts, "约定执行", "还" if offset else "提")


def _no(code: str, rule: str, fact: str) -> Refusal:
    return Refusal(code, rule, "约定", fact, "公积金中心办理记录", "", f"{fact}。")
