"""Rules of items on the centre's own loans 公积金贷款: which loan, whose, whether it is in order, and what a trial shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from services.core.errors import Conflict
from services.core.money import yuan_text
from services.items.declaration import Choice, Part, Refusal
from services.items.example_facts import plain_facts, with_account
from services.items.facts import Facts
from services.items.rules import day_text
from services.loans.calculator import try_prepayment
from services.loans.facts import DatedRate, LoanFact, LoanFacts
from services.loans.rules import Change, Prepayment
from services.policies.rules import Policy

LOANS = "公积金中心贷款记录"
CHANGES = {"term": "每月还的不变，早一点还清", "instalment": "还清的日子不变，每月少还一点"}


def open_loans(facts: Facts) -> tuple[LoanFact, ...]:
    """Loans still owed, the member's own before those they answer for with somebody."""
    found = facts.loans.open if facts.loans else ()
    return tuple(sorted(found, key=lambda loan: loan.role != "borrower"))


def chosen(facts: Facts, form: Any) -> LoanFact | None:
    """The loan of the form; the first while none is chosen."""
    loans, wanted = open_loans(facts), getattr(form, "loan", None)
    return next((loan for loan in loans if wanted in (None, loan.loan_id)), None)


def loan_choices(facts: Facts, policy: Policy) -> Mapping[str, tuple[Choice, ...]]:
    """The loans to choose from."""
    known = tuple(Choice(loan.loan_id, label(loan)) for loan in open_loans(facts))
    return {"loan": known} if known else {}


def label(loan: LoanFact) -> str:
    """What a member recognises a loan by."""
    return f"{loan.bank_name}公积金贷款（合同尾号 {loan.contract_no[-4:]}），还欠 {yuan_text(loan.balance_fen)} 元"


def has_open_loan(facts: Facts, form: Any, policy: Policy) -> Refusal | None:
    """有没还清的公积金贷款."""
    if facts.loans is None or chosen(facts, form) is not None:
        return None
    return Refusal(
        code="fund_loan.none_open",
        rule="有没还清的公积金贷款",
        article=policy.text("fund_loan.article"),
        fact="没有查到您还没还清的公积金贷款",
        source=LOANS,
        change="银行的房贷请办“偿还商贷提取”",
        text="没有查到您还没还清的公积金贷款。如果是银行的房贷，请办“偿还商贷提取”。",
    )


def is_borrower(facts: Facts, form: Any, policy: Policy) -> Refusal | None:
    """本人是主借款人."""
    loan = chosen(facts, form)
    if loan is None or loan.role == "borrower":
        return None
    return Refusal(
        code="fund_loan.not_borrower",
        rule="由主借款人办理",
        article=policy.text("prepayment.article"),
        fact="您是这笔贷款的共同借款人，不是主借款人",
        source=LOANS,
        change="请主借款人在自己的手机上办；您账户里的钱可以办“偿还公积金贷款提取”，直接还这笔贷款",
        text="这一项要由主借款人办。您是共同借款人，可以办“偿还公积金贷款提取”，用您账户里的钱还这笔贷款。",
    )


def not_overdue(facts: Facts, form: Any, policy: Policy) -> Refusal | None:
    """没有逾期."""
    loan = chosen(facts, form)
    if loan is None or not loan.is_overdue:
        return None
    late = yuan_text(loan.overdue_principal_fen + loan.overdue_interest_fen + loan.penalty_fen)
    return Refusal(
        code="fund_loan.overdue",
        rule="贷款没有逾期",
        article=policy.text("prepayment.article"),
        fact=f"这笔贷款有逾期没有还清，连罚息 {late} 元",
        source=LOANS,
        change="先把逾期的还清，就可以办",
        text=f"这笔贷款有逾期，连罚息一共 {late} 元。请先把钱存进还款卡还清逾期，然后就可以办。",
    )


def not_due_today(facts: Facts, form: Any, policy: Policy) -> Refusal | None:
    """今天不是还款日 (当天先扣当期)."""
    loan = chosen(facts, form)
    if loan is None or loan.next_due_on is None or loan.next_due_on > facts.today.isoformat():
        return None
    next_on = facts.today + timedelta(days=1)
    return Refusal(
        code="fund_loan.due_today",
        rule="还款日当天先还当期",
        article=policy.text("prepayment.article"),
        fact=f"今天是还款日，要先从还款卡还这一期 {yuan_text(loan.instalment_fen)} 元",
        source=LOANS,
        change=f"{day_text(next_on)}起可以办",
        text=f"今天是还款日，先还这一期。{day_text(next_on)}起就可以办。",
        next_on=next_on,
    )


