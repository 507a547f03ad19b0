"""Posting many journals at once 批量记账: one statement for a set of accounts, by the rules of a single journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.core.clock import shanghai_day
from services.ledger.chart import MEMBER_FUND

_POST = """
WITH {first}entry AS MATERIALIZED (
    SELECT given.*, new_key() AS journal_id FROM ({entries}) AS given
), journals AS (
    INSERT INTO journal (account_id, journal_id, business_ref, kind, summary, accounting_on, created_at)
    SELECT account_id, journal_id, business_ref, kind, summary, :accounting_on, :posted_at FROM entry
), lines AS (
    INSERT INTO posting (account_id, journal_id, line_no, gl_code, fen)
    SELECT account_id, journal_id, line_no, gl_code, line.fen FROM entry
    CROSS JOIN LATERAL (VALUES (1, debit_code, fen), (2, credit_code, -fen)) AS line (line_no, gl_code, fen)
), fund AS (
    SELECT account_id, sum(CASE :fund_code WHEN credit_code THEN fen WHEN debit_code THEN -fen ELSE 0 END) AS fen
    FROM entry GROUP BY 1
), moved AS (
    UPDATE member_balance b SET balance_fen = b.balance_fen + fund.fen FROM fund
    WHERE b.account_id = fund.account_id AND fund.fen <> 0
    RETURNING b.account_id
)
SELECT (SELECT count(*) FROM entry) AS journals,
       (SELECT count(*) FROM fund WHERE fen <> 0) AS accounts,
       (SELECT count(*) FROM moved) AS moved,
       (SELECT coalesce(sum(fen), 0) FROM fund) AS fund_fen
"""
_LOCK = text(
    "SELECT account_id FROM member_balance WHERE account_id = ANY(:account_ids) ORDER BY account_id FOR UPDATE"
)
_LOCK_OF = (
    "SELECT count(*) FROM (SELECT 1 FROM member_balance WHERE account_id IN ({accounts})"
    " ORDER BY account_id FOR UPDATE) AS locked"
)
# The day a single journal would be of: see services.ledger.service.
_BOOKS_DAY = text(
    "SELECT CASE WHEN CAST(:today AS date) < (SELECT min(day) FROM business_day) THEN CAST(:today AS date)"
    " ELSE greatest(CAST(:today AS date), (SELECT day FROM business_day WHERE state = 'open')) END"
)


@dataclass(frozen=True, slots=True)
class Posted:
    """What a set came to: journals, and how much was added to members' funds."""

    journals: int
    fund_fen: int


@contextmanager
def planned_for_sets(session: Session) -> Iterator[None]:
    """Nothing inside is prepared: each statement is planned for the accounts it gets.

    A plan kept for any of them is made for ten, and compares each account of a set with each: a year's interest then
    takes fifty times as long. Forbidding kept plans in the transaction would forbid them to the triggers too, which
    look at one journal a hundred thousand times.
    """
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    kept, driver.prepare_threshold = driver.prepare_threshold, None
    try:
        yield
    finally:
        driver.prepare_threshold = kept


def lock_balances(session: Session, account_ids: list[Any]) -> None:
    """Lock many accounts, in the order of their keys; before any sum over their postings is taken."""
    session.execute(_LOCK, {"account_ids": account_ids})


def lock_balances_of(session: Session, accounts: str, values: Mapping[str, Any]) -> int:
    """`lock_balances` for those that a constant SELECT of the caller's names; how many there are."""
    return session.scalar(text(_LOCK_OF.format(accounts=accounts)), values) or 0


def books_day(session: Session, at: datetime) -> date:
    """The open business day, which after an early cut-over is ahead of the clock."""
    day: date = session.scalar(_BOOKS_DAY, {"today": shanghai_day(at)})
    return day


def post_set(
    session: Session,
    entries: str,
    values: Mapping[str, Any],
    *,
    accounting_on: date,
    at: datetime,
    first: str = "",
) -> Posted:
    """Post a journal of two lines for each row of `entries` and add to the members' funds.

    `entries` is a constant SELECT of the caller's with account_id, business_ref, kind, summary, debit_code,
    credit_code and fen (> 0), over accounts that the caller has locked. Holds on 219 are not for sets: a withdrawal
    is one member's. The database refuses a fund below zero. `first` is what the rows come from, where that is written
    in the same statement: `name AS (INSERT … RETURNING …), `.
    """
    statement = text(_POST.format(first=first, entries=entries))
    bound = {**values, "accounting_on": accounting_on, "posted_at": at, "fund_code": MEMBER_FUND}
    row: Row[Any] = session.execute(statement, bound).one()
    if row.moved != row.accounts:
        raise LookupError("an account of the set has no balance row")
    return Posted(row.journals, int(row.fund_fen))
