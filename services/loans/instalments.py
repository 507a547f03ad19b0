"""Instalments by card 按期扣款: what is due today, its charge, and the books when the card has paid or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.clock import shanghai_day
from services.core.outbox import emit
from services.ledger.chart import BANK_DEPOSIT, OTHER_RECEIVABLE
from services.ledger.service import Entry, Line, post
from services.loans.booking import Paid, Payer
from services.loans.charging import note_booked, release
from services.loans.errors import PlanMoved
from services.loans.models import Loan, LoanRepayment
from services.loans.rules import Overdue, penalty_fen
from services.loans.service import pay_instalment, pay_overdue
from services.loans.standing import Standing
from services.settlement.deductions.models import Deduction
from services.settlement.deductions.ports import Moved

_BROKE = {"B0100": "卡里的钱不够"}
_CARD = frozenset({"B0051", "B0052", "B0007"})


@dataclass(frozen=True, slots=True)
class Demand:
    """What a card is to be charged today: purpose, parts, and the instalment it is for."""

    purpose: str
    paid: Paid
    no: int


def demand(standing: Standing, on: date) -> Demand | None:
    """What is to be taken on a day: everything overdue with its penalty, else the instalment whose day has come."""
    late = standing.overdue(on)
    if late:
        return Demand("overdue", _late(standing, on), late[0].no)
    ahead = standing.ahead(on)
    if not ahead or ahead[0].due_on > on or standing.collected_from(ahead[0]) > on:
        return None
    row = ahead[0]
    paid = Paid(f"instalment:{row.no}", "02", f"偿还贷款第 {row.no} 期", row.principal_fen, row.interest_fen)
    return Demand("instalment", paid, row.no)


def _late(standing: Standing, on: date) -> Paid:
    rows = standing.overdue(on)
    overdue = [Overdue(row.no, row.due_on, row.principal_fen, row.interest_fen) for row in rows]
    percent = standing.loan.penalty_percent
    return Paid(
        f"instalment:{rows[0].no}",
        "04",
        "偿还贷款逾期",
        sum(row.principal_fen for row in rows),
        sum(row.interest_fen for row in rows),
        sum(penalty_fen(one, standing.steps, on, percent) for one in overdue),
        sum(row.principal_fen for row in rows if row.state == "overdue"),
    )


def refused_why(code: str | None) -> str:
    """A bank's code in plain words."""
    if code in _BROKE:
        return _BROKE[code]
    return "这张卡现在不能扣款" if code in _CARD else "银行没有扣成"


def book_instalment(session: Session, moved: Moved) -> None:
    """Book an instalment, or what was overdue, as of the day it was taken. Raises PlanMoved when it fits no more."""
    row, at = moved.row, moved.at
    payer = Payer("card", row.account_id, held_fen=row.held_fen, valued_on=row.valued_on)
    booked: list[LoanRepayment]
    if row.purpose == "overdue":
        booked = pay_overdue(session, row.account_id, row.loan_id, payer, at)
    else:
        booked = [pay_instalment(session, row.account_id, row.loan_id, payer, at)]
    if booked[0].instalment_no != row.terms.get("no") or _sum(booked) != row.amount_fen:
        raise PlanMoved
    refs = [one.business_ref for one in booked]
    note_booked(row, refs + [f"{ref}:fund" for ref in refs if row.held_fen])
    _tell(session, moved, "instalment.paid", {"owed_fen": booked[-1].balance_after_fen})


def _sum(booked: list[LoanRepayment]) -> int:
    return sum(one.principal_fen + one.interest_fen + one.penalty_fen for one in booked)


def give_up_instalment(session: Session, moved: Moved) -> None:
    """The card did not pay: it stays due and is tried again; the member is told once a day."""
    release(session, moved.row, moved.at)
    if failures_on(session, moved.row, shanghai_day(moved.at)) <= 1:
        _tell(session, moved, "instalment.failed", {"reason": refused_why(moved.note)})


def failures_on(session: Session, row: Deduction, on: date) -> int:
    """How often the card of a loan was asked in vain for a day's sum."""
    statement = select(func.count()).where(
        Deduction.account_id == row.account_id,
        Deduction.loan_id == row.loan_id,
        Deduction.application_id.is_(None),
        Deduction.valued_on == on,
        Deduction.state == "rejected",
    )
    return session.scalar(statement) or 0


def owe_again(session: Session, moved: Moved) -> None:
    """The bank put the money back on the card: the loan's books stand, and the member owes the centre the sum.

    Dr 119 其他应收款, Cr 101; it is taken again on the next round.
    """
    lines = (Line(OTHER_RECEIVABLE, moved.row.amount_fen), Line(BANK_DEPOSIT, -moved.row.amount_fen))
    _settle(session, moved, "take_back", "deduction_taken_back", "扣款被银行冲回", lines)
    _tell(session, moved, "deduction.taken_back", {})


def recover(session: Session, moved: Moved) -> None:
    """What was put back has been taken again: Dr 101, Cr 119."""
    lines = (Line(BANK_DEPOSIT, moved.row.amount_fen), Line(OTHER_RECEIVABLE, -moved.row.amount_fen))
    _settle(session, moved, "recover", "deduction_recovered", "补扣冲回的还款", lines)
    loan = session.get_one(Loan, (moved.row.account_id, moved.row.loan_id))
    _tell(session, moved, "instalment.paid", {"owed_fen": loan.balance_fen})


def _settle(
    session: Session, moved: Moved, step: str, kind: str, summary: str, lines: tuple[Line, Line]
) -> None:
    entry = Entry(f"deduction:{moved.row.deduction_id}:{step}", kind, summary, lines)
    post(session, moved.account_id, entry, moved.at)


def _tell(session: Session, moved: Moved, topic: str, more: dict[str, object]) -> None:
    row = moved.row
    payload = {
        "item_name": "补扣还款" if row.purpose == "recovery" else "偿还公积金贷款",
        "amount_fen": row.amount_fen,
        "held_fen": row.held_fen,
        "tail4": row.tail4,
        **more,
    }
    emit(session, row.account_id, topic, payload, moved.at)
    detail = {"amount_fen": row.amount_fen, "instruction_no": row.instruction_no}
    subject = str(row.deduction_id)
    record(session, row.account_id, topic, actor="bank", subject=subject, at=moved.at, detail=detail)
