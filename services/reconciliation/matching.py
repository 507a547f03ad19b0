"""Matching a day 对账: the rules over what is stored; what they find becomes breaks, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.core.clock import SHANGHAI
from services.core.ids import new_id
from services.ledger.day_books import booked_by
from services.reconciliation.models import BankBreak, BankStatement, BankStatementLine, BreakEvent
from services.reconciliation.rules import Finding, Line, Movement, compare
from services.reconciliation.short_days import late_lines
from services.reconciliation.statements import control_ref
from services.settlement.models import BankNotice

_PATIENCE = text("SET LOCAL statement_timeout = '60s'")
_SETTLED = frozenset({"paid", "came_back", "collected", "taken_back"})
# With the last break about each: one that people closed before the day began says nothing of this day.
_WITHOUT_LINE = text("""
WITH waiting AS (
    SELECT instruction_no FROM payment_instruction
    WHERE state IN ('sending', 'accepted', 'unknown') AND sent_on <= :before
    UNION ALL
    SELECT instruction_no FROM deduction
    WHERE state IN ('sending', 'accepted', 'unknown') AND sent_on <= :before
)
SELECT w.instruction_no, b.ref, coalesce(b.closed_at < :began, false) AS is_old
FROM waiting w LEFT JOIN LATERAL (
    SELECT ref, closed_at FROM bank_break
    WHERE instruction_no = w.instruction_no AND kind = 'status_differs' AND notice_key IS NULL
    ORDER BY found_at DESC LIMIT 1
) b ON true
""")
_LEFT_BY_TRANSFERS = text("""
SELECT m.notice_key, t.money_no, CASE m.direction WHEN 'credit' THEN m.amount_fen ELSE -m.amount_fen END AS fen
FROM transfer_money m JOIN transfer_in t USING (account_id, application_id)
WHERE m."on" <= :day AND (m.state = 'waiting' AND t.state IN ('refused', 'withdrawn'))
""")
_OWNER = text("""
SELECT account_id FROM payment_instruction WHERE instruction_no = :number
UNION ALL SELECT account_id FROM deduction WHERE instruction_no = :number
UNION ALL SELECT account_id FROM transfer_in WHERE money_no = :number
LIMIT 1
""")
# Told of while this day was open, of a day that was closed already, and neither on a statement nor seen by anybody.
_LATE = text("""
SELECT n.notice_key FROM bank_notice n JOIN business_day d ON d.day = :day
WHERE n.received_at >= d.opened_at AND n.received_at < coalesce(d.closing_at, 'infinity') AND n.day < :day
AND NOT EXISTS (SELECT FROM business_day b WHERE b.day = n.day AND b.state <> 'closed')
AND NOT EXISTS (SELECT FROM bank_statement_line s WHERE s.notice_key = n.notice_key)
AND NOT EXISTS (SELECT FROM bank_break b WHERE n.notice_key IN (b.notice_key, b.other_key) AND b.day < :day)
""")
_WITHOUT_A_NAME = text("""
WITH touched AS (
    SELECT notice_key FROM bank_statement_line WHERE day = :day
    UNION SELECT proof FROM journal WHERE accounting_on = :day AND proof IS NOT NULL
), mine AS (
    SELECT DISTINCT coalesce(n.instruction_no, encode(n.notice_key, 'hex')) AS number, n.instruction_no
    FROM touched t JOIN bank_notice n USING (notice_key) WHERE n.received_at >= :began AND n.day <= :day
), keys AS (
    SELECT m.number, n.notice_key FROM mine m JOIN bank_notice n ON n.instruction_no = m.instruction_no
    WHERE n.received_at >= :began AND n.day <= :day
    UNION SELECT m.number, decode(m.number, 'hex') FROM mine m WHERE m.instruction_no IS NULL
), sums AS (
    SELECT k.number,
           sum(coalesce((SELECT sum(fen) FROM bank_statement_line s WHERE s.notice_key = k.notice_key AND s.day <= :day), 0)) AS bank_fen,
           sum(coalesce((SELECT sum(p.fen) FROM journal j JOIN posting p USING (account_id, journal_id)
                         WHERE j.proof = k.notice_key AND p.gl_code = '101'), 0)) AS book_fen
    FROM keys k GROUP BY 1
)
SELECT count(*) FROM sums WHERE bank_fen <> book_fen AND NOT EXISTS (
    SELECT FROM keys k JOIN bank_break b ON k.notice_key IN (b.notice_key, b.other_key) WHERE k.number = sums.number)
