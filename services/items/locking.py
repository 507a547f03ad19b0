"""Locking and lowering 上锁与调低限额: at once, without a face; what the bank has had nothing of is called back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.accounts.controls import controls_of, lock_account, opened_locks, set_limit
from services.applications.models import Application
from services.applications.service import money_applications
from services.core.clock import Clock, shanghai_day
from services.core.db import Sessions, transaction
from services.core.errors import Conflict, Invalid
from services.core.money import yuan_text
from services.core.outbox import emit
from services.items.controlling import own_limit
from services.items.taking_back import take_back
from services.ledger.service import lock_balance
from services.policies.service import PolicyBook
from services.withdrawals.service import stop_unsent

MEMBER = "member"
_UNLOCK, _RAISE = "withdrawal-unlock", "limit-raise"


class LimitNotLower(Conflict):
    """Only less is set at once."""

    code, title = "limit.not_lower", "调高要刷脸"


class Locking:
    """Use cases of the member's own controls, in the caller's transaction."""

    def __init__(self, clock: Clock, policies: PolicyBook) -> None:
        self._clock = clock
        self._policies = policies

    def lock(
        self, session: Session, account_id: UUID, *, by: str = MEMBER, reason: str = ""
    ) -> list[Application]:
        """Lock the account at once; returns the payments that had not gone out and are called back.

        What the bank may have been told to pay is paid; what proves later not to have left is called back then
        (services.settlement). Locking a locked account only takes back what was asked for to open it.
        """
        lock_balance(session, account_id)
        payments = money_applications(session, account_id)
        # what came before under the account's lock is before, though the clock of its host be ahead of ours
        at = max([self._clock.now(), *(one.updated_at for one in payments)])
        take_back(session, account_id, _UNLOCK, by, at)
        if not lock_account(session, account_id, by=by, reason=reason, at=at):
            return []
        stopped = [one for one in payments if stop_unsent(session, one, actor=by, at=at)]
        emit(session, account_id, "lock.closed", {}, at)
        return stopped

    def lower(self, session: Session, account_id: UUID, limit_fen: int) -> None:
        """A lower limit at once. Raises LimitNotLower, or Invalid for one that is no limit."""
        lock_balance(session, account_id)
        at = self._clock.now()
        policy = self._policies.on(session, shanghai_day(at))
        if own_limit(limit_fen, policy) is None:
            most = yuan_text(policy.integer("withdrawal.day_limit_fen"))
            raise Invalid(f"请填比 {most} 元低的数。", code="limit.no_limit", field="limit_fen")
        held = controls_of(session, account_id, at)
        if held.limit_fen is not None and limit_fen >= held.limit_fen:
            if limit_fen == held.limit_fen and held.next_limit_from is not None:
                return self._set(session, account_id, limit_fen, at)  # takes back a raise that has not begun
            raise LimitNotLower(
                f"现在的限额是 {yuan_text(held.limit_fen)} 元。调高要刷脸，等一段时间才生效；调低马上生效。",
                field="limit_fen",
            )
        return self._set(session, account_id, limit_fen, at)

    @staticmethod
    def _set(session: Session, account_id: UUID, limit_fen: int, at: datetime) -> None:
        take_back(session, account_id, _RAISE, MEMBER, at)
        set_limit(session, account_id, limit_fen, from_at=at, actor=MEMBER, at=at)
        emit(session, account_id, "limit.lowered", {"limit_fen": limit_fen}, at)


class LockTending:
    """Tells members that their lock has opened."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    def take_up(self) -> int:
        """Note what has opened; run every few seconds. Returns how many."""
        now = self._clock.now()
        with transaction(self._sessions) as session:
            opened = opened_locks(session, now)
            for account_id in opened:
                emit(session, account_id, "lock.opened", {}, now)
        return len(opened)
