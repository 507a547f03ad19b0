"""What stands 挂账: corrections on 21903 and 119, and what is left of each, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.reconciliation.suspense_models import SuspenseClearing

PAGE = 200
# A debit is taken by its order where a letter's money, or an employer's return, was booked against 119 since: not where
# the order was told before and booked 101, not a line's repetition, which has a ref of its own, and not for what was
# told under another key and booked against 119 for itself.
_CORRECTIONS = """
WITH correction AS (
    SELECT b.break_id, b.day, b.kind, b.instruction_no, b.bank_fen - b.book_fen AS fen, b.closed_at,
        (SELECT c.state FROM suspense_clearing c
         WHERE b.break_id IN (c.break_id, c.other_break_id) AND c.state <> 'sent_back') AS clearing,
        b.bank_fen < b.book_fen AND b.ref = encode(b.notice_key, 'hex') AND EXISTS (
            SELECT FROM bank_notice told JOIN bank_notice n ON n.instruction_no = told.instruction_no
                AND n.host_seq_no = told.host_seq_no AND n.direction = told.direction AND n.amount_fen = told.amount_fen
            LEFT JOIN transfer_in t ON t.money_no = n.instruction_no
            LEFT JOIN transfer_money m ON m.account_id = t.account_id AND m.notice_key = n.notice_key
            WHERE told.notice_key = b.notice_key AND told.direction = 'debit'
                AND (n.outcome = 'remittance_returned' OR m.state = 'taken_back' AND n.outcome = 'corrected')
                AND NOT EXISTS (SELECT FROM journal j JOIN posting p USING (account_id, journal_id)
                    WHERE j.proof = n.notice_key AND p.gl_code = '101')
                AND (n.notice_key = told.notice_key OR NOT EXISTS (SELECT FROM bank_break o
                    WHERE o.notice_key = n.notice_key AND o.ref = encode(o.notice_key, 'hex') AND o.state = 'closed'
                        AND o.resolution = 'booked' AND o.bank_fen < o.book_fen))) AS taken
    FROM bank_break b WHERE b.state = 'closed' AND b.resolution = 'booked'
), left_of AS (
    SELECT *, CASE WHEN taken OR clearing IS NOT DISTINCT FROM 'confirmed' THEN 0 ELSE fen END AS left_fen FROM correction
)
"""
_ROWS = text(
    f"{_CORRECTIONS} SELECT * FROM left_of WHERE left_fen <> 0 OR :everything"  # noqa: S608
    " ORDER BY day, closed_at, break_id LIMIT :page"
)
_OF_BREAKS = text(f"{_CORRECTIONS} SELECT * FROM left_of WHERE break_id = ANY(:breaks)")  # noqa: S608
_OPPOSITE = text(
    f"{_CORRECTIONS} SELECT * FROM left_of WHERE left_fen = :fen AND clearing IS NULL"  # noqa: S608
    " ORDER BY day, closed_at, break_id LIMIT :page"
)
_SUMS = text(
    f"{_CORRECTIONS} SELECT coalesce(sum(left_fen) FILTER (WHERE left_fen > 0), 0) AS owed,"  # noqa: S608
    " coalesce(-sum(left_fen) FILTER (WHERE left_fen < 0), 0) AS lent FROM left_of"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A correction: positive on 21903, negative on 119. `waits` says that a proposal waits for a second person."""

    break_id: UUID
    day: date
    kind: str
    instruction_no: str | None
    fen: int
    left_fen: int
    waits: bool


def corrections(session: Session, *, everything: bool = False) -> list[Standing]:
    """Those of which something is left, the oldest first; with `everything` also what was moved on."""
    return _standing(session.execute(_ROWS, {"everything": everything, "page": PAGE}).all())


def standing_of(session: Session, break_ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """The corrections of these breaks; a break without one is left out."""
    rows = session.execute(_OF_BREAKS, {"breaks": list(break_ids)}).all()
    return {one.break_id: one for one in _standing(rows)}


def opposite(session: Session, fen: int) -> list[Standing]:
    """Corrections of which the opposite of `fen` is left, and that nobody has proposed to move on."""
    return _standing(session.execute(_OPPOSITE, {"fen": -fen, "page": PAGE}).all())


def sums(session: Session) -> tuple[int, int]:
    """What is left on 21903 and on 119."""
    row = session.execute(_SUMS).one()
    return int(row.owed), int(row.lent)


def waiting(session: Session, break_id: UUID) -> SuspenseClearing | None:
    """The proposal about a break's correction, as the one or the other, that waits for a second person."""
    statement = select(SuspenseClearing).where(
        (SuspenseClearing.break_id == break_id) | (SuspenseClearing.other_break_id == break_id),
        SuspenseClearing.state == "proposed",
    )
    return session.scalar(statement.execution_options(populate_existing=True))


def clearings_of(session: Session, break_id: UUID) -> list[SuspenseClearing]:
    """Every proposal, oldest first."""
    statement = select(SuspenseClearing).where(
        (SuspenseClearing.break_id == break_id) | (SuspenseClearing.other_break_id == break_id)
    )
    return list(session.scalars(statement.order_by(SuspenseClearing.proposed_at)))


def _standing(rows: Sequence[Any]) -> list[Standing]:
    return [
        Standing(
            row.break_id,
            row.day,
            row.kind,
            row.instruction_no,
            int(row.fen),
            int(row.left_fen),
            row.clearing == "proposed",
        )
        for row in rows
    ]
