"""Booking 入账: what came under a letter goes to the member, once; until it may, it lies on 暂收款."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.applications.service import load
from services.ledger.chart import BANK_DEPOSIT, MEMBER_FUND, OTHER_RECEIVABLE, UNMATCHED_RECEIPT
from services.ledger.queries import balance_of
from services.ledger.service import Entry, Line, post, proven_by
from services.settlement.models import BankNotice
from services.transfers.models import TransferIn, TransferMoney
from services.transfers.moving import advance, tell

REST_COMES_WITHIN = timedelta(hours=24)
KIND = "transfer_in"
"""外部转入: 08 of code table A.5."""


def waiting_fen(session: Session, row: TransferIn) -> int:
    """What lies on 暂收款 for this letter and may still be credited."""
    return sum(money.amount_fen for money in money_of(session, row, "waiting"))


def money_of(session: Session, row: TransferIn, *states: str) -> list[TransferMoney]:
    """Money that came in under this letter and is in one of these states, first come first."""
    statement = (
        select(TransferMoney)
        .where(
            TransferMoney.account_id == row.account_id,
            TransferMoney.application_id == row.application_id,
            TransferMoney.direction == "credit",
            TransferMoney.state.in_(states),
        )
        .order_by(TransferMoney.at, TransferMoney.notice_key)
    )
    return list(session.scalars(statement))


def compare(session: Session, row: TransferIn, at: datetime, *, actor: str) -> str:
    """What has come so far against the letter: all of it, a part, or more; says how it was classified.

    Principal and interest may come one after the other, so a part waits. What people look at is theirs to decide.
    """
    came_fen = waiting_fen(session, row)
    if row.amount_fen is None or row.state == "differs":
        return "amount_differs"
    if came_fen == row.amount_fen:
        credit_held(session, row, at, event="match", actor=actor)
        return "transfer_credited"
    if came_fen > row.amount_fen:
        advance(session, row, "mismatch", at, actor="系统")
        return "amount_differs"
    if row.state == "early":
        advance(session, row, "letter", at, actor="转出地中心")
    return "transfer_part"


def stop_waiting_for_rest(session: Session, row: TransferIn, at: datetime) -> None:
    """A part that stayed a part for a day: people have to look."""
    held = money_of(session, row, "waiting")
    if row.state == "promised" and held and at - held[0].at >= REST_COMES_WITHIN:
        advance(session, row, "mismatch", at, actor="系统")


def suspend(session: Session, row: TransferIn, money: TransferMoney, at: datetime) -> None:
    """Dr 101, Cr 21901: the centre has it, the member not yet."""
    lines = (Line(BANK_DEPOSIT, money.amount_fen), Line(UNMATCHED_RECEIPT, -money.amount_fen))
    _post(session, row, f"held:{_short(money)}", "transfer_held", "异地转入款待核对", lines, at)


def give_back(
    session: Session, row: TransferIn, money: TransferMoney, by: TransferMoney, at: datetime
) -> None:
    """Dr 21901, Cr 101: the sender took it back before it was the member's.

    Where two people have booked the going back by hand (Dr 119, Cr 101), what is owed to the centre ends with it.
    """
    money.state = by.state = "taken_back"
    corrected = session.get_one(BankNotice, by.notice_key).outcome == "corrected"
    source = OTHER_RECEIVABLE if corrected else BANK_DEPOSIT
    lines = (Line(UNMATCHED_RECEIPT, money.amount_fen), Line(source, -money.amount_fen))
    with proven_by(session, by.notice_key):
        _post(session, row, f"back:{_short(by)}", "transfer_back", "异地转入款被收回", lines, at)


def credit_direct(session: Session, row: TransferIn, money: TransferMoney, at: datetime) -> None:
    """Dr 101, Cr 201: the money fits the letter that came before it."""
    money.state = "credited"
    _credit(session, row, BANK_DEPOSIT, money.amount_fen, at, event="match", actor="银行")


def credit_held(session: Session, row: TransferIn, at: datetime, *, event: str, actor: str) -> None:
    """Dr 21901, Cr 201: everything that waited becomes the member's."""
    held = money_of(session, row, "waiting")
    for money in held:
        money.state = "credited"
    _credit(session, row, UNMATCHED_RECEIPT, sum(m.amount_fen for m in held), at, event=event, actor=actor)


def _credit(
    session: Session, row: TransferIn, source: str, fen: int, at: datetime, *, event: str, actor: str
) -> None:
    summary = f"{row.centre_name}转入"[:60]
    lines = (Line(source, fen), *_fund_lines(row, fen))
    # One number for ever: the books themselves refuse a second credit of a letter.
    post(session, row.account_id, Entry(f"transfer:{row.letter_no}", KIND, summary, lines), at)
    advance(session, row, event, at, actor=actor)
    # After the state: two people decide a case without a sum, and the guard compares.
    load(session, row.account_id, row.application_id, lock=True).amount_fen = fen
    balance_fen = balance_of(session, row.account_id).balance_fen
    tell(session, row, "transfer.arrived", at, amount_fen=fen, balance_fen=balance_fen)


def _fund_lines(row: TransferIn, fen: int) -> tuple[Line, ...]:
    """Principal and interest as the letter has them; one line where the sum is another."""
    if row.amount_fen != fen:
        return (Line(MEMBER_FUND, -fen),)
    parts = (row.principal_fen or 0, row.interest_fen or 0)
    return tuple(Line(MEMBER_FUND, -part) for part in parts if part)


def _post(
    session: Session,
    row: TransferIn,
    step: str,
    kind: str,
    summary: str,
    lines: tuple[Line, ...],
    at: datetime,
) -> None:
    post(session, row.account_id, Entry(f"transfer:{row.letter_no}:{step}", kind, summary, lines), at)


def _short(money: TransferMoney) -> str:
    return money.notice_key.hex()[:24]
