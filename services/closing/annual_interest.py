"""Annual interest 年度结息: every open account on 30 June, in sets of some thousand accounts.

A set is one transaction: lock the balances, write the receipts, post the journals that they say, note how far the run
has come. A killed run goes on after its last set; an account that has its receipt, because it was closed meanwhile, is
passed over. The figures are those of `services.accounts.interest`: fen times the weight of its day, rounded once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from services.accounts.interest import settlement_days, weights
from services.accounts.models import InterestRun
from services.accounts.settlement_interest import ACCRUAL, ACCRUAL_SUMMARY, INTEREST, credit_summary, rates_of
from services.audit.service import CENTRE, record
from services.core.clock import Clock, shanghai_day
from services.core.db import Sessions, transaction
from services.core.errors import Conflict
from services.core.ids import new_id
from services.ledger.batch import Posted, lock_balances, planned_for_sets, post_set
from services.ledger.chart import BUSINESS_EXPENSE, INTEREST_PAYABLE, MEMBER_FUND
from services.policies.rules import Policy
from services.policies.service import PolicyBook

log = structlog.get_logger(__name__)
SET = 5_000
_PPM = 1_000_000
_PATIENCE = text("SET LOCAL statement_timeout = '60s'")
"""A set is longer than a member's request; its locks are held for well under the wait of those who want them."""

_NEXT = text(
    "SELECT account_id FROM provident_fund_account WHERE (CAST(:after AS uuid) IS NULL OR account_id > :after)"
    " ORDER BY account_id LIMIT :most"
)
RECEIPTS = """
WITH due AS (
    SELECT a.account_id, greatest(a.opened_on, CAST(:previous AS date), coalesce(last.settled_on, :previous)) AS from_on
    FROM provident_fund_account a
    LEFT JOIN LATERAL (
        SELECT max(r.settled_on) AS settled_on FROM interest_receipt r WHERE r.account_id = a.account_id
    ) last ON true
    WHERE {accounts} AND a.closed_on IS NULL AND a.opened_on < :settled_on
      AND (last.settled_on IS NULL OR last.settled_on < :settled_on)
), weight AS (
    SELECT * FROM unnest(CAST(:days AS date[]), CAST(:lies AS bigint[]), CAST(:ppm_days AS bigint[])) AS w (day, lies, ppm_days)
), moved AS (
    SELECT due.account_id, sum(-p.fen) AS fen, sum(-p.fen * coalesce(w.lies, 0)) AS fen_days,
           sum(-p.fen * coalesce(w.ppm_days, 0)) AS weighed
    FROM due JOIN journal j ON j.account_id = due.account_id AND j.accounting_on >= due.from_on
    JOIN posting p ON p.account_id = j.account_id AND p.journal_id = j.journal_id AND p.gl_code = :fund_code
    LEFT JOIN weight w ON w.day = j.accounting_on
    GROUP BY 1
), earned AS (
    SELECT due.account_id, due.from_on, b.balance_fen,
           (b.balance_fen - coalesce(m.fen, 0)) * w.lies + coalesce(m.fen_days, 0) AS fen_days,
           (b.balance_fen - coalesce(m.fen, 0)) * w.ppm_days + coalesce(m.weighed, 0) AS weighed
    FROM due JOIN member_balance b USING (account_id) JOIN weight w ON w.day = due.from_on
    LEFT JOIN moved m USING (account_id)
), rounded AS (
    SELECT *, CAST(div(2 * weighed + :divisor, 2 * :divisor) AS bigint) AS interest_fen FROM earned
)
INSERT INTO interest_receipt
    (account_id, settled_on, from_on, fen_days, interest_fen, balance_fen, batch_id, posted_at)
SELECT account_id, :settled_on, from_on, fen_days, interest_fen, balance_fen + interest_fen, :batch_id, :posted_at
FROM rounded
"""
"""Opening is what the fund is now less all that moved since; so history before the period is never read."""

ENTRIES = r"""
SELECT r.account_id, 'interest\:' || r.settled_on || e.part AS business_ref, e.kind, e.summary, e.debit_code,
       e.credit_code, r.interest_fen AS fen
FROM interest_receipt r
CROSS JOIN (VALUES ('\:accrue', :accrual_kind, :accrual_summary, :expense_code, :payable_code),
                   ('\:credit', :kind, :summary, :payable_code, :credit_code))
    AS e (part, kind, summary, debit_code, credit_code)
WHERE {accounts} AND r.settled_on = :settled_on AND r.batch_id = :batch_id AND r.interest_fen > 0
"""
_RECEIPTS_OF_SET = text(RECEIPTS.format(accounts="a.account_id = ANY(:account_ids)"))
_ENTRIES_OF_SET = ENTRIES.format(accounts="r.account_id = ANY(:account_ids)")


class TooEarly(Conflict):
    """The settlement day is not over, or the year before is not settled."""

    code, title = "interest.too_early", "还不能结息"


@dataclass(frozen=True, slots=True)
class Done:
    """How far a run has come."""

    accounts: int
    interest_fen: int
    finished: bool


