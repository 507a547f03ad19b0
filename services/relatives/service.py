"""Inviting a relative 帮家人办: by a code on the member's own phone, accepted by a bound member, ended by either at once.

A relative sees how cases stand and that notices were sent. Nothing here moves, stops or asks for money.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.clock import Clock, shanghai_day
from services.core.crypto import FieldCipher
from services.core.errors import Conflict, Forbidden, Invalid, NotFound
from services.core.ids import new_id
from services.core.outbox import emit
from services.core.pii import scrub
from services.core.plain_text import seen
from services.policies.rules import Policy
from services.policies.service import PolicyBook
from services.relatives.models import RelativeLink

ALPHABET, LENGTH = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ", 8
_CODE = "relative_link.code"


class TooManyRelatives(Conflict):
    """As many as there may be."""

    code, title = "relative.most", "不能再加了"


class CodeWrong(Forbidden):
    """No such code, or its time is over; nothing more is said."""

    code, title, detail = "relative.code", "邀请码不对", "邀请码不对或已过期，请家人重新生成一个。"


class OwnCode(Conflict):
    """Nobody is their own relative."""

    code, title, detail = "relative.own", "这是您自己的邀请码", "邀请码要由家人在他自己的手机上填。"


class Relatives:
    """Use cases, in the caller's transaction."""

    def __init__(self, cipher: FieldCipher, clock: Clock, policies: PolicyBook) -> None:
        self._cipher = cipher
        self._clock = clock
        self._policies = policies

    def most(self, session: Session) -> int:
        """How many relatives a member may have."""
        return self._policy(session).integer("relative.most")

    def invite(self, session: Session, account_id: UUID, label: str) -> tuple[RelativeLink, str]:
        """An invitation and its code, which is shown once. Raises TooManyRelatives, Invalid."""
        now, label = self._clock.now(), seen(label)
        if not label or scrub(label) != label or any(char < " " for char in label):
            raise Invalid("请写怎么称呼，比如“女儿”。", code="relative.label", field="label")
        most = self.most(session)
        if len(self.mine(session, account_id, lock=True)) >= most:
            raise TooManyRelatives(f"最多请 {most} 位家人。先取消一位，再请别人。")
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        minutes = self._policy(session).integer("relative.code_minutes")
        link = RelativeLink(
            account_id=account_id,
            link_id=new_id(),
            label=label,
            code_mac=self._cipher.look_up(code, _CODE),
            code_until=now + timedelta(minutes=minutes),
            invited_at=now,
        )
        session.add(link)
        session.flush()
        self._note(session, account_id, "relative.invited", "member", link.link_id)
        return link, code

    def accept(self, session: Session, relative_id: UUID, code: str) -> RelativeLink:
        """Use a code. Raises CodeWrong, OwnCode, TooManyRelatives; the inviting member is told."""
        now = self._clock.now()
        found = select(RelativeLink).where(
            RelativeLink.code_mac == self._cipher.look_up(code, _CODE),
            RelativeLink.code_until > now,
            RelativeLink.ended_at.is_(None),
            RelativeLink.accepted_at.is_(None),
        )
        link = session.scalar(found.with_for_update())
        if link is None:
            raise CodeWrong
        if link.account_id == relative_id:
            raise OwnCode
        if len(self.helped(session, relative_id)) >= self.most(session):
            raise TooManyRelatives("您帮的家人已经够多了，先取消一位再接受。")
        link.relative_id, link.accepted_at, link.code_mac = relative_id, now, None
        try:
            with session.begin_nested():
                session.flush()
        except IntegrityError:
            raise Conflict("您已经能看这位家人的进度了。", code="relative.already") from None
        self._note(session, link.account_id, "relative.joined", "relative", link.link_id)
        emit(session, link.account_id, "relative.joined", {"label": link.label}, now)
        return link

    def end(self, session: Session, account_id: UUID, link_id: UUID) -> None:
        """End it at once, by either side. Raises NotFound."""
        statement = select(RelativeLink).where(
            RelativeLink.link_id == link_id,
            or_(RelativeLink.account_id == account_id, RelativeLink.relative_id == account_id),
            RelativeLink.ended_at.is_(None),
        )
        link = session.scalar(statement.with_for_update())
        if link is None:
            raise NotFound
        link.ended_at, link.code_mac = self._clock.now(), None
        actor = "member" if link.account_id == account_id else "relative"
        self._note(session, link.account_id, "relative.ended", actor, link.link_id)

    def mine(self, session: Session, account_id: UUID, *, lock: bool = False) -> list[RelativeLink]:
        """Who may look at mine, or is invited to."""
        if lock:
            session.execute(select(func.pg_advisory_xact_lock(account_id.int % (1 << 63))))
        statement = select(RelativeLink).where(
            RelativeLink.account_id == account_id,
            RelativeLink.ended_at.is_(None),
            or_(RelativeLink.accepted_at.is_not(None), RelativeLink.code_until > self._clock.now()),
        )
        return list(session.scalars(statement.order_by(RelativeLink.invited_at)))

    def helped(self, session: Session, relative_id: UUID) -> list[RelativeLink]:
        """Whose cases I may see."""
        statement = select(RelativeLink).where(
            RelativeLink.relative_id == relative_id, RelativeLink.ended_at.is_(None)
        )
        return list(session.scalars(statement.order_by(RelativeLink.accepted_at)))

    def look(self, session: Session, relative_id: UUID, link_id: UUID) -> UUID:
        """Whose account may be looked at, with the look on their record. Raises NotFound."""
        link = next((one for one in self.helped(session, relative_id) if one.link_id == link_id), None)
        if link is None:
            raise NotFound
        self._note(session, link.account_id, "relative.looked", "relative", link.link_id, label=link.label)
        return link.account_id

    def _policy(self, session: Session) -> Policy:
        return self._policies.on(session, shanghai_day(self._clock.now()))

    def _note(
        self, session: Session, account_id: UUID, action: str, actor: str, link_id: UUID, **detail: str
    ) -> None:
        record(
            session,
            account_id,
            action,
            actor=actor,
            subject=str(link_id),
            at=self._clock.now(),
            detail=detail,
        )
