"""Guesses at a code to bind 验证码试猜: a code proves somebody only if it was sent, and a try counts for its member."""

from __future__ import annotations

from datetime import datetime
from hmac import compare_digest
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.core.crypto import FieldCipher
from services.members.models import SmsChallenge


def let_prove(session: Session, challenge_id: UUID, account_id: UUID | None) -> None:
    """Whom a code proves, once it is known whether it goes: nobody if not. The same statement for all claims."""
    session.execute(
        update(SmsChallenge).where(SmsChallenge.challenge_id == challenge_id).values(account_id=account_id)
    )


def account_of_try(
    session: Session, cipher: FieldCipher, challenge_id: UUID, openid: str, at: datetime, *, most_tries: int
) -> UUID | None:
    """Whose binding a try could open: nobody's where the code is over, another user's, or of a claim that is wrong."""
    challenge = session.get(SmsChallenge, challenge_id)
    if challenge is None or challenge.purpose != "bind" or challenge.used_at is not None:
        return None
    if at >= challenge.expires_at or challenge.tries >= most_tries:
        return None
    own = compare_digest(challenge.principal_mac, cipher.look_up(openid, "openid"))
    return challenge.account_id if own else None