def not_collecting(facts: Facts, form: Any, policy: Policy) -> Refusal | None:
    """没有正在进行的还款卡扣款."""
    loan = chosen(facts, form)
    if loan is None or not loan.collecting:
        return None
    return Refusal(
        code="fund_loan.collecting",
        rule="扣款有结果以后再办",
        article=policy.text("prepayment.article"),
        fact=f"这笔贷款正在从尾号 {loan.card_tail4} 的还款卡扣款",
        source=LOANS,
        change="扣款一般几分钟就有结果，之后就可以办",
        text=f"这笔贷款正在从尾号 {loan.card_tail4} 的还款卡扣款，一般几分钟就有结果。有了结果就可以办。",
    )


def card_text(loan: LoanFact) -> str:
    """The repayment card by bank and last four digits."""
    return f"{loan.card_bank_name}尾号 {loan.card_tail4} 的还款卡"


def trial(facts: Facts, form: Any, amount_fen: int) -> Prepayment | None:
    """What a prepayment of so much would do today; None where it cannot be made."""
    loan = chosen(facts, form)
    change: Change = "instalment" if getattr(form, "change", None) == "instalment" else "term"
    if loan is None or amount_fen <= 0 or loan.method not in ("01", "02"):
        return None
    try:
        return try_prepayment(loan, amount_fen, facts.today, change)
    except Conflict:
        return None


def preview(facts: Facts, form: Any, example_fen: int) -> tuple[Part, ...]:
    """A prepayment tried out, in lines: what is paid, the instalment and the last day before and after, what is saved.

    Before a sum is filled in, `example_fen` shows what a trial is.
    """
    found = trial(facts, form, form.amount_fen or example_fen)
    if found is None:
        return ()
    before, after, article = found.before, found.after, "按今天的利率试算"
    fewer = len(before) - len(after)
    ends, ended = after[-1].due_on, before[-1].due_on
    return (
        Part("这次还" if form.amount_fen else "比如还", found.amount_fen, _split(found), article),
        Part("以后每月还", after[0].amount_fen, f"现在每月还 {yuan_text(before[0].amount_fen)} 元", article),
        Part(
            "还清的日子",
            None,
            f"{day_text(ends)}"
            + (f"，早 {fewer} 个月（原来 {day_text(ended)}）" if fewer else "，和原来一样"),
            article,
        ),
        Part("少付利息", found.saved_fen, "和不提前还比，到还清为止", article),
    )


def _split(found: Prepayment) -> str:
    return f"其中本金 {yuan_text(found.principal_fen)} 元，到今天的利息 {yuan_text(found.interest_fen)} 元"


EXAMPLE_LOAN = LoanFact(
    loan_id="019342a0-0000-7000-8000-00000000000a",
    contract_no="ZZGJJ2021000868",
    role="borrower",
    state="normal",
    method="01",
    bank_name="建设银行",
    principal_fen=60_000_000,
    months=360,
    rate_ppm=26_000,
    drawn_on="2021-11-20",
    due_last_on="2051-11-20",
    balance_fen=52_946_865,
    months_left=300,
    instalment_fen=240_204,
    next_due_on="2026-12-20",
    normal_months=60,
    overdue_principal_fen=0,
    overdue_interest_fen=0,
    penalty_fen=0,
    interest_today_fen=38_239,
    settle_today_fen=52_985_104,
    settled_on=None,
    repaid_own_fen=14_412_240,
    repaid=(),
    interest_from="2026-11-20",
    next_no=61,
    level_fen=240_204,
    rates=(DatedRate("2021-11-20", 26_000),),
    card_tail4="0087",
    card_bank_name="建设银行",
    key="l1",
    house_key="h1",
    house_price_fen=85_000_000,
    down_payment_fen=25_000_000,
    house_city_code="430200",
)
"""600,000.00 at 2.60 % for 30 years after 60 instalments: 529,468.65 are owed, and 382.39 of interest in ten days."""


def loan_facts_on(day: date, *, balance_fen: int = 20_000_000, **changes: Any) -> Facts:
    """Facts of a borrower with so much in the fund, on a day; `changes` to the loan."""
    loan = replace(EXAMPLE_LOAN, **changes)
    plain = plain_facts(loans=LoanFacts((loan,)))
    return with_account(replace(plain, today=day), balance_fen=balance_fen)
