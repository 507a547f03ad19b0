"""Login sessions 登录会话 on the server: rotating refresh tokens, reuse ends the whole session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.core.crypto import FieldCipher
from services.core.errors import Unauthenticated
from services.core.ids import new_id
from services.core.sql import Statement
from services.members.binding import binding_of_openid
from services.members.models import Binding, LoginSession, Member

ABSOLUTE_LIFE = timedelta(hours=24)
IDLE_LIFE = timedelta(minutes=60)
_LIVE = Statement(
    "SELECT session_id, account_id, channel, openid_sealed, created_at, seen_at, ended_at FROM login_session"
    " WHERE session_id = :session_id"
)


class SessionEnded(Unauthenticated):
    """The session was ended, or a refresh token was used twice."""

    code, title, detail = "auth.revoked", "登录已失效", "登录已失效，请从公众号菜单重新进入。"


class SessionExpired(Unauthenticated):
    """The session is too old."""

    code, title, detail = "auth.ended", "登录已过期", "离开的时间有点长，请从公众号菜单重新进入。"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request comes from: a WeChat user, and the member they are bound to."""

    session_id: UUID
    channel: str
    openid: str
    account_id: UUID | None


def start(session: Session, cipher: FieldCipher, openid: str, channel: str, at: datetime) -> LoginSession:
    """Begin a session for a WeChat user; it carries the member when the user is bound."""
    binding = _lasting_binding(session, cipher, openid)
    row = LoginSession(
        session_id=new_id(),
        account_id=binding.account_id if binding else None,
        channel=channel,
        openid_sealed=cipher.seal(openid, "session.openid"),
        openid_mac=cipher.look_up(openid, "openid"),
        refresh_jti=new_id(),
        created_at=at,
        seen_at=at,
        ended_at=None,
        detail={},
    )
    session.add(row)
    return row


def _lasting_binding(session: Session, cipher: FieldCipher, openid: str) -> Binding | None:
    """The user's binding, with its member held: an unbinding under way would not see the session that is begun here."""
    binding = binding_of_openid(session, cipher, openid)
    if binding is None:
        return None
    session.get_one(Member, binding.account_id, with_for_update={"read": True})
    return binding_of_openid(session, cipher, openid)


def principal_of(session: Session, cipher: FieldCipher, session_id: UUID, at: datetime) -> Principal:
    """The principal of a live session; raises SessionEnded or SessionExpired."""
    row = _LIVE.first(session, {"session_id": session_id})
    if row is None or row.ended_at is not None:
        raise SessionEnded
    if at - row.created_at > ABSOLUTE_LIFE or at - row.seen_at > IDLE_LIFE:
        raise SessionExpired
    return Principal(
        row.session_id, row.channel, cipher.open(row.openid_sealed, "session.openid"), row.account_id
    )


def rotate(session: Session, session_id: UUID, jti: UUID, at: datetime) -> LoginSession | None:
    """Swap the refresh token. None means it was used before: the session is then ended, commit and refuse."""
    row = session.get(LoginSession, session_id, with_for_update=True)
    if row is None or row.ended_at is not None:
        raise SessionEnded
    if at - row.created_at > ABSOLUTE_LIFE or at - row.seen_at > IDLE_LIFE:
        raise SessionExpired
    if row.refresh_jti != jti:
        row.ended_at = at
        return None
    row.refresh_jti, row.seen_at = new_id(), at
    return row


def attach_member(session: Session, session_id: UUID, account_id: UUID, at: datetime) -> LoginSession:
    """After binding: the session becomes the member's, with a new refresh token."""
    row = session.get_one(LoginSession, session_id, with_for_update=True)
    row.account_id, row.refresh_jti, row.seen_at = account_id, new_id(), at
    return row


def end(session: Session, session_id: UUID, at: datetime) -> None:
    """End one session (logout)."""
    session.execute(update(LoginSession).where(LoginSession.session_id == session_id).values(ended_at=at))


def end_all_of(session: Session, cipher: FieldCipher, openid: str, at: datetime) -> int:
    """End every session of a WeChat user; returns how many there were."""
    theirs = (LoginSession.openid_mac == cipher.look_up(openid, "openid"), LoginSession.ended_at.is_(None))
    ended = session.execute(update(LoginSession).where(*theirs).values(ended_at=at))
    return int(ended.rowcount)  # type: ignore[attr-defined]
