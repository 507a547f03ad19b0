"""Taking a loan onto the books 放款: contract, borrowers, house, card, rates, plan and the first journal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.clock import shanghai_day
from services.core.crypto import FieldCipher
from services.core.identity import one_spelling
from services.core.ids import new_id
from services.ledger.chart import BANK_DEPOSIT, ENTRUSTED_LOAN
from services.ledger.service import Entry, Line, post
from services.loans.models import (
    Loan,
    LoanCard,
    LoanCoBorrower,
    LoanInstalment,
    LoanPlan,
    LoanRate,
    LoanRepayment,
)
from services.loans.rules import Method, Plan, RateStep, plan, whole

HOUSE_CONTEXT, CARD_CONTEXT = "loan.house", "loan_card.card_no"


@dataclass(frozen=True, slots=True)
class House:
    """The house bought 所购住房: registry number, purchase contract 购房合同, price and down payment."""

    house_no: str
    contract_no: str
    address: str
    city_code: str
    price_fen: int
    down_payment_fen: int


@dataclass(frozen=True, slots=True)
class RepaymentCard:
    """The card repayments are taken from."""

    bank_code: str
    bank_name: str
    card_no: str


@dataclass(frozen=True, slots=True)
class CoBorrower:
    """Who answers for the loan beside the borrower."""

    name: str
    id_no: str
    relation: str


@dataclass(frozen=True, slots=True)
class NewLoan:
    """A contract to take onto the books; `steps` are its rates from the day it was drawn on."""

    contract_no: str
    home: str
    method: Method
    principal_fen: int
    months: int
    repayment_day: int
    signed_on: date
    drawn_on: date
    bank_code: str
    bank_name: str
    penalty_percent: int
    steps: tuple[RateStep, ...]
    house: House
    card: RepaymentCard
    co_borrowers: tuple[CoBorrower, ...] = ()
    guarantee: str = "01"
    grace_days: int = 0
    """Days after the due day on which an instalment is still in time 宽限期."""
    due_shift: str = "none"
    """What becomes of a due day that is no business day: "none", or "next" 顺延."""


def draw(session: Session, cipher: FieldCipher, account_id: UUID, new: NewLoan, at: datetime) -> Loan:
    """Book a drawn loan: Dr 121 委托贷款, Cr 101 住房公积金存款; `at` is when it was drawn."""
    rest = whole(new.principal_fen, new.drawn_on, new.repayment_day, new.months)
    loan = _loan(cipher, account_id, new, at)
    session.add(loan)
    session.flush()
    for step in new.steps:
        session.add(LoanRate(**_key(loan), from_on=step.from_on, ppm=step.ppm))
    _people(session, cipher, loan, new.co_borrowers)
    session.add(card_row(cipher, loan, new.card, at))
    write_plan(session, loan, "drawn", plan(rest, new.method, new.steps), at)
    ref = f"loan:{loan.loan_id}:draw"
    lines = (Line(ENTRUSTED_LOAN, new.principal_fen), Line(BANK_DEPOSIT, -new.principal_fen))
    journal_id = post(session, account_id, Entry(ref, "loan_draw", "贷款发放", lines), at)
    session.add(drawing(loan, ref, journal_id, at))
    record(session, account_id, "loan.drawn", actor="centre", subject=new.contract_no, at=at)
    session.flush()
    return loan


def _key(loan: Loan) -> dict[str, UUID]:
    return {"account_id": loan.account_id, "loan_id": loan.loan_id}


def _loan(cipher: FieldCipher, account_id: UUID, new: NewLoan, at: datetime) -> Loan:
    house = new.house
    private = {"house_no": house.house_no, "contract_no": house.contract_no, "address": house.address}
    return Loan(
        account_id=account_id,
        loan_id=new_id(),
        contract_no=new.contract_no,
        state="normal",
        home=new.home,
        method=new.method,
        guarantee=new.guarantee,
        principal_fen=new.principal_fen,
        months=new.months,
        repayment_day=new.repayment_day,
        penalty_percent=new.penalty_percent,
        grace_days=new.grace_days,
        due_shift=new.due_shift,
        signed_on=new.signed_on,
        drawn_on=new.drawn_on,
        bank_code=new.bank_code,
        bank_name=new.bank_name,
        house_sealed=cipher.seal(json.dumps(private, ensure_ascii=False), HOUSE_CONTEXT),
        house_city_code=house.city_code,
        house_price_fen=house.price_fen,
        down_payment_fen=house.down_payment_fen,
        balance_fen=new.principal_fen,
        repaid_principal_fen=0,
        repaid_interest_fen=0,
        repaid_penalty_fen=0,
        prepaid_fen=0,
        plan_version=1,
        settled_on=None,
        created_at=at,
    )


def _people(session: Session, cipher: FieldCipher, loan: Loan, people: Sequence[CoBorrower]) -> None:
    for number, person in enumerate(people, 1):
        id_no = one_spelling(person.id_no)
        session.add(
            LoanCoBorrower(
                **_key(loan),
                number=number,
                relation=person.relation,
                name_sealed=cipher.seal(person.name, "loan_co_borrower.name"),
                id_no_sealed=cipher.seal(id_no, "loan_co_borrower.id_no"),
                id_no_mac=cipher.look_up(id_no, "member.id_no"),
            )
        )


def house_of(cipher: FieldCipher, loan: Loan) -> House:
    """The house of a loan, opened."""
    private = json.loads(cipher.open(loan.house_sealed, HOUSE_CONTEXT))
    return House(
        **private,
        city_code=loan.house_city_code,
        price_fen=loan.house_price_fen,
        down_payment_fen=loan.down_payment_fen,
    )


def card_row(cipher: FieldCipher, loan: Loan, card: RepaymentCard, at: datetime) -> LoanCard:
    """A repayment card as it is kept."""
    return LoanCard(
        **_key(loan),
        card_id=new_id(),
        bank_code=card.bank_code,
        bank_name=card.bank_name,
        card_no_sealed=cipher.seal(card.card_no, CARD_CONTEXT),
        card_no_mac=cipher.look_up(card.card_no, CARD_CONTEXT),
        tail4=card.card_no[-4:],
        since_at=at,
        ended_at=None,
    )


def write_plan(session: Session, loan: Loan, reason: str, rows: Plan, at: datetime) -> None:
    """Write the loan's present version of the plan; earlier versions stay for what fell due under them."""
    version = {**_key(loan), "version": loan.plan_version}
    session.add(
        LoanPlan(
            **version,
            reason=reason,
            from_no=rows[0].no if rows else 0,
            made_at=at,
        )
    )
    session.add_all(
        LoanInstalment(
            **version,
            no=row.no,
            due_on=row.due_on,
            rate_ppm=row.rate_ppm,
            level_fen=row.level_fen,
            principal_fen=row.principal_fen,
            interest_fen=row.interest_fen,
            balance_after_fen=row.balance_after_fen,
            state="planned",
            paid_on=None,
        )
        for row in rows
    )


def drawing(loan: Loan, ref: str, journal_id: UUID, at: datetime) -> LoanRepayment:
    """The first line of a loan's history: 01 发放."""
    return LoanRepayment(
        **_key(loan),
        repayment_id=new_id(),
        business_ref=ref,
        kind="01",
        source="centre",
        payer_account_id=loan.account_id,
        journal_id=journal_id,
        instalment_no=None,
        booked_on=shanghai_day(at),
        principal_fen=loan.principal_fen,
        interest_fen=0,
        penalty_fen=0,
        balance_after_fen=loan.principal_fen,
        booked_at=at,
    )
