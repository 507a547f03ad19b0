"""Corrections 调账: 101 is brought to what the bank says of a movement, once, and never for what books itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from services.audit.service import CENTRE
from services.ledger.chart import BANK_DEPOSIT, BANK_DIFFERENCE, OTHER_RECEIVABLE
from services.ledger.day_books import CORRECTION, booked_by
from services.ledger.service import Entry, Line, post
from services.reconciliation.borne_out import hold_statement, refuse_unborne
from services.reconciliation.errors import (
    BookedLater,
    BookedSince,
    NothingToBook,
    NotTakenIn,
    StatementDiffers,
)
from services.reconciliation.models import BankBreak, BankStatementLine
from services.reconciliation.statements import is_believed
from services.reconciliation.states import KINDS
from services.settlement.deductions.models import Deduction
from services.settlement.deductions.states import LIVE_STATES
from services.settlement.models import BankNotice, PaymentInstruction
from services.settlement.states import OPEN_STATES

_ORDER_MAY_TAKE = ("break", "unbooked")
"""Movements that came before what they belong to: an order that is open books them when its time comes."""


def refuse_correction(session: Session, row: BankBreak) -> None:
    """Raises NothingToBook, NotTakenIn, NotBorneOut, BookedSince, BookedLater. The account of its order is locked."""
    if not row.difference_fen:
        raise NothingToBook
    if is_the_statements(row):
        raise StatementDiffers
    hold_statement(session, row)
    refuse_untaken(session, row)
    refuse_unborne(session, row)
    told = _told(session, row)
    if told is None or row.kind == "duplicate_line":  # the line that it repeats is booked, and rightly so
        return
    keys = [told.notice_key]
    if row.kind != "shifted_day":  # whose other telling is booked on its own day, and was when this was found
        keys += [other.notice_key for other in in_other_words(session, told)]
    if row.bank_fen in booked_by(session, keys).values():
        raise BookedSince
    if told.outcome in _ORDER_MAY_TAKE and _is_open(session, told.instruction_no):
        raise BookedLater


def refuse_untaken(session: Session, row: BankBreak) -> None:
    """Raises NotTakenIn: when its statement is believed, the line may book itself, or be no break any more."""
    if not is_taken_in(session, row):
        raise NotTakenIn


def is_the_statements(row: BankBreak) -> bool:
    """Whether it is about a statement as a whole: what its lines lack books itself once the bank tells of it."""
    return row.kind == "control_differs"


def is_taken_in(session: Session, row: BankBreak) -> bool:
    """Whether its statement is believed and what the bank told was read as a movement; a doubtful one is not read."""
    if row.notice_key is None:
        return True
    return is_believed(session, row.day) and session.get(BankNotice, row.notice_key) is not None


def repeats_a_line(row: BankBreak) -> bool:
    """Whether it is a line that stands once more under the very same key: the movement itself is another break, or none."""
    return row.notice_key is not None and row.ref != row.notice_key.hex()


def _told(session: Session, row: BankBreak) -> BankNotice | None:
    """Held, so that nobody books it in the same moment."""
    if row.notice_key is None:
        return None
    return session.get(BankNotice, row.notice_key, with_for_update=True, populate_existing=True)


def in_other_words(session: Session, told: BankNotice) -> list[BankNotice]:
    """The same movement under other keys, which no statement has. Held, too."""
    if told.instruction_no is None:
        return []
    line = exists().where(BankStatementLine.notice_key == BankNotice.notice_key)
    same = select(BankNotice).where(
        BankNotice.instruction_no == told.instruction_no,
        BankNotice.host_seq_no == told.host_seq_no,
        BankNotice.direction == told.direction,
        BankNotice.amount_fen == told.amount_fen,
        BankNotice.notice_key != told.notice_key,
        ~line,
    )
    held = same.order_by(BankNotice.notice_key).with_for_update().execution_options(populate_existing=True)
    return list(session.scalars(held))


def _is_open(session: Session, instruction_no: str | None) -> bool:
    payment = exists().where(
        PaymentInstruction.instruction_no == instruction_no, PaymentInstruction.state.in_(OPEN_STATES)
    )
    deduction = exists().where(Deduction.instruction_no == instruction_no, Deduction.state.in_(LIVE_STATES))
    return bool(session.scalar(select(or_(payment, deduction))))


def correct(session: Session, row: BankBreak, at: datetime) -> None:
    """More money is owed to somebody (21903), less is owed to us (119); on the break's own day."""
    fen = row.difference_fen
    other = BANK_DIFFERENCE if fen > 0 else OTHER_RECEIVABLE
    lines = (Line(BANK_DEPOSIT, fen), Line(other, -fen))
    entry = Entry(
        f"{CORRECTION}:{row.break_id}", CORRECTION, f"{KINDS[row.kind]}，按银行流水调账", lines, row.day
    )
    post(session, row.member_account_id or CENTRE, entry, at)
    told = _told(session, row)
    if told is None or told.outcome != "break" or repeats_a_line(row):
        return
    for one in (told, *in_other_words(session, told)):
        if one.outcome == "break":
            one.outcome = "corrected"  # what fits it later must not book it again
