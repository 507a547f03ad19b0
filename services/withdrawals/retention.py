"""Retention of addresses 网络地址保存期限: from where a payment was confirmed is forgotten after three years."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.core.retention import BATCH
from services.withdrawals.models import RiskDecision


@dataclass(frozen=True, slots=True)
class AddressRule:
    """Addresses of old confirmations; the decision itself stays, and so does its digest in the case's evidence."""

    category: ClassVar[str] = "risk_decision.address"
    life: timedelta = timedelta(days=3 * 365)
    every: timedelta = timedelta(hours=1)

    def purge(self, session: Session, cutoff: datetime) -> int:
        """Forget up to BATCH addresses."""
        key = (RiskDecision.account_id, RiskDecision.decision_id)
        old = select(*key).where(RiskDecision.address_sealed.is_not(None), RiskDecision.decided_at < cutoff)
        rows = session.execute(old.limit(BATCH).with_for_update(skip_locked=True)).all()
        for account_id, decision_id in rows:
            one = update(RiskDecision).where(
                RiskDecision.account_id == account_id, RiskDecision.decision_id == decision_id
            )
            session.execute(one.values(address_sealed=None, address_mac=None))
        return len(rows)

    def oldest(self, session: Session) -> datetime | None:
        """The oldest decision that still has its address."""
        kept = select(func.min(RiskDecision.decided_at)).where(RiskDecision.address_sealed.is_not(None))
        return session.scalar(kept)
