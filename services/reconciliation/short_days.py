"""Closed days whose statement lacked something 补流水: asked for again, and taken in once it is whole.

The closed day's books and closing balance stay; what it lacked books itself on the open day, which then judges the lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

import structlog
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.core.clock import Clock, shanghai_day
from services.core.db import Sessions, transaction
from services.reconciliation.models import BankStatement, BankStatementLine
from services.reconciliation.rules import Totals, totals
from services.reconciliation.statements import Statements, signed
from services.settlement.movements import change_key
from services.settlement.ports import AccountChange, NodeUnavailable

log = structlog.get_logger(__name__)
SPAN = timedelta(days=31)
"""How long after a day the bank is asked for what its statement lacked."""
_SHORT = text("""
SELECT s.day FROM bank_statement s JOIN business_day d USING (day)
WHERE d.state = 'closed' AND s.missing_fen <> 0 AND s.day >= :since ORDER BY s.day
""")
# Told of while this day was open, by a line of a day that was closed already; what people saw on a day before is not new.
_LATE_LINES = text("""
SELECT s.day, s.line_no FROM business_day d
JOIN business_day b ON b.day < d.day
JOIN bank_statement t ON t.day = b.day AND t.fetched_at > b.closed_at
JOIN bank_statement_line s ON s.day = t.day
JOIN bank_notice n ON n.notice_key = s.notice_key AND n.received_at > b.closed_at
WHERE d.day = :day AND n.received_at >= d.opened_at AND n.received_at < coalesce(d.closing_at, 'infinity')
AND NOT EXISTS (SELECT FROM bank_break k WHERE n.notice_key IN (k.notice_key, k.other_key) AND k.day < :day)
""")


class ShortDays:
    """Asks once in every round of the day's end; safe to be cut off at any point."""

    def __init__(self, sessions: Sessions, clock: Clock, statements: Statements) -> None:
        self._sessions = sessions
        self._clock = clock
        self._statements = statements

    def complete(self) -> list[date]:
        """Those whose statement is whole now. What goes wrong with one keeps no other day from its end."""
        since = shanghai_day(self._clock.now()) - SPAN
        with transaction(self._sessions) as session:
            days = list(session.scalars(_SHORT, {"since": since}))
        return [day for day in days if self._ask(day)]

    def _ask(self, day: date) -> bool:
        try:
            return self._complete(day)
        except NodeUnavailable as fault:
            log.warning("closing.short_day_unanswered", day=str(day), reason=str(fault)[:80])
        except Exception as error:  # the next round tries again
            log.error("closing.short_day_broken", day=str(day), exc_info=error)
        return False

    def _complete(self, day: date) -> bool:
        changes = self._statements.lines_of(day)
        with transaction(self._sessions) as session:
            row = session.get_one(BankStatement, day)
            found = totals([signed(change) for change in changes], row.opening_fen, row.closing_fen)
            whole = _is_whole(found, _kept_keys(session, day), changes)
        if not whole:
            log.warning("closing.statement_still_short", day=str(day), missing_fen=found.missing_fen)
            return False
        self._statements.take_in(changes)  # first: cut off here, the day is asked for again
        with transaction(self._sessions) as session:
            self._statements.store(session, day, changes, found)
        log.info("closing.statement_whole", day=str(day))
        return True


def _is_whole(found: Totals, kept: Sequence[bytes], changes: Sequence[AccountChange]) -> bool:
    """Whether it comes to the balances the day closed with, and still has every line that was believed then.

    A line told otherwise may be booked already as what it was: that is no line that was lacking.
    """
    return found.missing_fen == 0 and Counter(kept) <= Counter(change_key(change) for change in changes)


def _kept_keys(session: Session, day: date) -> list[bytes]:
    statement = select(BankStatementLine.notice_key).where(BankStatementLine.day == day)
    return [bytes(key) for key in session.scalars(statement)]


def late_lines(session: Session, day: date) -> list[BankStatementLine]:
    """Lines that completed the statement of a closed day while this one was open: they are judged with its own."""
    keys = [(row.day, row.line_no) for row in session.execute(_LATE_LINES, {"day": day})]
    return [session.get_one(BankStatementLine, key) for key in sorted(keys)]
