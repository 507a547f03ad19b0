"""Surplus 多缴款: what an employer paid beyond its lines, kept for the next batch or given back; two people decide.

Kept, it lies on 汇缴暂收 21902 and waits like any money without a number. To be given back, it moves to 应退单位款
21904 and waits for the bank: people pay it out with its number in the remark, and the bank's debit under that number
settles it. One question of an employer at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.clock import Clock, shanghai_day
from services.core.db import Sessions, transaction
from services.core.errors import Invalid, NotFound
from services.ledger.chart import EMPLOYER_RECEIPT, EMPLOYER_RETURN
from services.ledger.service import Entry, Line, post
from services.remittances.employers import employer_of
from services.remittances.faults import NotNow, SamePerson
from services.remittances.missing import money_there
from services.remittances.models import Employer, RemittanceBatch, RemittanceReceipt, RemittanceSurplus
from services.remittances.returning import take_early
from services.remittances.service import batch_of
from services.staff.four_eyes import is_same_person
from services.staff.models import APPROVER, REVIEWER, Staff
from services.staff.service import require_role

MODULE = "61"
Way = Literal["keep", "return"]
_REASON = (4, 200)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and what came of it."""

    number: str
    way: str
    amount_fen: int
    approved: bool | None


class Surpluses:
    """Use cases of the command line; each is one transaction."""

    def __init__(self, sessions: Sessions, clock: Clock, next_number: Callable[[str, date], str]) -> None:
        self._sessions = sessions
        self._clock = clock
        self._next_number = next_number

    def ask_of_batch(self, batch_no: str, way: Way, staff: Staff, reason: str) -> Asked:
        """All that a posted batch had too much, or a reversed one has beside lines that stay. Raises NotNow, Invalid."""
        number = self._begin(staff, reason)
        with transaction(self._sessions) as session:
            batch = batch_of(session, batch_no)
            _lock(session, batch.employer_id)
            batch = batch_of(session, batch_no, lock=True)
            key = hashlib.sha256(f"surplus:{number}".encode()).digest()
            made = RemittanceSurplus(batch_id=batch.batch_id, receipt_key=key, amount_fen=_over(session, batch))
            return self._ask(session, made, batch.employer_id, number, way, staff, reason)

    def ask_of_open(self, employer_no: str, amount_fen: int, staff: Staff, reason: str) -> Asked:
        """Give back money that came for no batch: one sum of just this amount. Raises NotNow, NotFound, Invalid."""
        number = self._begin(staff, reason)
        with transaction(self._sessions) as session:
            employer = employer_of(session, employer_no, lock=True)
            money = session.scalar(
                _open_money(employer.employer_id)
                .where(RemittanceReceipt.amount_fen == amount_fen)
                .limit(1)
            )
            if money is None:
                raise NotFound("这个单位没有这样一笔没用上的钱。")
            made = RemittanceSurplus(batch_id=None, receipt_key=money.notice_key, amount_fen=amount_fen)
            return self._ask(session, made, employer.employer_id, number, "return", staff, reason)

    def decide(self, number: str, staff: Staff, *, approve: bool) -> Asked:
        """Another person says yes or no; a yes is carried out at once. Raises NotNow, SamePerson, NotFound."""
        require_role(staff, APPROVER)
        now = self._clock.now()
        with transaction(self._sessions) as session:
            found = session.get(RemittanceSurplus, number)
            if found is None:
                raise NotFound
            _lock(session, found.employer_id)
            row = session.get_one(RemittanceSurplus, number, with_for_update=True, populate_existing=True)
            if row.approved is not None:
                raise NotNow("这一笔已经有人复核过了。")
            if is_same_person(session, row.asked_by, staff):
                raise SamePerson
            row.decided_by, row.decided_at, row.approved = staff.staff_id, now, approve
            session.flush()  # the database gives money back only after the second person's word
            if approve:
                _carry_out(session, row, now)
            _note(session, row, "remittance.surplus_decided", staff, now, approved=approve)
            return _told(row)

    def _begin(self, staff: Staff, reason: str) -> str:
        require_role(staff, REVIEWER)
        if not _REASON[0] <= len(reason.strip()) <= _REASON[1]:
            raise Invalid("请写明原因，4 到 200 个字。", code="remittance.reason", field="reason")
        return self._next_number(MODULE, shanghai_day(self._clock.now()))

    def _ask(
        self,
        session: Session,
        row: RemittanceSurplus,
        employer_id: object,
        number: str,
        way: Way,
        staff: Staff,
        reason: str,
    ) -> Asked:
        now = self._clock.now()
        row.employer_id, row.number, row.way = employer_id, number, way  # type: ignore[assignment]
        row.reason, row.asked_by, row.asked_at = reason.strip(), staff.staff_id, now
        session.add(row)
        try:
            session.flush()
        except IntegrityError as fault:
            raise NotNow("这个单位有一笔多缴款在等复核，先办完它。") from fault
        _note(session, row, "remittance.surplus_asked", staff, now)
        return _told(row)