class AnnualInterest:
    """The yearly run, by hand or from the closing of the day."""

    def __init__(self, sessions: Sessions, clock: Clock, policies: PolicyBook, *, size: int = SET) -> None:
        self._sessions = sessions
        self._clock = clock
        self._policies = policies
        self._size = size

    def run(self, settled_on: date) -> Done:
        """Begin or go on with the run of a settlement day until every account has its receipt; raises TooEarly."""
        self.begin(settled_on)
        done = self.step(settled_on)
        while not done.finished:
            done = self.step(settled_on)
        return done

    def begin(self, settled_on: date) -> None:
        """Open the run once, with the figures of its day."""
        with transaction(self._sessions) as session:
            policy = self._policies.on(session, settled_on)
            self._refuse_early(session, settled_on, policy)
            if session.get(InterestRun, settled_on) is not None:
                return
            session.add(
                InterestRun(
                    settled_on=settled_on,
                    day_basis=policy.integer("interest.day_basis"),
                    begun_at=self._clock.now(),
                    reached=None,
                    accounts=0,
                    interest_fen=0,
                    finished_at=None,
                )
            )

    def step(self, settled_on: date) -> Done:
        """One set, in one transaction."""
        with transaction(self._sessions) as session:
            run = session.get_one(InterestRun, settled_on, with_for_update=True)
            if run.finished_at is None:
                with planned_for_sets(session):
                    self._advance(session, run)
            return Done(run.accounts, run.interest_fen, run.finished_at is not None)

    def _advance(self, session: Session, run: InterestRun) -> None:
        session.execute(_PATIENCE)
        now = self._clock.now()
        ids = list(session.scalars(_NEXT, {"after": run.reached, "most": self._size}))
        if not ids:
            run.finished_at = now
            return
        lock_balances(session, ids)
        receipts, posted = self._settle(session, run, ids, now)
        run.reached, run.accounts = ids[-1], run.accounts + receipts
        run.interest_fen += posted.fund_fen
        detail = {"accounts": receipts, "interest_fen": posted.fund_fen, "through": str(ids[-1])}
        subject = f"interest:{run.settled_on}"
        record(session, CENTRE, "interest.settled", actor="system", subject=subject, at=now, detail=detail)
        log.info("interest.set", settled_on=str(run.settled_on), accounts=receipts)

    def _settle(
        self, session: Session, run: InterestRun, ids: list[UUID], now: datetime
    ) -> tuple[int, Posted]:
        values = {**self.values(session, run, now), "account_ids": ids}
        receipts = session.execute(_RECEIPTS_OF_SET, values).rowcount  # type: ignore[attr-defined]
        entries = {name: values[name] for name in ("batch_id", "settled_on", "account_ids")}
        posted = post_set(
            session,
            _ENTRIES_OF_SET,
            {**entries, **entry_texts(run.settled_on)},
            accounting_on=run.settled_on,
            at=now,
        )
        return receipts, posted

    def values(self, session: Session, run: InterestRun, now: datetime) -> dict[str, object]:
        """What the statements are bound to: the period, the weight of each of its days, and how it is divided."""
        policy = self._policies.on(session, run.settled_on)
        previous = _previous(run.settled_on, policy)
        lies = weights(rates_of(session, self._policies), previous, run.settled_on)
        return {
            "settled_on": run.settled_on,
            "previous": previous,
            "days": [day for day, _, _ in lies],
            "lies": [days for _, days, _ in lies],
            "ppm_days": [ppm_days for _, _, ppm_days in lies],
            "divisor": run.day_basis * _PPM,
            "fund_code": MEMBER_FUND,
            "batch_id": new_id(),
            "posted_at": now,
        }

    def _refuse_early(self, session: Session, settled_on: date, policy: Policy) -> None:
        month, day = policy.integer("interest.settlement_month"), policy.integer("interest.settlement_day")
        if (settled_on.month, settled_on.day) != (month, day):
            raise TooEarly(f"结息日是每年 {month} 月 {day} 日。", field="settled_on")
        if shanghai_day(self._clock.now()) <= settled_on:
            raise TooEarly("结息日过完以后才能结息。", field="settled_on")
        previous = _previous(settled_on, policy)
        books_from = date.fromisoformat(policy.text("interest.books_from"))
        if settled_on <= books_from:
            raise TooEarly("这一年的利息已经在移交的余额里。", field="settled_on")
        before = session.get(InterestRun, previous)
        if previous > books_from and (before is None or before.finished_at is None):
            raise TooEarly(f"上一个结息日（{previous}）还没有结完。", field="settled_on")


def entry_texts(settled_on: date) -> dict[str, str]:
    """What the journals of a run are called, and on which accounts they are: those of a single account's interest."""
    return {
        "accrual_kind": ACCRUAL,
        "accrual_summary": ACCRUAL_SUMMARY,
        "kind": INTEREST,
        "summary": credit_summary(settled_on),
        "expense_code": BUSINESS_EXPENSE,
        "payable_code": INTEREST_PAYABLE,
        "credit_code": MEMBER_FUND,
    }


def due_on(today: date, policy: Policy) -> date | None:
    """The settlement day that should be settled by now: the last one that is over, unless these books began after it."""
    month, day = policy.integer("interest.settlement_month"), policy.integer("interest.settlement_day")
    books_from = date.fromisoformat(policy.text("interest.books_from"))
    over = [on for on in settlement_days(books_from, today, month, day) if on < today]
    return over[-1] if over else None


def _previous(settled_on: date, policy: Policy) -> date:
    month, day = policy.integer("interest.settlement_month"), policy.integer("interest.settlement_day")
    return date(settled_on.year - 1, month, day)
