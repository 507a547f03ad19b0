"""Followers 关注者: who left the account, as far as WeChat told us; nothing is sent to those who left."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, String
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.core.crypto import FieldCipher
from services.core.db import Base, Instant, Sessions, one_look
from services.core.sql import Statement


class WeChatFollower(Base):
    """Row of wechat_follower: one user by keyed hash, whether they follow, and the code they came by."""

    __tablename__ = "wechat_follower"

    openid_mac: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    follows: Mapped[bool]
    scene: Mapped[str | None] = mapped_column(String(64))
    told_at_s: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[Instant]


_FOLLOWS = Statement("SELECT follows FROM wechat_follower WHERE openid_mac = :openid_mac")


class Followers:
    """Notes who follows and who left; of two events the later one counts, in whatever order they come."""

    def __init__(self, cipher: FieldCipher) -> None:
        self._cipher = cipher

    def note(
        self,
        session: Session,
        openid: str,
        *,
        follows: bool,
        told_at_s: int,
        at: datetime,
        scene: str | None = None,
    ) -> bool:
        """What WeChat told of a user at an instant of its own clock; False when something later is known."""
        told = {"follows": follows, "scene": scene, "told_at_s": told_at_s, "changed_at": at}
        row = insert(WeChatFollower).values(openid_mac=self._mac(openid), **told)
        newer = WeChatFollower.told_at_s <= told_at_s
        noted = row.on_conflict_do_update(index_elements=["openid_mac"], set_=told, where=newer)
        return session.execute(noted.returning(WeChatFollower.openid_mac)).first() is not None

    def came_back(self, session: Session, openid: str, *, told_at_s: int, at: datetime) -> None:
        """Somebody who left writes or taps: they follow again, and the event that said so was lost."""
        row = session.get(WeChatFollower, self._mac(openid))
        if row is not None and not row.follows and row.told_at_s < told_at_s:
            row.follows, row.told_at_s, row.changed_at = True, told_at_s, at

    def has_left(self, session: Session, openid: str) -> bool:
        """Whether the last we heard is that the user left."""
        row = _FOLLOWS.first(session, {"openid_mac": self._mac(openid)})
        return row is not None and not row.follows

    def _mac(self, openid: str) -> bytes:
        return self._cipher.look_up(openid, "openid")


class LeaverList:
    """Followers for those who send outside a transaction."""

    def __init__(self, followers: Followers, sessions: Sessions) -> None:
        self._followers = followers
        self._sessions = sessions

    def has_left(self, openid: str) -> bool:
        """Whether the last we heard is that the user left."""
        with one_look(self._sessions) as session:
            return self._followers.has_left(session, openid)
