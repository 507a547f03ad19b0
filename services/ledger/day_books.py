"""The books of a day 日账: what each account of the chart moved by, and what stands on the bank's account for what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.ledger.chart import BANK_DEPOSIT

CORRECTION = "bank_break"
"""Kind of the journals by which two people bring the books to what the bank says."""
_MOVED = text(
    "SELECT p.gl_code, sum(p.fen) AS fen FROM journal j JOIN posting p USING (account_id, journal_id)"
    " WHERE j.accounting_on = :day GROUP BY 1"
)
_THROUGH = text("""
SELECT gl_code, sum(fen) AS fen FROM (
    SELECT gl_code, sum(fen) AS fen FROM posting GROUP BY 1
    UNION ALL
    SELECT p.gl_code, -sum(p.fen) FROM journal j JOIN posting p USING (account_id, journal_id)
    WHERE j.accounting_on > :day GROUP BY 1
) AS parts GROUP BY 1
""")
_BANK = text(
    "SELECT j.proof IS NOT NULL AS proven, j.kind, sum(p.fen) AS fen"
    " FROM journal j JOIN posting p USING (account_id, journal_id)"
    " WHERE j.accounting_on = :day AND p.gl_code = :bank GROUP BY 1, 2"
)


@dataclass(frozen=True, slots=True)
class BankLegs:
    """What was posted on 101 on a day: for a movement of the bank, by two people, or taken over without a movement."""

    proven_fen: int
    corrected_fen: int
    taken_over_fen: dict[str, int]


def moved_on(session: Session, day: date) -> dict[str, int]:
    """Sum of each account's postings of a day."""
    return {row.gl_code: int(row.fen) for row in session.execute(_MOVED, {"day": day})}


def standing_at(session: Session, day: date) -> dict[str, int]:
    """What each account stands at after a day, by all postings there are; not by adding day to day."""
    return {row.gl_code: int(row.fen) for row in session.execute(_THROUGH, {"day": day}) if row.fen}


def bank_legs(session: Session, day: date) -> BankLegs:
    """The bank's account on a day."""
    proven = corrected = 0
    taken_over: dict[str, int] = {}
    for row in session.execute(_BANK, {"day": day, "bank": BANK_DEPOSIT}):
        if row.proven:
            proven += int(row.fen)
        elif row.kind == CORRECTION:
            corrected += int(row.fen)
        else:
            taken_over[row.kind] = int(row.fen)
    return BankLegs(proven, corrected, taken_over)


_PROVEN = text(
    "SELECT j.proof, sum(p.fen) AS fen FROM journal j JOIN posting p USING (account_id, journal_id)"
    " WHERE j.proof = ANY(:keys) AND p.gl_code = :bank GROUP BY 1"
)


def booked_by(session: Session, keys: list[bytes]) -> dict[bytes, int]:
    """What stands on 101 for movements of the bank, by their keys."""
    rows = session.execute(_PROVEN, {"keys": keys, "bank": BANK_DEPOSIT})
    return {bytes(row.proof): int(row.fen) for row in rows}
