"""Retention of former phone numbers 原手机号保存期限: gone with the last notice to them, after three days at the latest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.core.retention import BATCH
from services.members.models import PhoneChange


@dataclass(frozen=True, slots=True)
class FormerPhoneRule:
    """Former numbers that no notice has taken; the change itself stays on record."""

    category: ClassVar[str] = "phone_change"
    life: timedelta = timedelta(days=3)
    every: timedelta = timedelta(hours=1)

    def purge(self, session: Session, cutoff: datetime) -> int:
        """Forget up to BATCH numbers."""
        key = (PhoneChange.account_id, PhoneChange.application_id)
        old = select(*key).where(PhoneChange.former_sealed.is_not(None), PhoneChange.changed_at < cutoff)
        rows = session.execute(old.limit(BATCH).with_for_update(skip_locked=True)).all()
        for account_id, application_id in rows:
            one = update(PhoneChange).where(
                PhoneChange.account_id == account_id, PhoneChange.application_id == application_id
            )
            session.execute(one.values(former_sealed=None))
        return len(rows)

    def oldest(self, session: Session) -> datetime | None:
        """The change whose former number is kept longest."""
        kept = select(func.min(PhoneChange.changed_at)).where(PhoneChange.former_sealed.is_not(None))
        return session.scalar(kept)
