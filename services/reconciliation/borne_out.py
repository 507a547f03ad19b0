"""Whether the bank's statement bears a break out 流水佐证: it may have been fetched anew since, and may be again."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.reconciliation.errors import NothingToBook
from services.reconciliation.models import BankBreak, BankStatement, BankStatementLine


class NotBorneOut(NothingToBook):
    """The lines say it no more, or the balances do not say that a line stands twice or is missing."""

    title, detail = (
        "流水没有证实，不能调账",
        "流水没有证实这笔差错：要么流水后来已经改正，要么流水多出或缺少的这一笔，余额还对不上，银行可能还会改正。现在调账，改正以后就会多记。请向银行要完整的流水；已经改正的，请选“已查明，不用记账”。",
    )


def refuse_unborne(session: Session, row: BankBreak) -> None:
    """Raises NotBorneOut. The statement is held."""
    if not is_borne_out(session, row):
        raise NotBorneOut


def is_borne_out(session: Session, row: BankBreak) -> bool:
    """Whether the lines still say what the break says of them.

    What stands once more, or nowhere, is only so when the balances say it too: until the statement adds up, the bank may
    drop the one line and bring the other, whatever people believe meanwhile.
    """
    if row.notice_key is None:
        return True
    lines = select(func.count()).where(BankStatementLine.notice_key == row.notice_key)
    if not row.bank_fen:
        return _adds_up(session, row) and session.scalar(lines) == 0
    times = _times(row)
    if times == 1:  # on its own day, or on an earlier one's statement that was completed while this day was open
        return bool(session.scalar(lines.where(BankStatementLine.day <= row.day)))
    there = session.scalar(lines.where(BankStatementLine.day == row.day)) or 0
    return there >= times and _adds_up(session, row)


def hold_statement(session: Session, row: BankBreak) -> None:
    """Nobody replaces the statement while the break is booked on its word."""
    session.get(BankStatement, row.day, with_for_update={"read": True}, populate_existing=True)


def _adds_up(session: Session, row: BankBreak) -> bool:
    statement = session.get(BankStatement, row.day)
    return statement is not None and statement.missing_fen == 0


def _times(row: BankBreak) -> int:
    """How often its line stands, at the least: the reference of a repetition ends in its number."""
    _, _, number = row.ref.partition(":")
    return int(number or 1)
