"""Reading the ledger 查账: balances and a member's postings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select, text, tuple_
from sqlalchemy.orm import Session

from services.core.sql import Statement
from services.ledger.chart import MEMBER_FUND
from services.ledger.models import Journal, Posting
from services.ledger.service import Balance

# Not by session.get: postings move the balance behind a loaded object's back.
_BALANCE = Statement(
    "SELECT balance_fen, held_fen, frozen_fen FROM member_balance WHERE account_id = :account_id"
)


@dataclass(frozen=True, slots=True)
class FundMovement:
    """One change of a member's fund as they see it: positive came in, negative went out."""

    journal_id: UUID
    on: date
    at: datetime
    kind: str
    summary: str
    amount_fen: int


def balance_of(session: Session, account_id: UUID) -> Balance:
    """The member's balances now, without a lock; zero for an account that never had a posting."""
    row = _BALANCE.first(session, {"account_id": account_id})
    return Balance(row.balance_fen, row.held_fen, row.frozen_fen) if row else Balance(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which movements are looked for: of some kinds, between two days; everything when nothing is said."""

    kinds: frozenset[str] | None = None
    other_than: frozenset[str] | None = None
    from_on: date | None = None
    to_on: date | None = None


EVERYTHING = Wanted()


def fund_movements(
    session: Session,
    account_id: UUID,
    *,
    limit: int,
    before: UUID | None = None,
    wanted: Wanted = EVERYTHING,
) -> list[FundMovement]:
    """Latest movements of the member's fund first; `before` is the last journal of the page before."""
    statement = (
        select(Journal, (-func.sum(Posting.fen)).label("amount_fen"))
        .join(
            Posting, (Posting.account_id == Journal.account_id) & (Posting.journal_id == Journal.journal_id)
        )
        .where(Journal.account_id == account_id, Posting.gl_code == MEMBER_FUND)
        .group_by(Journal.account_id, Journal.journal_id)
        .order_by(Journal.accounting_on.desc(), Journal.journal_id.desc())
        .limit(limit)
    )
    if wanted.kinds is not None:
        statement = statement.where(Journal.kind.in_(wanted.kinds))
    if wanted.other_than is not None:
        statement = statement.where(Journal.kind.not_in(wanted.other_than))
    if wanted.from_on is not None:
        statement = statement.where(Journal.accounting_on >= wanted.from_on)
    if wanted.to_on is not None:
        statement = statement.where(Journal.accounting_on <= wanted.to_on)
    if before is not None:  # keys follow the time of writing, not the accounting day
        last = select(Journal.accounting_on, Journal.journal_id)
        last = last.where(Journal.account_id == account_id, Journal.journal_id == before)
        statement = statement.where(
            tuple_(Journal.accounting_on, Journal.journal_id) < last.scalar_subquery()
        )
    return [
        FundMovement(
            row.Journal.journal_id,
            row.Journal.accounting_on,
            row.Journal.created_at,
            row.Journal.kind,
            row.Journal.summary,
            int(row.amount_fen),
        )
        for row in session.execute(statement)
    ]


_BEFORE = text(
    "SELECT coalesce(-sum(p.fen), 0) FROM posting p JOIN journal j USING (account_id, journal_id)"
    " WHERE p.account_id = :account_id AND p.gl_code = :fund AND j.accounting_on < :since"
)
_BY_DAY = text(
    "SELECT j.accounting_on, -sum(p.fen) AS fen FROM posting p JOIN journal j USING (account_id, journal_id)"
    " WHERE p.account_id = :account_id AND p.gl_code = :fund AND j.accounting_on >= :since GROUP BY 1 ORDER BY 1"
)


def fund_before(session: Session, account_id: UUID, since: date) -> int:
    """The member's fund at the end of the day before `since`, by the days of the books."""
    values = {"account_id": account_id, "fund": MEMBER_FUND, "since": since}
    return int(session.scalar(_BEFORE, values) or 0)


def fund_changes(session: Session, account_id: UUID, since: date) -> list[tuple[date, int]]:
    """What the member's fund changed by on each day from `since` on."""
    values = {"account_id": account_id, "fund": MEMBER_FUND, "since": since}
    return [(row.accounting_on, int(row.fen)) for row in session.execute(_BY_DAY, values)]


_BY_KIND = text(
    "SELECT j.kind, count(DISTINCT j.journal_id) AS n, -sum(p.fen) AS fen FROM posting p"
    " JOIN journal j USING (account_id, journal_id) WHERE p.account_id = :account_id AND p.gl_code = :fund"
    " AND j.accounting_on BETWEEN :first AND :last GROUP BY 1 ORDER BY 1"
)


@dataclass(frozen=True, slots=True)
class KindTotal:
    """What one kind of journal changed the member's fund by, and in how many journals."""

    kind: str
    count: int
    amount_fen: int


def fund_totals(session: Session, account_id: UUID, first: date, last: date) -> list[KindTotal]:
    """Changes of the member's fund by kind, from the first day to the last, both included."""
    values = {"account_id": account_id, "fund": MEMBER_FUND, "first": first, "last": last}
    return [KindTotal(row.kind, int(row.n), int(row.fen)) for row in session.execute(_BY_KIND, values)]


_BY_MONTH = text(
    "SELECT CAST(date_trunc('month', j.accounting_on) AS date) AS month, j.kind, -sum(p.fen) AS fen FROM posting p"
    " JOIN journal j USING (account_id, journal_id) WHERE p.account_id = :account_id AND p.gl_code = :fund"
    " AND j.accounting_on BETWEEN :first AND :last GROUP BY 1, 2 ORDER BY 1, 2"
)


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """What one kind of journal changed the member's fund by in one month; `month` is its first day."""

    month: date
    kind: str
    amount_fen: int


def fund_months(session: Session, account_id: UUID, first: date, last: date) -> list[MonthTotal]:
    """Changes of the member's fund by month and kind, from the first day to the last, both included."""
    values = {"account_id": account_id, "fund": MEMBER_FUND, "first": first, "last": last}
    return [MonthTotal(row.month, row.kind, int(row.fen)) for row in session.execute(_BY_MONTH, values)]
