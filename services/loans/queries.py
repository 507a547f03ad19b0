"""Reading loans 贷款查询: facts for items, and what the member's own pages show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from services.core.crypto import FieldCipher
from services.core.errors import NotFound
from services.loans.cards import card_of
from services.loans.contract import CARD_CONTEXT, house_of
from services.loans.facts import DatedRate, LoanFact, LoanFacts, Repaid, Role
from services.loans.models import Loan, LoanCoBorrower, LoanRepayment
from services.loans.recovering import to_recover_fen
from services.loans.rules import month_after
from services.loans.standing import Standing, standing_of
from services.members.models import Member
from services.settlement.deductions.service import live_deduction

Keyer = Callable[[str, str], str]
"""(kind, number) → key: the same number has the same key for everybody."""
_MONTHS = 36


@dataclass(frozen=True, slots=True)
class Held:
    """A loan the member answers for, and as what."""

    loan: Loan
    role: Role


def loans_held(session: Session, account_id: UUID) -> list[Held]:
    """Loans of the member as borrower or co-borrower, newest first."""
    member = select(Member.id_no_mac).where(Member.account_id == account_id).scalar_subquery()
    statement = (
        select(Loan)
        .outerjoin(
            LoanCoBorrower,
            and_(
                LoanCoBorrower.account_id == Loan.account_id,
                LoanCoBorrower.loan_id == Loan.loan_id,
                LoanCoBorrower.id_no_mac == member,
            ),
        )
        .where(or_(Loan.account_id == account_id, LoanCoBorrower.number.is_not(None)))
        .order_by(Loan.drawn_on.desc(), Loan.loan_id.desc())
    )
    return [
        Held(loan, "borrower" if loan.account_id == account_id else "co_borrower")
        for loan in session.scalars(statement).unique()
    ]


def loan_held(session: Session, account_id: UUID, loan_id: UUID) -> Held:
    """One of them. Raises NotFound, also for a loan of somebody else."""
    found = next((held for held in loans_held(session, account_id) if held.loan.loan_id == loan_id), None)
    if found is None:
        raise NotFound
    return found


def loan_facts(session: Session, cipher: FieldCipher, account_id: UUID, on: date, key: Keyer) -> LoanFacts:
    """Facts of the member's loans on a day."""
    return LoanFacts(tuple(_fact(session, cipher, held, on, key) for held in loans_held(session, account_id)))


def _fact(session: Session, cipher: FieldCipher, held: Held, on: date, key: Keyer) -> LoanFact:
    loan = held.loan
    standing = standing_of(session, loan.account_id, loan.loan_id)
    ahead = standing.ahead(on)
    due, card, house = (
        standing.payoff(on),
        card_of(session, loan.account_id, loan.loan_id),
        house_of(cipher, loan),
    )
    own, back_fen = own_repayments(session, loan), to_recover_fen(session, loan.account_id, loan.loan_id)
    return LoanFact(
        loan_id=str(loan.loan_id),
        contract_no=loan.contract_no,
        role=held.role,
        state=state_on(standing, on),
        method=loan.method,
        bank_name=loan.bank_name,
        principal_fen=loan.principal_fen,
        months=loan.months,
        rate_ppm=ahead[0].rate_ppm if ahead else standing.steps[-1].ppm,
        drawn_on=loan.drawn_on.isoformat(),
        due_last_on=(standing.rows[-1].due_on if standing.rows else loan.drawn_on).isoformat(),
        balance_fen=loan.balance_fen,
        months_left=len(ahead),
        instalment_fen=ahead[0].principal_fen + ahead[0].interest_fen if ahead else 0,
        next_due_on=ahead[0].due_on.isoformat() if ahead else None,
        normal_months=_normal_months(standing, on),
        overdue_principal_fen=due.overdue_principal_fen,
        overdue_interest_fen=due.overdue_interest_fen,
        penalty_fen=due.penalty_fen,
        interest_today_fen=due.interest_fen,
        settle_today_fen=due.amount_fen,
        settled_on=loan.settled_on.isoformat() if loan.settled_on else None,
        repaid_own_fen=max(0, sum(row.principal_fen + row.interest_fen for row in own) - back_fen),
        repaid=_by_day(own, on),
        interest_from=standing.rest(on).since_on.isoformat(),
        next_no=ahead[0].no if ahead else 0,
        level_fen=ahead[0].level_fen if ahead else 0,
        rates=tuple(DatedRate(step.from_on.isoformat(), step.ppm) for step in standing.steps),
        card_tail4=card.tail4,
        card_bank_name=card.bank_name,
        key=key("loan", loan.contract_no),
        house_key=key("house", house.house_no) if house.house_no else "",
        house_price_fen=loan.house_price_fen,
        down_payment_fen=loan.down_payment_fen,
        house_city_code=loan.house_city_code,
        card_key=key("card", cipher.open(card.card_no_sealed, CARD_CONTEXT)),
        collecting=live_deduction(session, loan.account_id, loan.loan_id) is not None,
        taken_back_fen=back_fen,
    )


def state_on(standing: Standing, on: date) -> str:
    """The loan's state, overdue from the day after an unpaid due date whether the books know it yet or not."""
    if standing.loan.state == "settled":
        return "settled"
    return "overdue" if standing.overdue(on) else "normal"


def _normal_months(standing: Standing, on: date) -> int:
    """Instalments paid in time in a row, back from the last one paid or late; one still in time breaks nothing."""
    count = 0
    fell = [row for row in standing.rows if row.state != "planned" or standing.in_time_until(row) < on]
    for row in reversed(fell):
        if row.paid_on is None or row.paid_on > standing.in_time_until(row):
            break
        count += 1
    return count


def repayments_of(session: Session, loan: Loan) -> list[LoanRepayment]:
    """The loan's history, newest first."""
    statement = select(LoanRepayment).where(
        LoanRepayment.account_id == loan.account_id, LoanRepayment.loan_id == loan.loan_id
    )
    return list(
        session.scalars(statement.order_by(LoanRepayment.booked_on.desc(), LoanRepayment.repayment_id.desc()))
    )


def own_repayments(session: Session, loan: Loan) -> list[LoanRepayment]:
    """Repayments out of the borrowers' own pocket, newest first."""
    return [row for row in repayments_of(session, loan) if row.source == "card"]


def _by_day(rows: Sequence[LoanRepayment], on: date) -> tuple[Repaid, ...]:
    first = "{:04d}-{:02d}-01".format(*month_after(on, 1 - _MONTHS))
    sums: dict[str, tuple[int, int]] = {}
    for row in rows:
        day = row.booked_on.isoformat()
        if day >= first:
            principal, interest = sums.get(day, (0, 0))
            sums[day] = (principal + row.principal_fen, interest + row.interest_fen)
    return tuple(Repaid(day, *sums[day]) for day in sorted(sums))
