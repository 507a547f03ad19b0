"""Change of rates 利率调整: on 1 January every open loan takes the published rate of that day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.core.clock import Clock, shanghai_day
from services.core.db import Sessions, transaction
from services.loans.models import Loan, LoanRate
from services.loans.rules import rate_key
from services.loans.service import reprice
from services.policies.service import PolicyBook

log = structlog.get_logger(__name__)
_BATCH = 500


@dataclass(frozen=True, slots=True)
class _Open:
    account_id: UUID
    loan_id: UUID
    home: str
    months: int


class LoanTending:
    """Looks once a day; a loan that has its rate of the year already stays as it is."""

    def __init__(self, sessions: Sessions, clock: Clock, policies: PolicyBook) -> None:
        self._sessions = sessions
        self._clock = clock
        self._policies = policies
        self._looked_on: date | None = None

    def take_up(self) -> int:
        """Change the rate of open loans drawn before this year; returns how many changed."""
        today = shanghai_day(self._clock.now())
        if self._looked_on == today:
            return 0
        changed, last = 0, UUID(int=0)
        while rows := self._open_loans(today, last):
            changed += sum(self._try(row, today) for row in rows)
            last = rows[-1].loan_id
        self._looked_on = today
        return changed

    def _open_loans(self, today: date, after: UUID) -> list[_Open]:
        first = date(today.year, 1, 1)
        has_rate = select(LoanRate).where(
            LoanRate.account_id == Loan.account_id,
            LoanRate.loan_id == Loan.loan_id,
            LoanRate.from_on == first,
        )
        statement = (
            select(Loan.account_id, Loan.loan_id, Loan.home, Loan.months)
            .where(Loan.state != "settled", Loan.drawn_on < first, Loan.loan_id > after, ~has_rate.exists())
            .order_by(Loan.loan_id)
            .limit(_BATCH)
        )
        with transaction(self._sessions) as session:
            return [_Open(*row) for row in session.execute(statement)]

    def _try(self, loan: _Open, today: date) -> bool:
        try:
            return self._reprice(loan, today)
        except Exception as fault:  # one loan must not keep the others at last year's rate; it is tried again tomorrow
            log.error("loan_reprice.failed", loan_id=str(loan.loan_id), fault=type(fault).__name__)
            return False

    def _reprice(self, loan: _Open, today: date) -> bool:
        now = self._clock.now()
        with transaction(self._sessions) as session:
            ppm = self._published(session, loan.home, loan.months, today.year)
            return reprice(session, loan.account_id, loan.loan_id, ppm, today.year, now)

    def _published(self, session: Session, home: str, months: int, year: int) -> int:
        return self._policies.on(session, date(year, 1, 1)).integer(rate_key(home, months))
