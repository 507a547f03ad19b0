"""Chat facts 对话里的账户事实: what a bound person is told in the conversation, a sentence each, read when needed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cached_property
from uuid import UUID

from sqlalchemy.orm import Session

from services.accounts.service import account_of
from services.applications.models import Application
from services.applications.service import applications_of
from services.contributions.service import months_paid
from services.core.clock import Clock, shanghai_day
from services.core.crypto import FieldCipher
from services.core.money import yuan_text
from services.items.engine import state_table
from services.ledger.queries import balance_of
from services.ledger.service import Balance
from services.loans.facts import LoanFact
from services.loans.queries import loan_facts
from services.members.models import Binding
from services.notices.texts import short_time
from services.policies.service import PolicyBook


class ChatFacts:
    """Facts of one member at one moment, for wechat.replies; a name it does not know is an empty sentence."""

    def __init__(
        self, session: Session, cipher: FieldCipher, clock: Clock, policies: PolicyBook, binding: Binding
    ) -> None:
        self._session = session
        self._cipher = cipher
        self._clock = clock
        self._policies = policies
        self._binding = binding
        self._sentences: dict[str, Callable[[], str]] = {
            "balance": self._balance_text,
            "held": self._held_text,
            "usable": self._usable_text,
            "month": self._month_text,
            "cooling": self._cooling_text,
            "progress": self._progress_text,
            "nothing": lambda: "" if self._live else "您现在没有正在办理的业务。",
            "case": self._case_title,
            "case_more": self._case_more,
            "loan": self._loan_text,
            "no_loan": lambda: "" if self._loan else "您名下没有在还的公积金贷款。",
            "overdue": self._overdue_text,
            "instalment": self._instalment_text,
            "interest": self._interest_text,
            "loan_rate": self._loan_rate_text,
        }

    def tell(self, what: str) -> str:
        """One fact by its name in wechat/reply_texts.py."""
        sentence = self._sentences.get(what)
        return sentence() if sentence is not None else ""

    @property
    def _account_id(self) -> UUID:
        return self._binding.account_id

    @property
    def _today(self) -> date:
        return shanghai_day(self._clock.now())

    # the account

    @cached_property
    def _balance(self) -> Balance:
        return balance_of(self._session, self._account_id)

    def _balance_text(self) -> str:
        return f"账户余额 {yuan_text(self._balance.balance_fen)} 元。"

    def _held_text(self) -> str:
        if not self._balance.held_fen:
            return ""
        return f"另有 {yuan_text(self._balance.held_fen)} 元正在付给您，还没有到账。"

    def _usable_text(self) -> str:
        usable_fen = max(0, self._balance.balance_fen - self._balance.frozen_fen)
        frozen = (
            f"（冻结 {yuan_text(self._balance.frozen_fen)} 元不能动）" if self._balance.frozen_fen else ""
        )
        return f"账户里能动用的有 {yuan_text(usable_fen)} 元{frozen}。"

    def _month_text(self) -> str:
        account, months = (
            account_of(self._session, self._account_id),
            months_paid(self._session, self._account_id),
        )
        if not months:
            return "还没有收到缴存。"
        every = f"每月缴存 {yuan_text(account.monthly_contribution_fen)} 元，"
        return f"{every if account.monthly_contribution_fen else ''}缴到了 {months[0].year} 年 {months[0].month} 月。"

    def _cooling_text(self) -> str:
        if self._binding.money_from <= self._clock.now():
            return ""
        return f"绑定信息刚变更，{short_time(self._binding.money_from)} 起可以提取。"

    def _interest_text(self) -> str:
        ppm = self._policies.on(self._session, self._today).integer("interest.fund_ppm")
        return f"现在的年利率是 {rate_text(ppm)}。"

    # cases

    @cached_property
    def _live(self) -> list[Application]:
        recent = applications_of(self._session, self._account_id, limit=10)
        return [
            case for case in recent if case.state not in state_table(case).terminal and case.state != "paid"
        ]

    def _progress_text(self) -> str:
        return "\n".join(f"{_named(case)}：{state_table(case).labels[case.state]}。" for case in self._live)

    def _case_title(self) -> str:
        if len(self._live) != 1:
            return ""
        return f"{_named(self._live[0])}：{state_table(self._live[0]).labels[self._live[0].state]}"

    def _case_more(self) -> str:
        if len(self._live) != 1:
            return ""
        case = self._live[0]
        if case.amount_fen is None:
            return f"单号 {case.case_no}。"
        return f"{yuan_text(case.amount_fen)} 元，单号 {case.case_no}。"

    # loans

    @cached_property
    def _loan(self) -> LoanFact | None:
        """The newest loan still owed."""
        facts = loan_facts(
            self._session, self._cipher, self._account_id, self._today, lambda _kind, _number: ""
        )
        return facts.open[0] if facts.open else None

    def _loan_text(self) -> str:
        if self._loan is None:
            return ""
        left = f"，还有 {self._loan.months_left} 期" if self._loan.months_left else ""
        return f"贷款还欠本金 {yuan_text(self._loan.balance_fen)} 元{left}。"

    def _overdue_text(self) -> str:
        if self._loan is None or not self._loan.is_overdue:
            return ""
        owed_fen = self._loan.overdue_principal_fen + self._loan.overdue_interest_fen + self._loan.penalty_fen
        return f"有 {yuan_text(owed_fen)} 元过了还款日还没有还，请尽快把钱存进还款卡。"

    def _instalment_text(self) -> str:
        if self._loan is None or self._loan.next_due_on is None:
            return ""
        due_on = date.fromisoformat(self._loan.next_due_on)
        card = f"{self._loan.card_bank_name}尾号 {self._loan.card_tail4}"
        return (
            f"下次 {due_on.year} 年 {due_on.month} 月 {due_on.day} 日从{card} 扣 "
            f"{yuan_text(self._loan.instalment_fen)} 元，前一天请备好钱。"
        )

    def _loan_rate_text(self) -> str:
        return f"您的贷款年利率是 {rate_text(self._loan.rate_ppm)}。" if self._loan else ""


def rate_text(ppm: int) -> str:
    """26000 → "2.60%", 30750 → "3.075%"."""
    whole, thousandths = divmod(ppm // 10, 1000)
    digits = f"{thousandths:03d}"
    return f"{whole}.{digits[:2] if digits.endswith('0') else digits}%"


def _named(case: Application) -> str:
    return str(case.quote["item_name"])
