"""Repaying with the card 还款卡还贷: the charge of a case, and the case's books when the card has paid or not.

Nothing is half done: the fund's part waits on hold, and card, fund, loan and case are booked in one transaction when the
bank's movement is there; if the card pays nothing, the hold goes back and the loan is as before.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from services.applications.models import Application
from services.applications.service import load, move
from services.audit.service import record
from services.core.clock import shanghai_day
from services.core.outbox import emit
from services.items.repaying import Wish, repay
from services.ledger.queries import balance_of
from services.ledger.service import BalanceInsufficient
from services.loans.booking import Paid, Payer
from services.loans.charging import Cards, Charge, note_booked, release
from services.loans.discharge import ask_for_discharge
from services.loans.errors import LoanSettled, PlanMoved
from services.loans.instalments import (
    book_instalment,
    give_up_instalment,
    owe_again,
    recover,
    refused_why,
)
from services.loans.queries import loan_held
from services.loans.service import trial_prepayment
from services.loans.standing import Standing, standing_of
from services.settlement.deductions.ports import Moved
from services.withdrawals.states import WITHDRAWAL_STATES

_BY_BANK, _BY_PEOPLE = ("bank_rejected", "银行"), ("unpaid", "两位工作人员")
"""By which edge a case ends uncollected, and whose it is."""


def start_collecting(
    session: Session, cards: Cards, application: Application, wish: Wish, source: str, at: datetime
) -> None:
    """Charge the card for a case that has been approved: approved → collecting.

    The caller has locked the account. Raises what stands in the way of the repayment itself, LoanSettled,
    BalanceInsufficient, DeductionUnderWay.
    """
    loan = loan_held(session, application.account_id, wish.loan_id).loan
    standing = standing_of(session, loan.account_id, loan.loan_id, lock=True)
    paid = _paid(application, standing, wish, at)
    charge = Charge(
        "settle" if wish.how == "all" else "prepay",
        paid,
        shanghai_day(at),
        _held(session, application, wish, paid) if source == "both" else 0,
        application.case_no,
        application.application_id,
        {"how": wish.how, "change": wish.change},
    )
    row = cards.charge(session, loan, charge, at)
    application.amount_fen = paid.amount_fen
    made = {"card_fen": row.amount_fen, "fund_fen": row.held_fen, "tail4": row.tail4}
    application.result = {**application.result, "collecting": made}
    session.flush()  # the state is moved by a statement of its own
    move(session, application, WITHDRAWAL_STATES, "collect", actor="系统", at=at)
    subject = str(application.application_id)
    record(session, loan.account_id, "loan.collecting", actor="系统", subject=subject, at=at, detail=made)


def _paid(application: Application, standing: Standing, wish: Wish, at: datetime) -> Paid:
    today = shanghai_day(at)
    if wish.how == "all":
        if standing.loan.state == "settled":
            raise LoanSettled
        due = standing.payoff(today)
        principal, late = due.principal_fen, due.overdue_principal_fen
        interest = due.interest_fen + due.overdue_interest_fen
        return Paid("settle", "06", "贷款结清", principal + late, interest, due.penalty_fen, late)
    found = trial_prepayment(standing, application.amount_fen or 0, today, wish.change)
    return Paid("prepay", "03", "提前部分还款", found.principal_fen, found.interest_fen)


def _held(session: Session, application: Application, wish: Wish, paid: Paid) -> int:
    """The fund first: all it may give, and the card at least a fen."""
    balance = balance_of(session, application.account_id)
    there = balance.balance_fen - balance.frozen_fen - wish.keep_fen
    if there <= 0:
        raise BalanceInsufficient
    return min(there, paid.amount_fen - 1)


class CardOutcomes:
    """What the end of a deduction does; implements settlement's DeductionListener."""

    def collected(self, session: Session, moved: Moved) -> None:
        """Book it for the case, the instalment, or what was taken back before."""
        if moved.row.purpose == "recovery":
            recover(session, moved)
        elif moved.row.application_id is None:
            book_instalment(session, moved)
        else:
            _book_case(session, moved)

    def rejected(self, session: Session, moved: Moved) -> None:
        """The card paid nothing."""
        if moved.row.application_id is None:
            give_up_instalment(session, moved)
        else:
            _give_up_case(session, moved, _BY_BANK, "bank")

    def unpaid(self, session: Session, moved: Moved, actor: str) -> None:
        """Two people's word that the card paid nothing."""
        if moved.row.application_id is None:
            give_up_instalment(session, moved)
        else:
            _give_up_case(session, moved, _BY_PEOPLE, actor)

    def taken_back(self, session: Session, moved: Moved) -> None:
        """The bank put a booked sum back."""
        owe_again(session, moved)


def _case(session: Session, moved: Moved) -> Application:
    assert moved.row.application_id is not None
    return load(session, moved.account_id, moved.row.application_id, lock=True)


def _book_case(session: Session, moved: Moved) -> None:
    row, application = moved.row, _case(session, moved)
    payer = Payer("card", row.account_id, held_fen=row.held_fen, valued_on=row.valued_on)
    wish = Wish(row.loan_id, row.terms["how"], row.terms["change"], 0)
    loan = repay(session, application, wish, moved.at, payer)
    if application.amount_fen != row.amount_fen + row.held_fen:
        raise PlanMoved
    note_booked(row, application.result["booked"])
    session.flush()
    move(session, application, WITHDRAWAL_STATES, "bank_collected", actor="银行", at=moved.at)
    _told(session, moved, application, "loan.repaid_by_card", {"owed_fen": loan.balance_fen})
    if loan.state == "settled":
        ask_for_discharge(session, loan, application, moved.at)


def _give_up_case(session: Session, moved: Moved, edge: tuple[str, str], actor: str) -> None:
    application = _case(session, moved)
    release(session, moved.row, moved.at)
    why = refused_why(moved.note)
    application.result = {**application.result, "uncollected": why}
    session.flush()
    event, who = edge
    move(session, application, WITHDRAWAL_STATES, event, actor=who, at=moved.at, note=moved.note)
    _told(session, moved, application, "loan.uncollected", {"reason": why}, actor)


def _told(
    session: Session,
    moved: Moved,
    application: Application,
    topic: str,
    more: dict[str, object],
    actor: str = "bank",
) -> None:
    row = moved.row
    payload = {
        "application_id": str(application.application_id),
        "item_name": application.quote["item_name"],
        "amount_fen": row.amount_fen + row.held_fen,
        "card_fen": row.amount_fen,
        "tail4": row.tail4,
        **more,
    }
    emit(session, row.account_id, topic, payload, moved.at)
    detail = {"amount_fen": row.amount_fen, "held_fen": row.held_fen, "case_no": application.case_no}
    subject = str(application.application_id)
    record(session, row.account_id, topic, actor=actor, subject=subject, at=moved.at, detail=detail)
