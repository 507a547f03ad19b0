"""Where a loan stands 贷款现状: its rows read once, and the questions asked of them answered by the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.core.errors import NotFound
from services.core.workdays import shifted
from services.loans.models import Loan, LoanInstalment, LoanRate
from services.loans.rules import Level, Overdue, Payoff, RateStep, Rest, payoff


@dataclass(frozen=True, slots=True)
class Standing:
    """A loan with its rates, the plan in force and the instalments of it, first to last."""

    loan: Loan
    steps: tuple[RateStep, ...]
    rows: tuple[LoanInstalment, ...]

    @property
    def planned(self) -> tuple[LoanInstalment, ...]:
        """Instalments neither paid nor overdue."""
        return tuple(row for row in self.rows if row.state == "planned")

    def collected_from(self, row: LoanInstalment) -> date:
        """The day an instalment is taken from the card: its due day, or the business day after it."""
        return shifted(row.due_on, self.loan.due_shift)

    def in_time_until(self, row: LoanInstalment) -> date:
        """The last day an instalment is in time."""
        return self.collected_from(row) + timedelta(days=self.loan.grace_days)

    def overdue(self, on: date) -> tuple[LoanInstalment, ...]:
        """Instalments unpaid after their last day, whether the books have moved them already or not."""
        return tuple(
            row
            for row in self.rows
            if row.state == "overdue" or (row.state == "planned" and self.in_time_until(row) < on)
        )

    def ahead(self, on: date) -> tuple[LoanInstalment, ...]:
        """Instalments to be paid that are not overdue; one whose day has come may be among them."""
        return tuple(row for row in self.planned if self.in_time_until(row) >= on)

    def rest(self, on: date) -> Rest:
        """What is not overdue on a day (an instalment due that day, or still in time, is ahead)."""
        ahead = self.ahead(on)
        before = [row.due_on for row in self.rows if not ahead or row.no < ahead[0].no]
        first_no = ahead[0].no if ahead else len(self.rows) + 1
        return Rest(
            sum(row.principal_fen for row in ahead),
            max(before, default=self.loan.drawn_on),
            first_no,
            tuple(row.due_on for row in ahead),
        )

    def level(self, on: date) -> Level:
        """What the plan in force keeps level, as the next instalment has it."""
        ahead = self.ahead(on)[0]
        return Level(ahead.level_fen, ahead.rate_ppm)

    def payoff(self, on: date) -> Payoff:
        """Full settlement on a day."""
        late = [Overdue(row.no, row.due_on, row.principal_fen, row.interest_fen) for row in self.overdue(on)]
        return payoff(self.rest(on), late, self.steps, on, self.loan.penalty_percent)


def standing_of(session: Session, account_id: UUID, loan_id: UUID, *, lock: bool = False) -> Standing:
    """One loan of an account; locked until the transaction ends when asked. Raises NotFound."""
    statement = select(Loan).where(Loan.account_id == account_id, Loan.loan_id == loan_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    loan = session.scalar(statement)
    if loan is None:
        raise NotFound
    return Standing(loan, _steps(session, loan), _rows(session, loan))


def _steps(session: Session, loan: Loan) -> tuple[RateStep, ...]:
    statement = select(LoanRate).where(
        LoanRate.account_id == loan.account_id, LoanRate.loan_id == loan.loan_id
    )
    return tuple(
        RateStep(row.from_on, row.ppm) for row in session.scalars(statement.order_by(LoanRate.from_on))
    )


def _rows(session: Session, loan: Loan) -> tuple[LoanInstalment, ...]:
    statement = (
        select(LoanInstalment)
        .where(
            LoanInstalment.account_id == loan.account_id,
            LoanInstalment.loan_id == loan.loan_id,
            or_(LoanInstalment.state != "planned", LoanInstalment.version == loan.plan_version),
        )
        .order_by(LoanInstalment.no)
        .execution_options(populate_existing=True)
    )
    rows: Sequence[LoanInstalment] = session.scalars(statement).all()
    return tuple(rows)
