"""Ports of notices 通知接线: whom WeChat reaches, and whether what a notice says is so, from those who know."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.applications.models import Application
from services.core.crypto import FieldCipher
from services.members.models import Binding
from wechat.followers import Followers

_STATES = {
    "settlement_paid": frozenset({"paid", "returned"}),
    "settlement_returned": frozenset({"returned"}),
    "loan_repaid": frozenset({"repaid"}),
    "loan_repaid_by_card": frozenset({"repaid"}),
    "card_not_collected": frozenset({"uncollected"}),
}


class WeChatReach:
    """Followers as WeChat told of them, and users of the mini-program by their binding."""

    def __init__(self, cipher: FieldCipher, followers: Followers) -> None:
        self._cipher = cipher
        self._followers = followers

    def has_left(self, session: Session, openid: str) -> bool:
        """Whether the user does not follow the public account, as far as we know."""
        return self._followers.has_left(session, openid)

    def left(self, session: Session, openid: str, at: datetime) -> None:
        """WeChat refused a message since the user does not follow."""
        told_at_s = int(at.timestamp())
        self._followers.note(session, openid, follows=False, told_at_s=told_at_s, at=at)

    def mini_openid(self, session: Session, account_id: UUID) -> str | None:
        """The member's user of the mini-program."""
        sealed = session.scalar(
            select(Binding.openid_sealed).where(
                Binding.account_id == account_id, Binding.channel == "mini", Binding.ended_at.is_(None)
            )
        )
        return None if sealed is None else self._cipher.open(sealed, "binding.openid")


class CaseTruth:
    """A case is told as paid, returned or repaid only while it is."""

    def holds(self, session: Session, account_id: UUID, template: str, subject_id: str) -> bool:
        """Read from the case itself, just before the notice goes."""
        states = _STATES.get(template)
        if states is None:
            return True
        state = session.scalar(
            select(Application.state).where(
                Application.account_id == account_id, Application.application_id == UUID(subject_id)
            )
        )
        return state in states
