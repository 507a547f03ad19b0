"""Letter numbers 联系函编号: node number (6) + YYMMDD + 4, counted by the day; never handed out twice."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.core.errors import Unavailable

MOST_A_DAY = 9_999
COUNTER = "CN"
_NEXT = text(
    "INSERT INTO case_counter (module, day, next_value) VALUES (:module, :day, 2)"
    " ON CONFLICT (module, day) DO UPDATE SET next_value = case_counter.next_value + 1"
    " RETURNING next_value - 1"
)


def next_letter_no(session: Session, node: str, day: date) -> str:
    """A fresh number, in the caller's transaction; raises Unavailable after the last one of a day."""
    number = session.execute(_NEXT, {"module": COUNTER, "day": day}).scalar_one()
    if number > MOST_A_DAY:
        raise Unavailable("今天的联系函已经发满了，请明天再来办理。", code="transfer.full_today")
    return f"{node}{day:%y%m%d}{number:04d}"


def money_no(letter_no: str) -> str:
    """The 15 digits of a letter's number: what the bank's lines are known by, as by a case number."""
    return letter_no[1:]
