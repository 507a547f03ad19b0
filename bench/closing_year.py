"""A year's interest 年度结息: as the product settles it, and the same rows by one statement."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import text

from services.accounts.models import InterestRun
from services.closing.annual_interest import ENTRIES, RECEIPTS, AnnualInterest, entry_texts
from services.core.clock import SHANGHAI, FixedClock
from services.core.db import Sessions, transaction
from services.policies.service import PolicyBook

ON = date(2027, 6, 30)
NOW = datetime(2027, 7, 1, 2, tzinfo=SHANGHAI)
WRITTEN = "SELECT count(*) FROM interest_receipt"
_BARE = (
    "WITH receipt AS ("
    + RECEIPTS.format(accounts="true")
    + """
    RETURNING *
), entry AS MATERIALIZED (
    SELECT given.*, new_key() AS journal_id FROM ("""
    + ENTRIES.format(accounts="true").replace("FROM interest_receipt r", "FROM receipt r")
    + """) AS given
), journals AS (
    INSERT INTO journal (account_id, journal_id, business_ref, kind, summary, accounting_on, created_at)
    SELECT account_id, journal_id, business_ref, kind, summary, :settled_on, :posted_at FROM entry
), lines AS (
    INSERT INTO posting (account_id, journal_id, line_no, gl_code, fen)
    SELECT account_id, journal_id, line_no, gl_code, line.fen FROM entry
    CROSS JOIN LATERAL (VALUES (1, debit_code, fen), (2, credit_code, -fen)) AS line (line_no, gl_code, fen)
)
UPDATE member_balance b SET balance_fen = b.balance_fen + r.interest_fen FROM receipt r
WHERE r.account_id = b.account_id AND r.interest_fen > 0
"""
)
"""The product's own sums without sets, locks, audit and marks."""




def product(sessions: Sessions) -> None:
    """The yearly run as it is."""
    AnnualInterest(sessions, FixedClock(NOW), PolicyBook()).run(ON)


def bare(sessions: Sessions) -> None:
    """The same rows by one statement."""
    run = InterestRun(settled_on=ON, day_basis=360)
    with transaction(sessions) as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        values = AnnualInterest(sessions, FixedClock(NOW), PolicyBook()).values(session, run, NOW)
        session.execute(text(_BARE), {**values, **entry_texts(ON)})
