"""Unbinding 解除绑定 by the member, or for them at a counter: ends a binding with its phone and its sessions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.errors import Forbidden, NotFound
from services.core.outbox import emit
from services.members.binding import bindings_of
from services.members.mini_users import forget_login
from services.members.models import Binding, Device, LoginSession, Member


class NotBoundThere(NotFound):
    """Nobody is bound on this channel."""

    code, detail = "bind.not_bound", "这里没有绑定，不用解除。"


class OlderBinding(Forbidden):
    """A newer binding cannot end an older one: who bound it may be a thief."""

    code, title = "bind.older", "不能从这里解除"
    detail = "那个微信绑定得更早，要在它那里解除，或带身份证到任一网点解除。不是您本人操作请拨打 12329。"


def may_end(own: Binding, other: Binding) -> bool:
    """Whether a user may end a binding: their own, and any made after it."""
    return other.binding_id == own.binding_id or own.bound_at < other.bound_at


def unbind(session: Session, account_id: UUID, own_channel: str, channel: str, at: datetime) -> Binding:
    """End the member's binding of `channel`, asked for by the user of `own_channel`.

    Its phone's key and every session of its WeChat user end with it; the member is told. Raises NotBoundThere, OlderBinding.
    """
    session.get_one(Member, account_id, with_for_update=True)
    active = {row.channel: row for row in bindings_of(session, account_id, lock=True)}
    ending = active.get(channel)
    if ending is None or own_channel not in active:
        raise NotBoundThere
    if not may_end(active[own_channel], ending):
        raise OlderBinding
    _end(session, ending, actor="member", by=own_channel, at=at)
    return ending


def end_bindings(
    session: Session, account_id: UUID, binding_ids: Collection[UUID], *, actor: str, at: datetime
) -> None:
    """End just these bindings for a member at a counter, whichever is the older; each is told as any other is.

    Raises NotBoundThere, and ends none, when one of them has ended meanwhile.
    """
    session.get_one(Member, account_id, with_for_update=True)
    ending = [row for row in bindings_of(session, account_id, lock=True) if row.binding_id in binding_ids]
    if len(ending) != len(set(binding_ids)):
        raise NotBoundThere
    for row in ending:
        _end(session, row, actor=actor, by="counter", at=at)


def _end(session: Session, ending: Binding, *, actor: str, by: str, at: datetime) -> None:
    ending.ended_at = at
    _end_phone_and_sessions(session, ending, at)
    record(
        session,
        ending.account_id,
        "member.unbound",
        actor=actor,
        subject=str(ending.binding_id),
        at=at,
        detail={"channel": ending.channel, "by": by},
    )
    emit(session, ending.account_id, "member.unbound", {"channel": ending.channel}, at)


def _end_phone_and_sessions(session: Session, ending: Binding, at: datetime) -> None:
    phone = (Device.account_id == ending.account_id, Device.binding_id == ending.binding_id)
    session.execute(update(Device).where(*phone, Device.ended_at.is_(None)).values(ended_at=at))
    theirs = (LoginSession.openid_mac == ending.openid_mac, LoginSession.ended_at.is_(None))
    session.execute(update(LoginSession).where(*theirs).values(ended_at=at))
    forget_login(session, ending.openid_mac)
