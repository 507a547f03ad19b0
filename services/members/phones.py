"""Phone of a member 手机号: its change, and the number before it for as long as a notice has to go there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.crypto import FieldCipher
from services.core.errors import Conflict
from services.members.models import Binding, Member, PhoneChange, SmsChallenge


class SamePhone(Conflict):
    """The number is on the record already."""

    code, title, detail = "phone.same", "号码没有变", "这就是现在登记的手机号，不用换。"


@dataclass(frozen=True, slots=True)
class PhoneChanged:
    """What a change came to, by last four digits, and from when money may be asked for again."""

    old_tail4: str
    tail4: str
    money_from: datetime


def change_phone(
    session: Session,
    cipher: FieldCipher,
    account_id: UUID,
    change_id: UUID,
    phone: str,
    *,
    actor: str,
    at: datetime,
    money_from: datetime,
) -> PhoneChanged:
    """Put another number on the record; money waits on every binding, and codes on their way serve no more.

    `change_id` is the application's, or the proposal's at a counter. The former number is kept, sealed, for its last
    notice. Sessions stay. Raises SamePhone.
    """
    member = session.get_one(Member, account_id, with_for_update=True, populate_existing=True)
    former = cipher.open(member.phone_sealed, "member.phone")
    if former == phone:
        raise SamePhone
    session.add(
        PhoneChange(
            account_id=account_id,
            application_id=change_id,
            former_sealed=cipher.seal(former, "phone_change.former"),
            changed_at=at,
        )
    )
    member.phone_sealed = cipher.seal(phone, "member.phone")
    member.phone_mac = cipher.look_up(phone, "member.phone")
    member.phone_changed_at = at
    session.flush()
    _let_money_wait(session, account_id, money_from)
    _end_codes(session, account_id, at)
    changed = PhoneChanged(former[-4:], phone[-4:], money_from)
    record(
        session,
        account_id,
        "phone.changed",
        actor=actor,
        subject=str(change_id),
        at=at,
        detail={"old_tail4": changed.old_tail4, "tail4": changed.tail4},
    )
    return changed


def _let_money_wait(session: Session, account_id: UUID, until: datetime) -> None:
    bindings = update(Binding).where(Binding.account_id == account_id)
    session.execute(bindings.values(money_from=func.greatest(Binding.money_from, until)))


def _end_codes(session: Session, account_id: UUID, at: datetime) -> None:
    """Whoever still has the former number must not finish with a code that went there."""
    codes = update(SmsChallenge).where(
        SmsChallenge.account_id == account_id, SmsChallenge.used_at.is_(None), SmsChallenge.expires_at > at
    )
    session.execute(codes.values(used_at=at))


def take_former_phone(
    session: Session, cipher: FieldCipher, account_id: UUID, change_id: UUID
) -> str | None:
    """The number before a change, once: from then on it is kept nowhere. None when it was taken already."""
    change = session.get(
        PhoneChange, (account_id, change_id), with_for_update=True, populate_existing=True
    )
    if change is None or change.former_sealed is None:
        return None
    phone = cipher.open(change.former_sealed, "phone_change.former")
    change.former_sealed = None
    return phone
