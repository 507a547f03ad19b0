"""Runs of the repayment card 还款日扣款: each loan's instalment on its day, what is overdue, what the bank took back.

An agreement goes first: the fund pays what it has, the card the rest. What the borrower's fund covers by then it pays
alone, and the card is not asked. A round of the day that brought nothing is tried again at the next hour of policy; one
loan that cannot be charged does not stop the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.accounts.restored import books_behind
from services.agreements.models import AgreementRun
from services.agreements.own_fund import agreement_on, own_agreement_on, pay_from_fund
from services.core.clock import SHANGHAI, Clock, shanghai_day
from services.core.db import Sessions, transaction
from services.core.outbox import emit
from services.ledger.service import Balance, lock_balance
from services.loans.booking import Paid
from services.loans.cards import card_of
from services.loans.charging import Cards, Charge
from services.loans.instalments import Demand, demand
from services.loans.models import Loan, LoanInstalment, LoanReminder
from services.loans.recovering import to_recover_fen
from services.loans.service import fall_overdue
from services.loans.standing import standing_of
from services.policies.rules import Policy
from services.policies.service import PolicyBook
from services.settlement.deductions.models import Deduction
from services.settlement.deductions.service import live_deduction

log = structlog.get_logger(__name__)
_AGAIN = timedelta(minutes=10)
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Round:
    """A look at the loans: the day, how many hours of policy have come, and whether the last one has."""

    on: date
    tries: int
    last: bool


@dataclass(frozen=True, slots=True)
class Falling:
    """An instalment that comes in a few days."""

    account_id: UUID
    loan_id: UUID
    due_on: date
    amount_fen: int


class CardRuns:
    """Looks every ten minutes, and at once when a day or an hour of policy has come."""

    def __init__(self, sessions: Sessions, clock: Clock, policies: PolicyBook, cards: Cards) -> None:
        self._sessions = sessions
        self._clock = clock
        self._policies = policies
        self._cards = cards
        self._looked: tuple[date, int] | None = None
        self._looked_at: datetime | None = None
        self._reminded_on: date | None = None

    def take_up(self) -> int:
        """Charge what is due and remind of what will be; returns how many loans were charged or told.

        Restored books charge nothing until the bank has told of all it has charged since.
        """
        now = self._clock.now()
        with transaction(self._sessions) as session:
            policy = self._policies.on(session, shanghai_day(now))
            rests = books_behind(session)
        told = self._remind(policy, now)
        this = _round(policy, now)
        if rests or not this.tries or (self._looked == (this.on, this.tries) and self._looked_lately(now)):
            return told
        charged = sum(self._try(*key, this) for key in self._due(this.on))
        self._looked, self._looked_at = (this.on, this.tries), now
        return told + charged

    def _looked_lately(self, now: datetime) -> bool:
        return self._looked_at is not None and timedelta() <= now - self._looked_at < _AGAIN

    def _due(self, on: date) -> list[tuple[UUID, UUID]]:
        """Loans with an instalment whose day has come, and those of which the bank took something back."""
        unpaid = (
            select(Loan.account_id, Loan.loan_id)
            .join(
                LoanInstalment,
                (LoanInstalment.account_id == Loan.account_id) & (LoanInstalment.loan_id == Loan.loan_id),
            )
            .where(
                LoanInstalment.due_on <= on,
                (LoanInstalment.state == "overdue")
                | ((LoanInstalment.state == "planned") & (LoanInstalment.version == Loan.plan_version)),
                Loan.state != "settled",
            )
        )
        back = select(Deduction.account_id, Deduction.loan_id).where(Deduction.state == "taken_back")
        with transaction(self._sessions) as session:
            return [(row[0], row[1]) for row in session.execute(unpaid.union(back))]

    def _try(self, account_id: UUID, loan_id: UUID, this: Round) -> bool:
        try:
            with transaction(self._sessions) as session:
                return self.charge(session, account_id, loan_id, this)
        except Exception as fault:  # one loan must not stop the others
            log.error("card_run.failed", loan_id=str(loan_id), fault=type(fault).__name__)
            return False

    def charge(self, session: Session, account_id: UUID, loan_id: UUID, this: Round) -> bool:
        """Charge one loan's card for what is due, unless it was tried at this hour already."""
        now = self._clock.now()
        balance = lock_balance(session, account_id)
        loan = standing_of(session, account_id, loan_id, lock=True).loan
        if live_deduction(session, account_id, loan_id) is not None:
            return False
        fall_overdue(session, account_id, loan_id, now)
        back_fen = to_recover_fen(session, account_id, loan_id)
        if back_fen:
            found = Demand("recovery", Paid("recovery", "99", "补扣冲回的还款", back_fen, 0), 0)
            if self._charge(session, loan, found, this, 0, now):
                return True  # what it leaves in the card is for the instalment, at the next look
        needed = demand(standing_of(session, account_id, loan_id), this.on)
        if needed is None or self._fund_goes_first(session, loan, this):
            return False
        return self._take(session, loan, needed, this, balance, now)

    def _take(
        self, session: Session, loan: Loan, needed: Demand, this: Round, balance: Balance, now: datetime
    ) -> bool:
        """F4: all from the borrower's own fund where it covers it; else of an instalment what it has, the card the rest."""
        agreement = own_agreement_on(session, loan)
        there_fen = self._there(session, balance, now) if agreement else 0
        if agreement is not None and there_fen >= needed.paid.amount_fen:
            pay_from_fund(session, agreement, loan, needed, this.on, now)
            return True
        held_fen = there_fen if needed.purpose == "instalment" else 0
        return self._charge(session, loan, needed, this, held_fen, now)

    def _there(self, session: Session, balance: Balance, now: datetime) -> int:
        """What may be taken from the fund: neither on hold nor frozen nor what has to stay."""
        leave_fen = self._policies.on(session, shanghai_day(now)).integer("loan.offset_leave_fen")
        return max(0, balance.balance_fen - balance.frozen_fen - leave_fen)

    def _charge(
        self, session: Session, loan: Loan, needed: Demand, this: Round, held_fen: int, now: datetime
    ) -> bool:
        if _tried(session, loan, needed, this.on) >= this.tries:
            return False
        wish = Charge(needed.purpose, needed.paid, this.on, held_fen, terms={"no": needed.no})
        self._cards.charge(session, loan, wish, now)
        return True

    @staticmethod
    def _fund_goes_first(session: Session, loan: Loan, this: Round) -> bool:
        """Whether an agreement on this loan has not had its turn today; at the last hour the card waits no more."""
        agreement = agreement_on(session, loan)
        if agreement is None or this.last:
            return False
        ran = select(AgreementRun.due_on).where(
            AgreementRun.account_id == agreement.account_id,
            AgreementRun.agreement_id == agreement.agreement_id,
            AgreementRun.due_on == this.on,
        )
        return session.execute(ran).first() is None

    def _remind(self, policy: Policy, now: datetime) -> int:
        """Tell of instalments that come in a few days, once each; in the morning."""
        today = shanghai_day(now)
        if self._reminded_on == today or now.astimezone(SHANGHAI).hour < min(_hours(policy)):
            return 0
        due_on = today + timedelta(days=policy.integer("loan.remind_days"))
        count, last = 0, UUID(int=0)
        while rows := self._falling_due(due_on, last):
            count += sum(self._tell(row, now) for row in rows)
            last = rows[-1].loan_id
        self._reminded_on = today
        return count

    def _falling_due(self, due_on: date, after: UUID) -> list[Falling]:
        statement = (
            select(
                LoanInstalment.account_id,
                LoanInstalment.loan_id,
                LoanInstalment.due_on,
                (LoanInstalment.principal_fen + LoanInstalment.interest_fen).label("amount_fen"),
            )
            .join(
                Loan,
                (LoanInstalment.account_id == Loan.account_id) & (LoanInstalment.loan_id == Loan.loan_id),
            )
            .where(
                LoanInstalment.due_on == due_on,
                LoanInstalment.state == "planned",
                LoanInstalment.version == Loan.plan_version,
                LoanInstalment.loan_id > after,
            )
            .order_by(LoanInstalment.loan_id)
            .limit(_BATCH)
        )
        with transaction(self._sessions) as session:
            return [Falling(*row) for row in session.execute(statement)]

    def _tell(self, row: Falling, now: datetime) -> bool:
        account_id, loan_id, due_on = row.account_id, row.loan_id, row.due_on
        with transaction(self._sessions) as session:
            statement = (
                insert(LoanReminder)
                .values(account_id=account_id, loan_id=loan_id, due_on=due_on, told_at=now)
                .on_conflict_do_nothing()
                .returning(LoanReminder.due_on)
            )
            if session.execute(statement).first() is None:
                return False
            tail4 = card_of(session, account_id, loan_id).tail4
            payload = {"due_on": due_on.isoformat(), "amount_fen": row.amount_fen, "tail4": tail4}
            emit(session, account_id, "instalment.due_soon", payload, now)
        return True


def _hours(policy: Policy) -> list[int]:
    return sorted(int(hour) for hour in policy.values["loan.deduct_hours"])


def _round(policy: Policy, now: datetime) -> Round:
    hours, local = _hours(policy), now.astimezone(SHANGHAI)
    tries = sum(hour <= local.hour for hour in hours)
    return Round(local.date(), tries, tries == len(hours))


def _tried(session: Session, loan: Loan, needed: Demand, on: date) -> int:
    """How often the card was asked today for the same."""
    statement = select(func.count()).where(
        Deduction.account_id == loan.account_id,
        Deduction.loan_id == loan.loan_id,
        Deduction.purpose == needed.purpose,
        Deduction.terms["no"].as_integer() == needed.no,
        Deduction.valued_on == on,
    )
    return session.scalar(statement) or 0
