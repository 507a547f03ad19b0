"""Cooling-off 安全等待期: after a new binding or another phone number, money has to wait."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.applications.models import MONEY
from services.core.clock import SHANGHAI, shanghai_iso
from services.core.errors import Forbidden
from services.items.declaration import Item
from services.members.binding import money_from


class StillCooling(Forbidden):
    """Bound or changed lately: money has to wait."""

    code, title = "member.cooling", "还在安全等待期"


def cooling_until(session: Session, account_id: UUID, now: datetime) -> datetime | None:
    """Until when no money may leave; None where it may now."""
    possible_at = money_from(session, account_id)
    return possible_at if possible_at is not None and now < possible_at else None


def refuse_cooling(session: Session, account_id: UUID, item: Item, now: datetime) -> None:
    """Raises StillCooling, with the instant from which it is possible, for money that is asked for too early."""
    possible_at = cooling_until(session, account_id, now) if item.kind == MONEY else None
    if possible_at is None:
        return
    since = possible_at.astimezone(SHANGHAI)
    raise StillCooling(
        f"为了您的资金安全，绑定或手机号变更后要等一等，{since.month}月{since.day}日{since:%H:%M} 起可以提取。",
        extra={"cooling_until": shanghai_iso(possible_at)},
    )
