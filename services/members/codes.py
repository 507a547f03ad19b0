"""SMS codes for one operation 操作验证码: bound to member, WeChat user and exactly what is being done, used once.

A code of the purpose "phone" went to a number that is to be the member's: it shows that the member has it at hand.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from services.core.crypto import FieldCipher
from services.core.errors import Unauthenticated
from services.core.ids import new_id
from services.members.models import SmsChallenge

Purpose = Literal["operation", "phone"]
CODE_LIFE = timedelta(minutes=10)
MOST_TRIES = 5


class OperationCodeWrong(Unauthenticated):
    """Not the code that was sent for this operation."""

    code, title, detail = "route.code_wrong", "验证码不对", "验证码不对，请核对短信后再填。钱没有动。"


class OperationCodeExpired(Unauthenticated):
    """Too old, used, or tried too often."""

    code, title, detail = "route.code_expired", "验证码失效", "验证码已经失效，请重新获取。钱没有动。"


class PhoneCodeWrong(Unauthenticated):
    """Not the code that was sent to this number."""

    code, title, detail = "phone.code_wrong", "验证码不对", "验证码不对，请核对新号码收到的短信后再填。"


class PhoneCodeExpired(Unauthenticated):
    """Too old, used, or tried too often."""

    code, title, detail = "phone.code_expired", "验证码失效", "验证码已经失效，请重新获取。"


_FAULTS: dict[Purpose, tuple[type[Unauthenticated], type[Unauthenticated]]] = {
    "operation": (OperationCodeWrong, OperationCodeExpired),
    "phone": (PhoneCodeWrong, PhoneCodeExpired),
}


@dataclass(frozen=True, slots=True)
class Errand:
    """What a code is for: whose operation, asked for by which WeChat user."""

    account_id: UUID
    openid: str
    operation: bytes
    purpose: Purpose = "operation"

    def wrong(self) -> Unauthenticated:
        """The fault of a code that is not the one sent."""
        return _FAULTS[self.purpose][0]()

    def expired(self) -> Unauthenticated:
        """The fault of a code that serves no more."""
        return _FAULTS[self.purpose][1]()


@dataclass(frozen=True, slots=True)
class OperationCode:
    """A challenge, and the code to send."""

    challenge_id: UUID
    expires_at: datetime
    code: str


def issue_operation_code(
    session: Session, cipher: FieldCipher, errand: Errand, at: datetime
) -> OperationCode:
    """Make a code that serves for this errand only."""
    code = f"{secrets.randbelow(10**6):06d}"
    challenge_id = new_id()
    session.add(
        SmsChallenge(
            challenge_id=challenge_id,
            purpose=errand.purpose,
            principal_mac=cipher.look_up(errand.openid, "openid"),
            account_id=errand.account_id,
            operation=errand.operation,
            code_mac=_mac(cipher, challenge_id, code),
            tries=0,
            created_at=at,
            expires_at=at + CODE_LIFE,
            used_at=None,
        )
    )
    return OperationCode(challenge_id, at + CODE_LIFE, code)


def _mac(cipher: FieldCipher, challenge_id: UUID, code: str) -> bytes:
    return cipher.look_up(f"{challenge_id}:{code}", "sms_challenge.operation_code")


def count_try(
    session: Session, cipher: FieldCipher, errand: Errand, challenge_id: UUID, code: str, at: datetime
) -> Unauthenticated | None:
    """Count one try; returns the fault to raise after the commit, None when the code is right."""
    challenge = _of(session, cipher, errand, challenge_id)
    if challenge is None:
        return errand.wrong()
    if challenge.used_at is not None or at >= challenge.expires_at or challenge.tries >= MOST_TRIES:
        return errand.expired()
    challenge.tries += 1
    return None if compare_digest(challenge.code_mac, _mac(cipher, challenge_id, code)) else errand.wrong()


def use_code(
    session: Session, cipher: FieldCipher, errand: Errand, challenge_id: UUID, code: str, at: datetime
) -> None:
    """Use a code that was just found right, in the transaction of its effect; raises when it is not, or was used."""
    challenge = _of(session, cipher, errand, challenge_id)
    if challenge is None or not compare_digest(challenge.code_mac, _mac(cipher, challenge_id, code)):
        raise errand.wrong()
    if challenge.used_at is not None or at >= challenge.expires_at:
        raise errand.expired()
    challenge.used_at = at


def _of(session: Session, cipher: FieldCipher, errand: Errand, challenge_id: UUID) -> SmsChallenge | None:
    """The challenge, if it is this member's, this WeChat user's and for this very operation."""
    challenge = session.get(SmsChallenge, challenge_id, with_for_update=True, populate_existing=True)
    if challenge is None or challenge.purpose != errand.purpose or challenge.operation is None:
        return None
    same = challenge.account_id == errand.account_id
    same &= compare_digest(challenge.principal_mac, cipher.look_up(errand.openid, "openid"))
    same &= compare_digest(challenge.operation, errand.operation)
    return challenge if same else None
