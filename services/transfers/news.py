"""The other centre's word 对方来信: stored once, and what it makes of the transfer."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.core.ids import new_id
from services.settlement.letters import AccountLetter, LetterNews
from services.transfers.booking import compare, waiting_fen
from services.transfers.models import TransferIn, TransferLetter
from services.transfers.moving import advance, by_letter, locked, refuse, tell
from services.transfers.states import TRANSFER_STATES

ASK_EVERY = timedelta(hours=6)
"""How long after the last word the other centre is asked again."""
_THERE = "转出地中心"


def take_news(session: Session, news: LetterNews, at: datetime) -> str:
    """Store and apply one word; returns what came of it. The same word twice changes nothing."""
    found = by_letter(session, news.letter_no)
    if found is None:
        return "unknown_letter"
    row = locked(session, found.account_id, found.application_id)
    if news.account is not None and news.account == account_said(row):
        return "duplicate"
    keep(session, row, "in", news.step, _says(row, news), at)
    return _apply(session, row, news, at)


def _says(row: TransferIn, news: LetterNews) -> dict[str, Any]:
    account = asdict(news.account) if news.account else None
    said = {"step": news.step, "code": news.code, "reason": news.reason, "account": account}
    # A change and its taking back are two letters, although the second says what the first one said.
    return said | ({"after": row.amount_fen} if account else {})


def keep(
    session: Session, row: TransferIn, direction: str, kind: str, says: dict[str, Any], at: datetime
) -> bool:
    """Write a letter down; False when it stands there already."""
    text = json.dumps([direction, kind, says], ensure_ascii=False, sort_keys=True)
    made = session.execute(
        insert(TransferLetter)
        .values(
            account_id=row.account_id,
            letter_id=new_id(),
            application_id=row.application_id,
            direction=direction,
            kind=kind,
            says=says,
            digest=hashlib.sha256(text.encode()).digest(),
            at=at,
        )
        .on_conflict_do_nothing()
        .returning(TransferLetter.letter_id)
    ).first()
    return made is not None


def _apply(session: Session, row: TransferIn, news: LetterNews, at: datetime) -> str:
    if row.state in TRANSFER_STATES.terminal:
        return "too_late"
    if news.account is not None and news.step in ("letter", "done", "moving", "confirmed"):
        _take_account(session, row, news.account, at)
    elif news.step in ("refused", "failed"):
        _end(session, row, news.reason, at)
    elif news.step == "withdrawn":
        _called_off(session, row, at)
    elif news.step == "no_record":
        _not_there(session, row, at)
    elif row.state == "ready":
        taken(session, row, at)
    return row.state


def taken(session: Session, row: TransferIn, at: datetime) -> None:
    """The letter is with the other centre; the member is told once, even if it had to go out again."""
    first, row.asked_at = row.asked_at is None, row.asked_at or at
    row.look_again_at = at + ASK_EVERY
    advance(session, row, "take", at, actor="结算平台")
    if first:
        tell(session, row, "transfer.asked", at)


def account_said(row: TransferIn) -> AccountLetter | None:
    """The other centre's last word on the account."""
    if row.amount_fen is None:
        return None
    return AccountLetter(
        amount_fen=row.amount_fen,
        principal_fen=row.principal_fen or 0,
        interest_fen=row.interest_fen or 0,
        opened_month=row.opened_month or "",
        paid_through_month=row.paid_through_month or "",
        six_months=bool(row.six_months),
        loans=row.loans or 0,
        unsettled_loan=bool(row.unsettled_loan),
        misuse=bool(row.misuse),
    )


def _take_account(session: Session, row: TransferIn, account: AccountLetter, at: datetime) -> None:
    for name, value in asdict(account).items():
        setattr(row, name, value)
    row.answered_at, row.asked_at, row.look_again_at = at, row.asked_at or at, at + ASK_EVERY
    session.flush()
    if row.state in ("ready", "asked", "withdrawing"):
        advance(session, row, "letter", at, actor=_THERE)
    elif waiting_fen(session, row):
        compare(session, row, at, actor="系统")


def _end(session: Session, row: TransferIn, reason: str, at: datetime) -> None:
    """A no; while money of theirs lies here, it is left to the money to go back first."""
    if row.state in ("ready", "asked", "promised", "withdrawing") and not waiting_fen(session, row):
        refuse(session, row, reason, at, actor=_THERE)


def _called_off(session: Session, row: TransferIn, at: datetime) -> None:
    if row.state in ("asked", "withdrawing"):
        advance(session, row, "called_off", at, actor=_THERE)
    elif row.state == "promised" and not waiting_fen(session, row):
        refuse(session, row, "联系函已撤销", at, actor=_THERE)


def _not_there(session: Session, row: TransferIn, at: datetime) -> None:
    """The platform does not know the letter: it goes out again, or there is nothing to call back."""
    if row.state == "asked":
        row.look_again_at = at
        advance(session, row, "lose", at, actor="结算平台")
    elif row.state == "withdrawing":
        advance(session, row, "called_off", at, actor="结算平台")
