"""The member's own controls 本人管控: whether the account is locked, how much may leave it in a day, and changing both.

Locking and lowering hold at once; unlocking and raising hold from an instant that the caller gives. Whoever changes
anything holds the account's lock, so that it falls before or after a payment, never between.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from services.accounts.control_models import DailyLimit, WithdrawalLock
from services.audit.service import record
from services.core.errors import Conflict
from services.core.ids import new_id


class NotLocked(Conflict):
    """There is no lock to open."""

    code, title, detail = "lock.not_locked", "没有上锁", "您的账户没有上提取锁，不用解锁。"


class UnlockAsked(Conflict):
    """The lock is opening already."""

    code, title, detail = "lock.unlock_asked", "已经在解锁", "您已经申请过解锁，等时间到就会打开，不用再办。"


@dataclass(frozen=True, slots=True)
class Controls:
    """What holds at an instant, and what is to come."""

    locked_at: datetime | None = None
    locked_by: str = ""
    unlock_from: datetime | None = None
    limit_fen: int | None = None
    next_limit_fen: int | None = None
    next_limit_from: datetime | None = None
    books_behind: bool = False

    @property
    def locked(self) -> bool:
        """Whether money may not leave."""
        return self.locked_at is not None


# One question: it is asked at every quote and at every payment.
_CONTROLS = text(
    "SELECT l.locked_at, l.locked_by, l.unlock_from, now.limit_fen, later.limit_fen AS next_fen,"
    " later.from_at AS next_from, EXISTS (SELECT FROM books_behind) AS books_behind FROM (SELECT 1) AS one"
    " LEFT JOIN withdrawal_lock l ON l.account_id = :account_id AND l.opened_at IS NULL"
    "  AND (l.unlock_from IS NULL OR l.unlock_from > :at)"
    " LEFT JOIN LATERAL (SELECT limit_fen FROM daily_limit WHERE account_id = :account_id AND voided_at IS NULL"
    "  AND from_at <= :at ORDER BY from_at DESC, limit_id DESC LIMIT 1) AS now ON true"
    " LEFT JOIN LATERAL (SELECT limit_fen, from_at FROM daily_limit WHERE account_id = :account_id"
    "  AND voided_at IS NULL AND from_at > :at ORDER BY from_at LIMIT 1) AS later ON true"
)


def controls_of(session: Session, account_id: UUID, at: datetime) -> Controls:
    """The controls of an account at an instant."""
    row = session.execute(_CONTROLS, {"account_id": account_id, "at": at}).one()
    return Controls(
        locked_at=row.locked_at,
        locked_by=row.locked_by or "",
        unlock_from=row.unlock_from,
        limit_fen=row.limit_fen,
        next_limit_fen=row.next_fen,
        next_limit_from=row.next_from,
        books_behind=row.books_behind,
    )


def _unopened(session: Session, account_id: UUID) -> WithdrawalLock | None:
    """The lock nobody has closed the books on yet, held."""
    statement = (
        select(WithdrawalLock)
        .where(WithdrawalLock.account_id == account_id, WithdrawalLock.opened_at.is_(None))
        .with_for_update()
    )
    return session.scalar(statement.execution_options(populate_existing=True))


def _is_over(lock: WithdrawalLock, at: datetime) -> bool:
    return lock.unlock_from is not None and lock.unlock_from <= at


def lock_account(session: Session, account_id: UUID, *, by: str, reason: str, at: datetime) -> bool:
    """Lock at once; an unlocking that was asked for is taken back. False when nothing changed.

    `by` is "member" or "staff:<login>".
    """
    lock = _unopened(session, account_id)
    if lock is not None and _is_over(lock, at):
        lock.opened_at = lock.unlock_from
        session.flush()
        lock = None
    if lock is not None and lock.unlock_from is None:
        return False
    if lock is not None:
        lock.unlock_asked_at = lock.unlock_from = None
    else:
        made = WithdrawalLock(
            account_id=account_id, lock_id=new_id(), locked_by=by, reason=reason, locked_at=at
        )
        session.add(made)
    session.flush()
    record(session, account_id, "lock.closed", actor=by, subject=str(account_id), at=at)
    return True


def ask_unlock(session: Session, account_id: UUID, *, opens_at: datetime, actor: str, at: datetime) -> None:
    """Have the lock open at an instant; raises NotLocked, UnlockAsked."""
    lock = _unopened(session, account_id)
    if lock is None or _is_over(lock, at):
        raise NotLocked
    if lock.unlock_from is not None:
        raise UnlockAsked
    lock.unlock_asked_at, lock.unlock_from = at, opens_at
    session.flush()
    record(session, account_id, "lock.opening", actor=actor, subject=str(account_id), at=at)


def opened_locks(session: Session, at: datetime, limit: int = 200) -> list[UUID]:
    """Close the books on locks whose time has come; returns whose, once each."""
    due = (
        select(WithdrawalLock)
        .where(WithdrawalLock.opened_at.is_(None), WithdrawalLock.unlock_from <= at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    opened = []
    for lock in session.scalars(due):
        lock.opened_at = lock.unlock_from  # the instant opened it, not this job
        opened.append(lock.account_id)
    session.flush()
    return opened


def set_limit(
    session: Session, account_id: UUID, limit_fen: int | None, *, from_at: datetime, actor: str, at: datetime
) -> None:
    """A limit from an instant on; what was to come before it is voided."""
    coming = update(DailyLimit).where(
        DailyLimit.account_id == account_id, DailyLimit.from_at > at, DailyLimit.voided_at.is_(None)
    )
    session.execute(coming.values(voided_at=at))
    session.add(
        DailyLimit(account_id=account_id, limit_id=new_id(), limit_fen=limit_fen, set_at=at, from_at=from_at)
    )
    session.flush()
    action = "limit.lowered" if from_at == at else "limit.raised"
    detail = {"limit_fen": limit_fen}
    record(session, account_id, action, actor=actor, subject=str(account_id), at=at, detail=detail)
