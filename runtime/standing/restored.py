"""After a restore 恢复之后: numbers go on beyond every one that was used since the instant, and money rests.

The bank answers a number it has taken with its first result, to whomever it is given next. What was used since nobody
can count, so the clock does: a counter goes on at a million and a hundred for each second of its day. That holds, for a
second restore too, while a module uses fewer than a million numbers a day and a hundred a second in the mean. Of a
day that is over, and of letters, whose four digits leave no room, no number is given out any more.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.accounts.restored import mark_restored
from services.applications.case_numbers import MOST
from services.core.clock import SHANGHAI, shanghai_day
from services.transfers.numbers import COUNTER as LETTERS
from services.transfers.numbers import MOST_A_DAY as MOST_LETTERS

HEAD_START, A_SECOND = 1_000_000, 100
_EDGE = timedelta(days=1)
_RAISE = text(
    "INSERT INTO case_counter (module, day, next_value)"
    " SELECT m.module, d.day, CASE WHEN m.module = :letters THEN :no_letter WHEN d.day < :today THEN :no_number"
    " ELSE :next END"
    " FROM (SELECT lpad(n::text, 2, '0') AS module FROM generate_series(0, 99) AS n UNION SELECT :letters) AS m,"
    " (SELECT s::date AS day FROM generate_series(CAST(:since AS date), CAST(:today AS date), '1 day') AS s) AS d"
    " ON CONFLICT (module, day) DO UPDATE"
    " SET next_value = greatest(case_counter.next_value, excluded.next_value)"
)


def go_on_from(session: Session, until: datetime, at: datetime, through: date | None = None) -> date:
    """Raise every counter and have money rest; returns the day that has to close first. Before anything starts.

    `through` is the bank's day, where it is ahead of ours. Called again it raises with the clock, and rests no less.
    """
    today = shanghai_day(at)
    values = {
        "letters": LETTERS,
        "no_letter": MOST_LETTERS + 1,
        "no_number": MOST + 1,
        "next": next_number(at),
        "since": shanghai_day(until) - _EDGE,  # a number of a minute before midnight may be used a minute after
        "today": today,
    }
    session.execute(_RAISE, values)
    return mark_restored(session, until, max(today, through or today), at)


def next_number(at: datetime) -> int:
    """Where the counters of the day go on after a restore at an instant: 7 digits until the day's last second."""
    local = at.astimezone(SHANGHAI)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return HEAD_START + A_SECOND * int((local - midnight).total_seconds())
