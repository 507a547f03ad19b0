"""Posting journals 记账 and locking a member's balance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.core.clock import shanghai_day
from services.core.errors import Conflict, NotFound
from services.core.ids import new_id
from services.core.sql import Statement
from services.ledger.chart import BANK_DEPOSIT, MEMBER_FUND, WITHDRAWAL_PAYABLE


class BalanceInsufficient(Conflict):
    """The balance does not cover the amount (余额不足)."""

    code = "withdrawal.balance_insufficient"
    detail = "账户余额不够这次提取，请刷新后看最新的可提金额。"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a journal: debit 借 positive, credit 贷 negative, in fen."""

    gl_code: str
    fen: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A journal to post. `business_ref` is unique for the account for ever; `on` is its day in the books, if not today."""

    business_ref: str
    kind: str
    summary: str
    lines: tuple[Line, ...]
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """What a member has: 201 after holds, what is held on 219, what a court froze."""

    balance_fen: int
    held_fen: int
    frozen_fen: int


_OPEN = Statement(
    "INSERT INTO member_balance (account_id, balance_fen, held_fen, frozen_fen) VALUES (:account_id, 0, 0, 0)"
    " ON CONFLICT DO NOTHING"
)
_LOCK = Statement(
    "SELECT balance_fen, held_fen, frozen_fen FROM member_balance WHERE account_id = :account_id FOR UPDATE"
)
# Without a day of its own a journal is of the open business day, which after an early cut-over is ahead of the clock;
# what is taken over from before these books keeps its day.
_BOOK = (
    ", booked AS (INSERT INTO journal"
    " (account_id, journal_id, business_ref, kind, summary, accounting_on, proof, created_at)"
    " SELECT account_id, :journal_id, :business_ref, :kind, :summary, coalesce(CAST(:own_day AS date),"
    " CASE WHEN CAST(:today AS date) < (SELECT min(day) FROM business_day) THEN CAST(:today AS date)"
    " ELSE greatest(CAST(:today AS date), (SELECT day FROM business_day WHERE state = 'open')) END), :proof, :created_at"
    " FROM moved RETURNING account_id, journal_id)"
    " INSERT INTO posting (account_id, journal_id, line_no, gl_code, fen)"
    " SELECT account_id, journal_id, line_no, gl_code, fen FROM booked CROSS JOIN unnest(CAST(:codes AS text[]),"
    " CAST(:amounts AS bigint[])) WITH ORDINALITY AS line(gl_code, fen, line_no)"
)
_POST = Statement(f"WITH moved AS (SELECT CAST(:account_id AS uuid) AS account_id){_BOOK}")
_POST_AND_MOVE = Statement(
    "WITH moved AS (UPDATE member_balance SET balance_fen = balance_fen + :fund, held_fen = held_fen + :held"  # noqa: S608
    " WHERE account_id = :account_id AND balance_fen + :fund >= 0 AND held_fen + :held >= 0 RETURNING account_id)"
    f"{_BOOK}"
)
_PROOF = "ledger.proof"


def open_balance(session: Session, account_id: UUID) -> None:
    """Give a new account its balance row of zero."""
    _OPEN.run(session, {"account_id": account_id})


def lock_balance(session: Session, account_id: UUID) -> Balance:
    """Lock the account's row until the transaction ends; the first lock every money use case takes."""
    row = _LOCK.first(session, {"account_id": account_id})
    if row is None:
        raise NotFound
    return Balance(row.balance_fen, row.held_fen, row.frozen_fen)


@contextmanager
def proven_by(session: Session, notice_key: bytes) -> Iterator[None]:
    """What is posted on 101 inside bears the key of the bank's movement that proves it, for the reconciliation."""
    before = session.info.get(_PROOF)
    session.info[_PROOF] = notice_key
    try:
        yield
    finally:
        session.info[_PROOF] = before


def post(session: Session, account_id: UUID, entry: Entry, at: datetime) -> UUID:
    """Post one balanced journal and move the member's balances with it; returns the journal's id.

    Raises BalanceInsufficient when 201 or 219 would go below zero, ValueError when debits and credits differ.
    """
    if sum(line.fen for line in entry.lines) != 0:
        raise ValueError(f"journal {entry.kind} does not balance")
    journal_id = new_id()
    booked = {
        "account_id": account_id,
        "journal_id": journal_id,
        "business_ref": entry.business_ref,
        "kind": entry.kind,
        "summary": entry.summary,
        "own_day": entry.on,
        "today": shanghai_day(at),
        "proof": _proof(session, entry),
        "created_at": at,
        "codes": [line.gl_code for line in entry.lines],
        "amounts": [line.fen for line in entry.lines],
    }
    fund, held = _credited(entry.lines, MEMBER_FUND), _credited(entry.lines, WITHDRAWAL_PAYABLE)
    if fund == held == 0:
        _POST.run(session, booked)
    elif not _POST_AND_MOVE.run(session, {**booked, "fund": fund, "held": held}):
        raise BalanceInsufficient
    return journal_id


def _proof(session: Session, entry: Entry) -> bytes | None:
    on_bank = any(line.gl_code == BANK_DEPOSIT for line in entry.lines)
    return session.info.get(_PROOF) if on_bank else None


def _credited(lines: Sequence[Line], gl_code: str) -> int:
    """What the lines add to a liability."""
    return -sum(line.fen for line in lines if line.gl_code == gl_code)
