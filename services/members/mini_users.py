"""Users of the mini-program 小程序用户: WeChat's session key and unionid, sealed, and when WeChat last confirmed them.

The unionid is a hint kept for the centre; nobody is linked or let in by it. Who is who is proven by identity.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.core.crypto import FieldCipher
from services.members.models import MiniUser

CONFIRMED_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class KeptLogin:
    """The session key of a user's last sign-in; `confirmed` tells whether WeChat vouched for it lately."""

    session_key: str = field(repr=False)
    confirmed: bool


def keep_login(
    session: Session, cipher: FieldCipher, openid: str, session_key: str, unionid: str | None, at: datetime
) -> None:
    """Keep what a sign-in told; the newest key is the only good one."""
    values = {
        "session_key_sealed": cipher.seal(session_key, "mini_user.session_key"),
        "unionid_sealed": None if unionid is None else cipher.seal(unionid, "mini_user.unionid"),
        "signed_in_at": at,
        "confirmed_at": at,
    }
    row = insert(MiniUser).values(openid_mac=cipher.look_up(openid, "openid"), **values)
    session.execute(row.on_conflict_do_update(index_elements=["openid_mac"], set_=values))


def kept_login(session: Session, cipher: FieldCipher, openid: str, at: datetime) -> KeptLogin | None:
    """The user's last sign-in, if it is still kept."""
    row = session.get(MiniUser, cipher.look_up(openid, "openid"))
    if row is None:
        return None
    key = cipher.open(row.session_key_sealed, "mini_user.session_key")
    return KeptLogin(key, at - row.confirmed_at < CONFIRMED_FOR)


def confirm_login(session: Session, cipher: FieldCipher, openid: str, at: datetime) -> None:
    """WeChat has just vouched for the key."""
    mine = MiniUser.openid_mac == cipher.look_up(openid, "openid")
    session.execute(update(MiniUser).where(mine).values(confirmed_at=at))


def forget_login(session: Session, openid_mac: bytes) -> None:
    """The user has left, or WeChat no longer knows the key."""
    session.execute(delete(MiniUser).where(MiniUser.openid_mac == openid_mac))