""")


@dataclass(frozen=True, slots=True)
class Matched:
    """A day compared: lines, movements, findings by kind, and differences that no break names (must be none)."""

    lines: int
    movements: int
    found: dict[str, int]
    unnamed: int


def match_day(session: Session, day: date, began_at: datetime, at: datetime) -> Matched:
    """Compare a day whose statement is there; what does not agree is a break from now on. Run as often as you like."""
    session.execute(_PATIENCE)
    own = _lines(session, BankStatementLine.day == day)
    lines = [_line(row) for row in (*own, *late_lines(session, day))]
    late = {bytes(key) for key in session.scalars(_LATE, {"day": day})}
    movements = _movements(session, day, lines, began_at, late)
    numbers = {m.instruction_no for m in movements if m.instruction_no}
    elsewhere = _lines(session, BankStatementLine.instruction_no.in_(numbers), BankStatementLine.day != day)
    findings = compare(day, lines, movements, [_line(row) for row in elsewhere], late)
    findings += [
        *_control(session, day),
        *_orders_without_line(session, day),
        *_left_by_transfers(session, day),
    ]
    missed = _missed_before(session, day)
    for finding in findings:
        if finding.kind != "shifted_day" or finding.ref not in missed:
            note_break(session, day, finding, at)
    session.flush()
    unnamed = session.scalar(_WITHOUT_A_NAME, {"day": day, "began": began_at}) or 0
    told = sum(movement.day == day or movement.key in late for movement in movements)
    return Matched(len(own), told, dict(Counter(finding.kind for finding in findings)), unnamed)


def _missed_before(session: Session, day: date) -> set[str]:
    """What the day's statement lacked before the next one had it: a break already, and not to be booked a second time."""
    statement = select(BankBreak.ref).where(BankBreak.day == day, BankBreak.kind == "ours_only")
    return set(session.scalars(statement))


def _lines(session: Session, *where: object) -> list[BankStatementLine]:
    statement = select(BankStatementLine).where(*where)  # type: ignore[arg-type]
    return list(session.scalars(statement.order_by(BankStatementLine.day, BankStatementLine.line_no)))


def _line(row: BankStatementLine) -> Line:
    return Line(row.day, bytes(row.notice_key), row.host_seq_no, row.instruction_no, row.fen)


def _movements(
    session: Session, day: date, lines: list[Line], began_at: datetime, late: set[bytes]
) -> list[Movement]:
    """Those of the day, of its lines, told late in it, and of every number that they bear."""
    keys = late.union(line.key for line in lines)
    of_the_day = select(BankNotice).where(or_(BankNotice.day == day, BankNotice.notice_key.in_(keys)))
    rows = {bytes(row.notice_key): row for row in session.scalars(of_the_day)}
    numbers = {row.instruction_no for row in rows.values() if row.instruction_no}
    numbers |= {line.instruction_no for line in lines if line.instruction_no}
    related = session.scalars(select(BankNotice).where(BankNotice.instruction_no.in_(numbers)))
    rows |= {bytes(row.notice_key): row for row in related}
    booked = booked_by(session, list(rows))
    return [_movement(row, booked.get(key, 0), began_at) for key, row in rows.items()]


def _movement(row: BankNotice, booked_fen: int, began_at: datetime) -> Movement:
    fen = -row.amount_fen if row.direction == "debit" else row.amount_fen
    if row.received_at < began_at and row.outcome in _SETTLED:
        booked_fen = fen  # settled before the days were kept; it is in the first day's gap
    return Movement(
        row.day, bytes(row.notice_key), row.host_seq_no, row.instruction_no, fen, row.outcome, booked_fen
    )


def _control(session: Session, day: date) -> Iterable[Finding]:
    row = session.get_one(BankStatement, day)
    if row.missing_fen:
        yield Finding("control_differs", control_ref(day, row.missing_fen), row.missing_fen, 0, None)


def _orders_without_line(session: Session, day: date) -> Iterable[Finding]:
    """Orders the bank took a full bank day ago, and its final statements do not have: nobody reverses them alone.

    One that people explained and that is still not there a day later is found again.
    """
    began = datetime.combine(day, time.min, SHANGHAI)
    for row in session.execute(_WITHOUT_LINE, {"before": day - timedelta(days=1), "began": began}):
        first = f"order:{row.instruction_no}"
        ref = f"{first}:{day}" if row.is_old else row.ref or first
        yield Finding("status_differs", ref, 0, 0, row.instruction_no)


def _left_by_transfers(session: Session, day: date) -> Iterable[Finding]:
    """Money of letters that came to nothing: it lies on 暂收款 and has to go back."""
    for row in session.execute(_LEFT_BY_TRANSFERS, {"day": day}):
        key = bytes(row.notice_key)
        yield Finding("transfer_open", key.hex(), row.fen, row.fen, row.money_no, key)


def note_break(session: Session, day: date, finding: Finding, at: datetime) -> None:
    """Write a finding down, once for ever."""
    made = session.execute(
        insert(BankBreak)
        .values(
            break_id=new_id(),
            day=day,
            kind=finding.kind,
            ref=finding.ref,
            bank_fen=finding.bank_fen,
            book_fen=finding.book_fen,
            instruction_no=finding.instruction_no,
            member_account_id=_owner(session, finding.instruction_no),
            notice_key=finding.key,
            other_key=finding.other_key,
            state="found",
            found_at=at,
            updated_at=at,
        )
        .on_conflict_do_nothing()
        .returning(BankBreak.break_id)
    ).first()
    if made is not None:
        session.add(BreakEvent(break_id=made.break_id, seq=1, event="found", staff_id=None, note="", at=at))


def _owner(session: Session, instruction_no: str | None) -> UUID | None:
    if instruction_no is None:
        return None
    owner: UUID | None = session.scalar(_OWNER, {"number": instruction_no})
    return owner
