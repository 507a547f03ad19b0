"""Deduction orders 扣款指令: written with their cause, sent once, followed to their end.

One whose fate is unknown is never sent anew (docs/adr/0008); the money counts only by a matched account movement.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.core.clock import Clock, shanghai_day
from services.core.crypto import FieldCipher
from services.core.errors import Conflict, DomainError
from services.core.ids import new_id
from services.core.jobs import defer
from services.ledger.service import lock_balance, proven_by
from services.settlement.deductions.models import Deduction
from services.settlement.deductions.ports import DeductionListener, DeductionOrder, Moved
from services.settlement.deductions.states import ASKING_STATES, DEDUCTION_STATES, LIVE_STATES
from services.settlement.models import BankNotice
from services.settlement.payees import open_payee
from services.settlement.ports import AccountChange, PayReply, QueryReply
from services.settlement.strays import stray_debits

QUEUE = "settlement"
_TOLD_STATES = ("collected", "taken_back", "unbooked")
_CANNOT_BOOK = (DomainError, ArithmeticError, AssertionError, LookupError, ValueError, IntegrityError)


class DeductionUnderWay(Conflict):
    """Money for the same loan is on its way from the card."""

    code, title = "loan.deduction_under_way", "正在扣款"
    detail = "这笔贷款正在从还款卡扣款，等有了结果再办。一般几分钟。"


@dataclass(frozen=True, slots=True)
class NewDeduction:
    """What is to be taken. `payer_sealed` holds card and name (as payees are sealed); `terms` is what booking needs."""

    account_id: UUID
    loan_id: UUID
    instruction_no: str
    purpose: str
    principal_fen: int
    interest_fen: int
    penalty_fen: int
    valued_on: date
    settle_type: str
    payer_sealed: bytes
    tail4: str
    loan_no: str
    summary: str
    held_fen: int = 0
    application_id: UUID | None = None
    terms: dict[str, Any] = field(default_factory=dict)


def order_deduction(session: Session, new: NewDeduction, at: datetime) -> Deduction:
    """Write the order and the job that sends it. Account and loan are locked. Raises DeductionUnderWay."""
    fields = {name: getattr(new, name) for name in NewDeduction.__slots__}
    row = Deduction(
        **fields,
        deduction_id=new_id(),
        state=DEDUCTION_STATES.initial,
        amount_fen=new.principal_fen + new.interest_fen + new.penalty_fen,
        attempts=0,
        created_at=at,
        updated_at=at,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        if "uq_deduction_live" in str(error.orig):
            raise DeductionUnderWay from None
        raise
    defer_deduction(session, row.account_id, row.deduction_id)
    return row


def live_deduction(session: Session, account_id: UUID, loan_id: UUID) -> Deduction | None:
    """The deduction that a loan waits for."""
    return session.scalar(
        select(Deduction).where(
            Deduction.account_id == account_id,
            Deduction.loan_id == loan_id,
            Deduction.state.in_(LIVE_STATES),
        )
    )


def deduction_of(session: Session, account_id: UUID, application_id: UUID) -> Deduction | None:
    """The deduction of an application."""
    return session.scalar(
        select(Deduction).where(
            Deduction.account_id == account_id, Deduction.application_id == application_id
        )
    )


def defer_deduction(
    session: Session, account_id: UUID, deduction_id: UUID, delay_s: float | None = None
) -> None:
    """Ask for a deduction to be sent."""
    lock = f"deduct:{deduction_id}"
    defer(
        session,
        "settlement.deduct",
        QUEUE,
        queueing_lock=lock,
        delay_s=delay_s,
        account_id=account_id,
        deduction_id=deduction_id,
    )


def defer_question(
    session: Session, account_id: UUID, deduction_id: UUID, delay_s: float | None = None
) -> None:
    """Ask for the bank's word on a deduction whose end is open."""
    lock = f"ask_deduction:{deduction_id}"
    defer(
        session,
        "settlement.ask_deduction",
        QUEUE,
        queueing_lock=lock,
        delay_s=delay_s,
        account_id=account_id,
        deduction_id=deduction_id,
    )


