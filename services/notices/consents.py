"""Consents 订阅消息授权: each tap lets one subscribe message go; counted, because WeChat does not say how many are left."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.notices.models import NoticeConsent

ONE_TAP = timedelta(minutes=2)
"""The page and WeChat both report a tap; the second report within this time is the same tap."""


def count_tap(
    session: Session,
    account_id: UUID,
    way: str,
    template: str,
    *,
    accepted: bool,
    told_by: str,
    at: datetime,
) -> None:
    """A member tapped on the question; `told_by` is page or event."""
    begun = insert(NoticeConsent).values(
        account_id=account_id, way=way, template=template,
        left_count=0, accepted=0, refused=0, told_by="", changed_at=at,
    )  # fmt: skip
    session.execute(begun.on_conflict_do_nothing())
    row = session.get_one(
        NoticeConsent, (account_id, way, template), with_for_update=True, populate_existing=True
    )
    if row.told_by not in ("", told_by) and at - row.changed_at <= ONE_TAP:
        return
    row.told_by, row.changed_at = told_by, at
    if accepted:
        row.left_count, row.accepted = row.left_count + 1, row.accepted + 1
    else:
        row.refused += 1


def close(session: Session, account_id: UUID, way: str, template: str, at: datetime) -> None:
    """The member switched the template off in WeChat, or WeChat says that none is left."""
    where = (
        NoticeConsent.account_id == account_id,
        NoticeConsent.way == way,
        NoticeConsent.template == template,
    )
    session.execute(update(NoticeConsent).where(*where).values(left_count=0, changed_at=at))


def use_one(session: Session, account_id: UUID, way: str, template: str) -> bool:
    """Take one consent; False when none is left."""
    row = session.get(
        NoticeConsent, (account_id, way, template), with_for_update=True, populate_existing=True
    )
    if row is None or row.left_count == 0:
        return False
    row.left_count -= 1
    return True


def give_back(session: Session, account_id: UUID, way: str, template: str) -> None:
    """The message certainly did not go: the consent still stands."""
    row = session.get(
        NoticeConsent, (account_id, way, template), with_for_update=True, populate_existing=True
    )
    if row is not None:
        row.left_count += 1


def consents_of(session: Session, account_id: UUID) -> dict[tuple[str, str], int]:
    """How many are left, by way and template."""
    statement = select(NoticeConsent).where(NoticeConsent.account_id == account_id)
    return {(row.way, row.template): row.left_count for row in session.scalars(statement)}
