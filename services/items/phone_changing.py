"""Changing the number a member is reached at 换手机号, once the member has proven to mean it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.applications.models import Application
from services.applications.service import money_applications, move
from services.applications.states import PLAIN_STATES
from services.core.crypto import FieldCipher
from services.core.errors import Conflict
from services.core.identity import check_phone
from services.core.outbox import emit
from services.items.declaration import Item
from services.items.phone_codes import number_of
from services.members.models import Member
from services.members.phones import PhoneChanged, change_phone
from services.policies.rules import Policy
from services.withdrawals.states import LIVE_STATES

PHONE_CHANGE = "phone-change"


class MoneyUnderWay(Conflict):
    """A withdrawal is not finished: who is told of it must not change meanwhile."""

    code, title = "phone.money_under_way", "有一笔提取还没有办完"
    detail = "您有一笔提取还没有办完。等它到账、退回，或者您撤销它以后，再换手机号。"


class NumberMoved(Conflict):
    """Another number was put on the record after this one was asked for."""

    code, title = "phone.moved", "登记的手机号已经改过"
    detail = "您申请以后，登记的手机号又改过，这次申请不再有效。还要换的话，请重新申请。"


def change_member_phone(
    session: Session,
    cipher: FieldCipher,
    application: Application,
    item: Item,
    form: Any,
    policy: Policy,
    *,
    actor: str,
    at: datetime,
) -> None:
    """Put the number of the form on the record and tell both numbers; the caller holds the account's lock.

    Raises MoneyUnderWay, NumberMoved, SamePhone; nothing is changed then.
    """
    member = session.get_one(Member, application.account_id, with_for_update=True, populate_existing=True)
    if member.phone_changed_at is not None and member.phone_changed_at > application.created_at:
        raise NumberMoved
    phone = number_of(item, form)
    assert phone is not None  # the form asks for it
    application_id = application.application_id
    changed = put_number(
        session,
        cipher,
        application.account_id,
        application_id,
        check_phone(phone),
        policy,
        subject={"application_id": str(application_id)},
        actor=actor,
        at=at,
    )
    told = {
        "phone4": changed.tail4,
        "old_phone4": changed.old_tail4,
        "money_from": changed.money_from.isoformat(),
    }
    application.result = {**application.result, **told}
    session.flush()  # the state is moved by a statement of its own
    move(session, application, PLAIN_STATES, "complete", actor=actor, at=at)


def put_number(
    session: Session,
    cipher: FieldCipher,
    account_id: UUID,
    change_id: UUID,
    phone: str,
    policy: Policy,
    *,
    subject: Mapping[str, str],
    actor: str,
    at: datetime,
) -> PhoneChanged:
    """Put a number on the record and tell both; `subject` is what the two events are said to be about.

    The caller holds the account's lock. Raises MoneyUnderWay, SamePhone.
    """
    refuse_while_money_moves(session, account_id)
    changed = change_phone(
        session,
        cipher,
        account_id,
        change_id,
        phone,
        actor=actor,
        at=at,
        money_from=at + timedelta(hours=policy.integer("cooling.phone_hours")),
    )
    told = {**subject, "money_from": changed.money_from.isoformat()}
    emit(session, account_id, "phone.changed", {**told, "phone4": changed.tail4}, at)
    emit(session, account_id, "phone.left", told, at)
    return changed


def refuse_while_money_moves(session: Session, account_id: UUID) -> None:
    """Raise MoneyUnderWay while a withdrawal is not finished."""
    if any(one.state in LIVE_STATES for one in money_applications(session, account_id)):
        raise MoneyUnderWay