def _over(session: Session, batch: RemittanceBatch) -> int:
    over_fen = sum(money.amount_fen for money in money_there(session, batch)) - batch.posted_fen
    if batch.state not in ("posted", "reversed") or over_fen <= 0:
        raise NotNow("这个批次没有多出来的钱，或者还没有入账。")
    return over_fen


def _lock(session: Session, employer_id: object) -> None:
    session.get_one(Employer, employer_id, with_for_update=True, populate_existing=True)


def _open_money(employer_id: object):  # type: ignore[no-untyped-def]
    """Money of an employer that came in and waits, the last first."""
    return (
        select(RemittanceReceipt)
        .where(
            RemittanceReceipt.employer_id == employer_id,
            RemittanceReceipt.direction == "credit",
            RemittanceReceipt.state == "open",
        )
        .order_by(RemittanceReceipt.at.desc(), RemittanceReceipt.notice_key)
        .with_for_update()
    )


def _carry_out(session: Session, row: RemittanceSurplus, at: datetime) -> None:
    money = _set_apart(session, row, at) if row.batch_id is not None else _still_open(session, row)
    if row.way == "return":
        money.state = "to_return"
        lines = (Line(EMPLOYER_RECEIPT, row.amount_fen), Line(EMPLOYER_RETURN, -row.amount_fen))
        entry = Entry(f"surplus:{row.number}", "remittance_return", "多缴款应退单位", lines)
        post(session, row.employer_id, entry, at)
        take_early(session, row, money, at)


def _set_apart(session: Session, row: RemittanceSurplus, at: datetime) -> RemittanceReceipt:
    """Out of what paid the batch, the last money first, a sum of its own."""
    batch = session.get_one(RemittanceBatch, row.batch_id, with_for_update=True, populate_existing=True)
    if _over(session, batch) != row.amount_fen:
        raise NotNow("这个批次多出来的钱变了，请重新提出。")
    left_fen = row.amount_fen
    for money in money_there(session, batch):
        taken_fen = min(left_fen, money.amount_fen)
        money.amount_fen, left_fen = money.amount_fen - taken_fen, left_fen - taken_fen
        if not money.amount_fen:
            money.state = "divided"
    batch.received_fen -= row.amount_fen
    made = RemittanceReceipt(
        employer_id=row.employer_id,
        notice_key=row.receipt_key,
        batch_id=None,
        direction="credit",
        amount_fen=row.amount_fen,
        on=shanghai_day(at),
        state="open",
        at=at,
    )
    session.add(made)
    session.flush()
    return made


def _still_open(session: Session, row: RemittanceSurplus) -> RemittanceReceipt:
    key = (row.employer_id, row.receipt_key)
    money = session.get_one(RemittanceReceipt, key, with_for_update=True, populate_existing=True)
    if (money.state, money.amount_fen) != ("open", row.amount_fen):
        raise NotNow("这笔钱已经用上了，或者被银行冲回了。")
    return money


def _note(
    session: Session, row: RemittanceSurplus, action: str, staff: Staff, at: datetime, **more: bool
) -> None:
    detail = {"way": row.way, "amount_fen": row.amount_fen, **more}
    record(
        session,
        row.employer_id,
        action,
        actor=f"staff:{staff.login}",
        subject=row.number,
        at=at,
        detail=detail,
    )


def _told(row: RemittanceSurplus) -> Asked:
    return Asked(row.number, row.way, row.amount_fen, row.approved)
