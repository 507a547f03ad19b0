"""Reading breaks 差错查询: the list, and one break with what the bank, the order and the books say of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from services.core.crypto import FieldCipher
from services.core.errors import NotFound
from services.core.pii import mask_name
from services.reconciliation.models import (
    BankBreak,
    BankStatementLine,
    BreakDecision,
    BreakEvent,
    BreakProposal,
)
from services.settlement.adapters.bdc.errors import BadMessage
from services.settlement.adapters.bdc.rows import change_of
from services.settlement.deductions.models import Deduction
from services.settlement.deductions.states import DEDUCTION_STATES
from services.settlement.models import BankNotice, PaymentInstruction
from services.settlement.states import INSTRUCTION_STATES
from services.staff.models import Staff
from services.transfers.models import TransferIn
from services.transfers.states import TRANSFER_STATES

PAGE = 200
_JOURNALS = text("""
SELECT j.accounting_on, j.created_at, j.summary, j.kind, sum(p.fen) FILTER (WHERE p.gl_code = '101') AS fen
FROM journal j JOIN posting p USING (account_id, journal_id)
WHERE j.proof = ANY(:keys) OR (j.kind = 'bank_break' AND j.business_ref = ANY(:refs))
GROUP BY j.account_id, j.journal_id, j.accounting_on, j.created_at, j.summary, j.kind ORDER BY j.created_at
""")


@dataclass(frozen=True, slots=True)
class Told:
    """What the bank says, once: by notice, on a statement, or both; the other side is masked."""

    on: date
    time: str
    fen: int
    host_seq_no: str
    counterparty: str
    words: str
    noticed_at: datetime | None
    statement_on: date | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Order:
    """What we had ordered or expected under this number."""

    kind: str
    number: str
    fen: int | None
    state: str
    sent_on: date | None
    host_seq_no: str | None
    reply: str | None


@dataclass(frozen=True, slots=True)
class Sides:
    """Everything there is to compare."""

    told: list[Told]
    order: Order | None
    journals: list[Any]


def break_of(session: Session, break_id: UUID) -> BankBreak:
    """The break; raises NotFound."""
    found = session.get(BankBreak, break_id)
    if found is None:
        raise NotFound("没有这笔差错。")
    return found


def breaks(
    session: Session, *, open_only: bool = True, day: date | None = None
) -> list[tuple[BankBreak, str | None]]:
    """Breaks with their owner's name, the oldest first."""
    statement = (
        select(BankBreak, Staff.display_name)
        .outerjoin(Staff, Staff.staff_id == BankBreak.owner_id)
        .order_by(BankBreak.day, BankBreak.found_at, BankBreak.break_id)
        .limit(PAGE)
    )
    if open_only:
        statement = statement.where(BankBreak.state != "closed")
    if day is not None:
        statement = statement.where(BankBreak.day == day)
    return [(row[0], row[1]) for row in session.execute(statement)]


def open_breaks(session: Session) -> dict[str, int]:
    """How many are open, by kind."""
    statement = (
        select(BankBreak.kind, func.count()).where(BankBreak.state != "closed").group_by(BankBreak.kind)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def sides(session: Session, cipher: FieldCipher, row: BankBreak) -> Sides:
    """The three sides of a break."""
    notices = _notices(session, row)
    keys = [bytes(notice.notice_key) for notice in notices]
    keys += [key for key in (row.notice_key, row.other_key) if key and key not in keys]
    lines = list(session.scalars(select(BankStatementLine).where(BankStatementLine.notice_key.in_(keys))))
    told = [_told(cipher, notice, lines) for notice in notices]
    own = f"bank_break:{row.break_id}"
    refs = [own, f"{own}:undone", f"{own}:cleared"]
    journals = session.execute(_JOURNALS, {"keys": keys, "refs": refs}).all()
    number = row.instruction_no or next((n.instruction_no for n in notices if n.instruction_no), None)
    return Sides(told, order_of(session, number), list(journals))


def _notices(session: Session, row: BankBreak) -> list[BankNotice]:
    keys = [key for key in (row.notice_key, row.other_key) if key]
    statement = select(BankNotice).where(
        BankNotice.notice_key.in_(keys)
        | (
            (BankNotice.instruction_no == row.instruction_no)
            if row.instruction_no
            else BankNotice.notice_key.in_(keys)
        )
    )
    return list(session.scalars(statement.order_by(BankNotice.day, BankNotice.received_at)))


def _told(cipher: FieldCipher, notice: BankNotice, lines: list[BankStatementLine]) -> Told:
    line = next((one for one in lines if one.notice_key == notice.notice_key), None)
    try:
        change = change_of(cipher.open(notice.raw_sealed, "bank_notice.raw"))
        time = f"{change.time[:2]}:{change.time[2:4]}"
        who = f"{mask_name(change.counter_name)} 尾号 {change.counter_account_no[-4:]}"
        words = " ".join(part for part in (change.summary, change.remark) if part)
    except BadMessage:
        time = who = words = ""
    fen = -notice.amount_fen if notice.direction == "debit" else notice.amount_fen
    return Told(
        notice.day, time, fen, notice.host_seq_no, who, words, notice.received_at, line.day if line else None, notice.outcome
    )  # fmt: skip


def order_of(session: Session, number: str | None) -> Order | None:
    """The order that bears a number, of whichever kind."""
    if number is None:
        return None
    payment = session.scalar(select(PaymentInstruction).where(PaymentInstruction.instruction_no == number))
    if payment is not None:
        label = INSTRUCTION_STATES.labels[payment.state]
        return Order(
            "付款指令",
            number,
            -payment.amount_fen,
            label,
            payment.sent_on,
            payment.host_seq_no,
            payment.reply,
        )
    deduction = session.scalar(select(Deduction).where(Deduction.instruction_no == number))
    if deduction is not None:
        label = DEDUCTION_STATES.labels[deduction.state]
        fen = deduction.amount_fen
        return Order(
            "还款卡扣款", number, fen, label, deduction.sent_on, deduction.host_seq_no, deduction.reply
        )
    transfer = session.scalar(select(TransferIn).where(TransferIn.money_no == number))
    if transfer is not None:
        label = TRANSFER_STATES.labels[transfer.state]
        return Order(
            f"转入款（{transfer.centre_name}）",
            transfer.letter_no,
            transfer.amount_fen,
            label,
            transfer.written_on,
            None,
            None,
        )
    return None


def history_of(session: Session, break_id: UUID) -> list[tuple[BreakEvent, str | None]]:
    """What happened, oldest first, with names."""
    statement = (
        select(BreakEvent, Staff.display_name)
        .outerjoin(Staff, Staff.staff_id == BreakEvent.staff_id)
        .where(BreakEvent.break_id == break_id)
        .order_by(BreakEvent.seq)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def proposals_of(session: Session, break_id: UUID) -> list[tuple[BreakProposal, BreakDecision | None]]:
    """Every proposal with what became of it."""
    statement = (
        select(BreakProposal, BreakDecision)
        .outerjoin(BreakDecision, BreakDecision.proposal_id == BreakProposal.proposal_id)
        .where(BreakProposal.break_id == break_id)
        .order_by(BreakProposal.proposed_at)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]
