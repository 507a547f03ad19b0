"""Ports of notices 通知接线: whom WeChat reaches, and whether what a notice says is so, from those who know."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.core.crypto import FieldCipher
from services.core.sql import Statement
from services.members.binding import openid_of_member
from wechat.followers import Followers

_STATES = {
    "settlement_paid": frozenset({"paid", "returned"}),
    "settlement_returned": frozenset({"returned"}),
    "loan_repaid": frozenset({"repaid"}),
    "loan_repaid_by_card": frozenset({"repaid"}),
    "card_not_collected": frozenset({"uncollected"}),
}
_STATE = Statement(
    "SELECT state FROM application WHERE account_id = :account_id AND application_id = :application_id"
)


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
        return openid_of_member(session, self._cipher, account_id, "mini")


class CaseTruth:
    """A case is told as paid, returned or repaid only while it is."""

    def holds(self, session: Session, account_id: UUID, template: str, subject_id: str) -> bool:
        """Read from the case itself, just before the notice goes."""
        states = _STATES.get(template)
        if states is None:
            return True
        row = _STATE.first(session, {"account_id": account_id, "application_id": UUID(subject_id)})
        return row is not None and row.state in states