class Deductions:
    """Use cases of deductions; each runs in the caller's transaction and locks the account first."""

    def __init__(self, cipher: FieldCipher, clock: Clock, listener: DeductionListener) -> None:
        self._cipher = cipher
        self._clock = clock
        self._listener = listener

    def begin(
        self, session: Session, account_id: UUID, deduction_id: UUID, bank_day: date
    ) -> DeductionOrder | None:
        """Mark it as going out and return what to send; commit before the call to the bank. None: nothing to send.

        One found in `sending` was cut off in the middle and may be at the bank. One that could not be sent on its own
        day is given up: its sum was that day's.
        """
        row = self._locked(session, account_id, deduction_id)
        today = shanghai_day(self._clock.now())
        if row.state == "sending":
            self._move(row, "lose")
        if row.state != "ready":
            return None
        if today > row.valued_on:
            self._reject(session, row, "day_over", "lapse")
            return None
        row.attempts += 1
        row.sent_on = max(bank_day, today)
        self._move(row, "dispatch")
        return self._order(row)

    def record_reply(self, session: Session, account_id: UUID, deduction_id: UUID, reply: PayReply) -> None:
        """Write down what BDC105 brought; a notice may have come first, then it is past `sending`."""
        row = self._locked(session, account_id, deduction_id)
        if row.state != "sending":
            return
        row.reply, row.host_seq_no = f"{reply.outcome}:{reply.code}"[:120], reply.host_seq_no
        if reply.outcome == "rejected":
            self._reject(session, row, reply.code, "reject")
        else:
            self._move(row, {"accepted": "accept", "not_sent": "not_sent"}.get(reply.outcome, "lose"))

    def record_query(self, session: Session, account_id: UUID, deduction_id: UUID, reply: QueryReply) -> str:
        """Write down what BDC110 brought; returns the state afterwards."""
        row = self._locked(session, account_id, deduction_id)
        if row.state == "unknown" and reply.outcome == "success":
            row.host_seq_no = reply.host_seq_no
            self._move(row, "accept")
        elif row.state in ("unknown", "accepted") and reply.outcome == "failed":
            self._reject(session, row, reply.code, "reject")
        return row.state

    def give_up_after_cutoff(self, session: Session, account_id: UUID, deduction_id: UUID) -> None:
        """The node closed the day and its statement does not hold it: it will never be collected."""
        row = self._locked(session, account_id, deduction_id)
        if row.state == "unknown":
            self._reject(session, row, "absent_after_cutoff", "absent_after_cutoff")

    @staticmethod
    def owner(session: Session, instruction_no: str | None) -> Deduction | None:
        """The deduction of a number on the bank's line."""
        if instruction_no is None:
            return None
        return session.scalar(select(Deduction).where(Deduction.instruction_no == instruction_no))

    def apply(self, session: Session, change: AccountChange, owner: Deduction) -> str:
        """What an account movement with our number proves; returns how it was classified."""
        row = self._locked(session, owner.account_id, owner.deduction_id)
        if row.amount_fen != change.amount_fen:
            return "amount_differs"
        if change.reversal and change.direction == "credit":
            return "break"  # undoes something else: no card has paid by it
        if change.direction == "credit" and row.state in ASKING_STATES:
            row.host_seq_no = change.host_seq_no
            outcome = self._collect(session, row)
            self._take_early_reversal(session, row)
            return outcome
        told = row.state in _TOLD_STATES and row.host_seq_no == change.host_seq_no
        if change.direction == "credit" and told:
            return "confirmed"
        if change.direction == "debit" and row.state == "collected":
            if stray_debits(session, row.instruction_no, row.amount_fen) < 0:
                return "break"  # it answers a stray credit, such as a second collection
            self._take_back(session, row, change.host_seq_no)
            return "taken_back"
        return "break"

    def book_again(self, session: Session, account_id: UUID, deduction_id: UUID) -> bool:
        """Try once more to book what came in and could not be booked."""
        row = self._locked(session, account_id, deduction_id)
        if row.state != "unbooked" or not self._book_late(session, row):
            return False
        self._take_early_reversal(session, row)
        return True

    def _book_late(self, session: Session, row: Deduction) -> bool:
        """Book under the movement that came at the time."""
        statement = select(BankNotice).where(
            BankNotice.instruction_no == row.instruction_no, BankNotice.outcome == "unbooked"
        )
        told = session.scalars(statement).one()
        with proven_by(session, told.notice_key):
            booked = self._collect(session, row) == "collected"
        if booked:
            told.outcome = "collected"
        return booked

    def _collect(self, session: Session, row: Deduction) -> str:
        """Book it, or where the books do not allow it keep it in sight: the money is ours and stays so."""
        stranded = row.state == "unbooked"
        try:
            with session.begin_nested():
                self._move(row, "collect")
                self._listener.collected(session, Moved(row, self._clock.now(), row.host_seq_no))
        except _CANNOT_BOOK as fault:
            session.refresh(row, with_for_update=True)
            if not stranded:
                self._move(row, "strand")
            row.reply, row.updated_at = f"unbooked:{type(fault).__name__}"[:120], self._clock.now()
            return "unbooked"
        return "collected"

    def _take_early_reversal(self, session: Session, row: Deduction) -> None:
        """A reversal that was told before its deduction stands there as a break; now it is proven.

        Not one that a stray credit has answered.
        """
        early = session.scalar(
            select(BankNotice)
            .where(
                BankNotice.instruction_no == row.instruction_no,
                BankNotice.direction == "debit",
                BankNotice.amount_fen == row.amount_fen,
                BankNotice.outcome == "break",
            )
            .limit(1)
        )
        if early is None or row.state != "collected":
            return
        if stray_debits(session, row.instruction_no, row.amount_fen) > 0:
            early.outcome = "taken_back"
            with proven_by(session, early.notice_key):
                self._take_back(session, row, early.host_seq_no)

    def _take_back(self, session: Session, row: Deduction, host_seq_no: str) -> None:
        self._move(row, "take_back")
        self._listener.taken_back(session, Moved(row, self._clock.now(), host_seq_no))

    def _reject(self, session: Session, row: Deduction, code: str, event: str) -> None:
        row.reply = f"rejected:{code}"[:120]
        self._move(row, event)
        self._listener.rejected(session, Moved(row, self._clock.now(), code))

    def _move(self, row: Deduction, event: str) -> None:
        row.state = DEDUCTION_STATES.target(row.state, event)
        row.updated_at = self._clock.now()

    @staticmethod
    def _locked(session: Session, account_id: UUID, deduction_id: UUID) -> Deduction:
        lock_balance(session, account_id)
        return session.get_one(
            Deduction, (account_id, deduction_id), with_for_update=True, populate_existing=True
        )

    def _order(self, row: Deduction) -> DeductionOrder:
        payer = open_payee(self._cipher, row.payer_sealed)
        assert row.sent_on is not None
        return DeductionOrder(
            instruction_no=row.instruction_no,
            sent_on=row.sent_on,
            settle_type=row.settle_type,
            amount_fen=row.amount_fen,
            principal_fen=row.principal_fen,
            interest_fen=row.interest_fen,
            penalty_fen=row.penalty_fen,
            payer_account_no=payer.account_no,
            payer_name=payer.name,
            payer_bank_name=payer.bank_name,
            same_bank=payer.same_bank,
            interbank_no=payer.interbank_no,
            loan_no=row.loan_no,
            summary=row.summary,
        )
