"""Looking after transfers 转移清理: what is due, what the desk has refused, and money the bank did not announce."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy import func, select

from services.applications.models import Application
from services.core.clock import Clock, shanghai_day
from services.core.db import Sessions, transaction
from services.settlement.ports import NodeUnavailable
from services.transfers.models import TransferIn
from services.transfers.moving import advance, locked
from services.transfers.service import defer_tending

log = structlog.get_logger(__name__)
_BATCH = 200
_STATEMENT_EVERY = timedelta(hours=1)
_STATEMENT_DAYS = 7
"""How far back the bank's statement is read for money that was promised and not announced."""


class TransferSweeps:
    """Runs every few seconds; finds what a crash left lying."""

    def __init__(self, sessions: Sessions, clock: Clock, read_since: Callable[[date], None]) -> None:
        self._sessions = sessions
        self._clock = clock
        self._read_since = read_since
        self._read_at: datetime | None = None

    def take_up(self) -> int:
        """Plan the next step of transfers that are due; returns how many."""
        now = self._clock.now()
        due = select(TransferIn).where(TransferIn.look_again_at <= now).limit(_BATCH)
        with transaction(self._sessions) as session:
            rows = list(session.scalars(due))
            for row in rows:
                defer_tending(session, row)
        self._settle_refused()
        self._read_statement(now)
        return len(rows)

    def _settle_refused(self) -> None:
        """Differing sums that two people refused: the money stays on 暂收款, to be sent back."""
        statement = (
            select(TransferIn.account_id, TransferIn.application_id)
            .join(
                Application,
                (Application.account_id == TransferIn.account_id)
                & (Application.application_id == TransferIn.application_id),
            )
            .where(TransferIn.state == "differs", Application.state == "refused")
            .limit(_BATCH)
        )
        with transaction(self._sessions) as session:
            keys = session.execute(statement).all()
        for key in keys:
            with transaction(self._sessions) as session:
                row = locked(session, key.account_id, key.application_id)
                if row.state == "differs":
                    advance(session, row, "send_back", self._clock.now(), actor="工作人员")

    def _read_statement(self, now: datetime) -> None:
        if self._read_at is not None and now - self._read_at < _STATEMENT_EVERY:
            return
        with transaction(self._sessions) as session:
            first = session.scalar(
                select(func.min(TransferIn.answered_at)).where(TransferIn.state == "promised")
            )
        self._read_at = now
        if first is None:
            return
        earliest = shanghai_day(now) - timedelta(days=_STATEMENT_DAYS)
        try:
            self._read_since(max(shanghai_day(first) - timedelta(days=1), earliest))
        except NodeUnavailable as fault:
            log.warning("transfer.node_unavailable", fault=str(fault))
