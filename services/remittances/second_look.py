"""What waits for a second person 等待复核的事项: shown to them before they say yes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.core.errors import NotFound
from services.remittances.faults import NotNow
from services.remittances.models import Employer, RemittanceBatch, RemittanceReversal, RemittanceSurplus
from services.remittances.service import batch_of
from services.staff.models import APPROVER, Staff
from services.staff.service import require_role

WAYS = {"keep": "多缴款留给单位的下一批", "return": "多缴款退回单位"}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question of one person's that another is to answer."""

    what: str
    employer: str
    batch_no: str | None
    amount_fen: int
    asked_by: str
    asked_at: datetime
    reason: str


def surplus_waiting(session: Session, number: str, staff: Staff) -> Waiting:
    """An employer's surplus that somebody wants kept or given back. Raises NotFound, NotNow, Forbidden."""
    require_role(staff, APPROVER)
    row = session.get(RemittanceSurplus, number)
    if row is None:
        raise NotFound
    if row.approved is not None:
        raise NotNow("这一笔已经有人复核过了。")
    batch = session.get_one(RemittanceBatch, row.batch_id).batch_no if row.batch_id else None
    return _waiting(session, row, row.employer_id, WAYS[row.way], batch, row.amount_fen)


def reversal_waiting(session: Session, batch_no: str, staff: Staff) -> Waiting:
    """A posted batch that somebody wants taken back. Raises NotFound, NotNow, Forbidden."""
    require_role(staff, APPROVER)
    batch = batch_of(session, batch_no)
    row = session.get(RemittanceReversal, batch.batch_id)
    if row is None or row.approved is not None:
        raise NotNow("这个批次没有等待复核的更正。")
    what = f"整批错缴更正，{batch.month:%Y-%m}，{batch.people} 人"
    return _waiting(session, row, batch.employer_id, what, batch.batch_no, batch.posted_fen)


def _waiting(
    session: Session,
    row: RemittanceSurplus | RemittanceReversal,
    employer_id: UUID,
    what: str,
    batch_no: str | None,
    amount_fen: int,
) -> Waiting:
    employer = session.get_one(Employer, employer_id)
    asker = session.get_one(Staff, row.asked_by)
    return Waiting(
        what=what,
        employer=f"{employer.name}（{employer.employer_no}）",
        batch_no=batch_no,
        amount_fen=amount_fen,
        asked_by=f"{asker.display_name}（{asker.login}）",
        asked_at=row.asked_at,
        reason=row.reason,
    )
