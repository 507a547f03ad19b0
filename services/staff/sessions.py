"""Staff sessions 会话: short, on the server, begun by a password and complete only with a code."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.core.errors import Unauthenticated
from services.staff.models import Staff, StaffSession

ABSOLUTE_LIFE = timedelta(hours=8)
IDLE_LIFE = timedelta(minutes=15)
HALF_LIFE = timedelta(minutes=5)
_SEEN_EVERY = timedelta(seconds=30)


class SignInNeeded(Unauthenticated):
    """No live session, or one that still lacks the code."""

    code, title, detail = "staff.sign_in_needed", "请先登录", "请先登录，再继续办理。"


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """The desk's own key: tokens are kept, and forms are marked, by values made with it."""

    key: bytes

    def token_mac(self, token: str) -> bytes:
        """How a token is kept."""
        return hmac.digest(self.key, b"desk-session|" + token.encode(), "sha256")

    def form_mark(self, token: str) -> str:
        """The mark every form of a session carries (CSRF)."""
        return hmac.digest(self.key, b"desk-form|" + token.encode(), "sha256").hex()


def begin(session: Session, keys: SessionKeys, staff_id: UUID, at: datetime, *, complete: bool) -> str:
    """A new session; returns its token, which is kept nowhere."""
    token = secrets.token_urlsafe(32)
    session.add(
        StaffSession(
            token_mac=keys.token_mac(token),
            staff_id=staff_id,
            complete=complete,
            created_at=at,
            seen_at=at,
            ended_at=None,
        )
    )
    return token


def half_signed_in(session: Session, keys: SessionKeys, token: str, at: datetime) -> UUID:
    """Who has given the right password within the last minutes; raises SignInNeeded."""
    row = _live(session, keys, token)
    if row.complete or at - row.created_at > HALF_LIFE:
        raise SignInNeeded
    return row.staff_id


def staff_of(session: Session, keys: SessionKeys, token: str, at: datetime) -> Staff:
    """The person of a complete, live session; raises SignInNeeded."""
    row = _live(session, keys, token)
    if not row.complete or at - row.created_at > ABSOLUTE_LIFE or at - row.seen_at > IDLE_LIFE:
        raise SignInNeeded
    person = session.get_one(Staff, row.staff_id)
    if person.disabled_at is not None:
        raise SignInNeeded
    if at - row.seen_at > _SEEN_EVERY:
        row.seen_at = at
    return person


def _live(session: Session, keys: SessionKeys, token: str) -> StaffSession:
    row = session.get(StaffSession, keys.token_mac(token))
    if row is None or row.ended_at is not None:
        raise SignInNeeded
    return row


def end(session: Session, keys: SessionKeys, token: str, at: datetime) -> None:
    """End one session."""
    statement = update(StaffSession).where(StaffSession.token_mac == keys.token_mac(token))
    session.execute(statement.where(StaffSession.ended_at.is_(None)).values(ended_at=at))


def end_all(session: Session, staff_id: UUID, at: datetime) -> None:
    """End every session of a person."""
    statement = update(StaffSession).where(StaffSession.staff_id == staff_id)
    session.execute(statement.where(StaffSession.ended_at.is_(None)).values(ended_at=at))
