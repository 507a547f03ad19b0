"""What moving a correction on books 挂账转出记账, and what may not be moved so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from services.audit.service import CENTRE
from services.ledger.chart import BANK_DEPOSIT, BANK_DIFFERENCE, OTHER_RECEIVABLE
from services.ledger.day_books import CORRECTION, booked_by
from services.ledger.service import Entry, Line, post
from services.reconciliation.correcting import in_other_words, repeats_a_line
from services.reconciliation.models import BankBreak
from services.reconciliation.suspense_errors import NotMoney, NotOpposite, SettlesItself
from services.remittances.models import RemittanceSurplus
from services.settlement.models import BankNotice
from services.settlement.movements import CLAIMABLE
from services.transfers.models import TransferIn, TransferMoney

_MAY_BELONG = ("bank_only", "late_return", "duplicate_line")
"""Kinds that may be money of its own; of the others a part, or the other telling, is booked already."""


def refuse_claiming(session: Session, row: BankBreak) -> None:
    """Raises NotMoney unless it is the whole of a credit that nobody owns."""
    told = _told(session, row)
    whole = told is not None and (told.direction, told.amount_fen) == ("credit", row.difference_fen)
    if row.kind not in _MAY_BELONG or told is None or not whole or told.outcome not in CLAIMABLE:
        raise NotMoney
    if booked_by(session, [told.notice_key]):
        raise NotMoney


def refuse_cancelling(session: Session, row: BankBreak, other: BankBreak) -> None:
    """Raises NotOpposite, and SettlesItself for what a letter or a return to an employer takes when its time comes."""
    if row.difference_fen + other.difference_fen != 0 or not row.difference_fen:
        raise NotOpposite
    if _settles_itself(session, row) or _settles_itself(session, other):
        raise SettlesItself


def _settles_itself(session: Session, row: BankBreak) -> bool:
    """Whether an order may still take it, under either key: a return only with the second person's word, once."""
    told = _told(session, row)
    if row.difference_fen > 0 or told is None or told.instruction_no is None or repeats_a_line(row):
        return False
    keys = [told.notice_key, *(other.notice_key for other in in_other_words(session, told))]
    letter = exists().where(
        TransferIn.money_no == told.instruction_no,
        TransferMoney.account_id == TransferIn.account_id,
        TransferMoney.notice_key.in_(keys),
        TransferMoney.direction == "debit",
        TransferMoney.state == "open",
    )
    asked = exists().where(
        RemittanceSurplus.number == told.instruction_no, RemittanceSurplus.approved.is_(None)
    )
    return bool(session.scalar(select(or_(letter, asked))))


def _told(session: Session, row: BankBreak) -> BankNotice | None:
    if row.notice_key is None:
        return None
    return session.get(BankNotice, row.notice_key, with_for_update=True, populate_existing=True)


def undo(session: Session, row: BankBreak, at: datetime) -> None:
    """Dr 21903, Cr 101, on the day that is open: the claim that follows books 101 by the movement itself."""
    fen = row.difference_fen
    lines = (Line(BANK_DIFFERENCE, fen), Line(BANK_DEPOSIT, -fen))
    _post(session, row, "undone", "冲回调账，认领到业务", lines, at)


def cancel(session: Session, row: BankBreak, other: BankBreak, at: datetime) -> None:
    """Dr 21903, Cr 119: what came and what is owed are the same money."""
    came = row if row.difference_fen > 0 else other
    lines = (Line(BANK_DIFFERENCE, came.difference_fen), Line(OTHER_RECEIVABLE, -came.difference_fen))
    _post(session, came, "cleared", "两笔挂账对冲", lines, at)


def _post(
    session: Session, row: BankBreak, step: str, summary: str, lines: tuple[Line, ...], at: datetime
) -> None:
    reference = f"{CORRECTION}:{row.break_id}:{step}"
    post(session, row.member_account_id or CENTRE, Entry(reference, CORRECTION, summary, lines), at)
