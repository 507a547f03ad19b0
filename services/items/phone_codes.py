"""Codes to a new number 新手机号验证码: a number that is to be the member's is shown to be at hand by an SMS code.

Serves every item whose form has a field of the widget "phone-code". Whether the number is somebody else's too is not
looked at and not told: families share a phone (docs/adr/0020).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.core.clock import Clock
from services.core.crypto import FieldCipher
from services.core.db import Sessions, transaction
from services.core.errors import Invalid
from services.core.identity import check_phone
from services.items.declaration import Item
from services.items.fields import ProvenPhone
from services.ledger.service import lock_balance
from services.members.codes import Errand, OperationCode, count_try, issue_operation_code, use_code
from services.members.identity import person_of
from services.notices.service import Notices

WIDGET = "phone-code"


def phone_field(item: Item) -> str | None:
    """The field of the item's form that holds a number with its code."""
    for name, info in item.form.model_fields.items():
        extra = info.json_schema_extra
        if isinstance(extra, dict) and extra.get("x-widget") == WIDGET:
            return name
    return None


def proof_of(item: Item, form: Any) -> ProvenPhone | None:
    """The number of the form with its code; None while it is not filled in."""
    name = phone_field(item)
    proof = getattr(form, name, None) if name else None
    return proof if isinstance(proof, ProvenPhone) else None


def number_of(item: Item, form: Any) -> str | None:
    """The number of the form."""
    proof = proof_of(item, form)
    return proof.phone if proof else None


class PhoneCodes:
    """Sends codes to new numbers and counts the tries of them."""

    def __init__(self, sessions: Sessions, clock: Clock, cipher: FieldCipher, notices: Notices) -> None:
        self._sessions = sessions
        self._clock = clock
        self._cipher = cipher
        self._notices = notices

    def require_another(self, account_id: UUID, phone: str) -> None:
        """Raises Invalid `phone.same` for the number that is on the record already."""
        with transaction(self._sessions) as session:
            own = person_of(session, self._cipher, account_id).phone
        if own == phone:
            raise Invalid("这就是现在登记的手机号，不用换。", code="phone.same", field="phone")

    def send(self, account_id: UUID, item: Item, phone: str, openid: str) -> OperationCode:
        """Make a code for this member, WeChat user, item and number, and send it to the number."""
        now = self._clock.now()
        with transaction(self._sessions) as session:
            lock_balance(session, account_id)
            errand = _errand(self._cipher, account_id, item, phone, openid)
            issued = issue_operation_code(session, self._cipher, errand, now)
            self._notices.send_operation_code(
                session, account_id, issued.challenge_id, issued.code, item.name_zh, phone
            )
        return issued

    def count_try(self, account_id: UUID, item: Item, form: Any, openid: str) -> None:
        """Count a try of the form's code, right or wrong, in a transaction of its own; raises when it is wrong."""
        proof = proof_of(item, form)
        if proof is None:
            return
        errand = _errand(self._cipher, account_id, item, check_phone(proof.phone), openid)
        with transaction(self._sessions) as session:
            fault = count_try(
                session, self._cipher, errand, proof.challenge_id, proof.code, self._clock.now()
            )
        if fault is not None:
            raise fault


def use_phone_code(
    session: Session,
    cipher: FieldCipher,
    clock: Clock,
    account_id: UUID,
    item: Item,
    form: Any,
    openid: str | None,
) -> None:
    """Use the form's code in the transaction of the application; raises when it is wrong, old or used.

    Nothing to do for an item that asks for no number. Call `PhoneCodes.count_try` before.
    """
    proof = proof_of(item, form)
    if proof is None:
        return
    errand = _errand(cipher, account_id, item, check_phone(proof.phone), openid or "")
    use_code(session, cipher, errand, proof.challenge_id, proof.code, clock.now())


def _errand(cipher: FieldCipher, account_id: UUID, item: Item, phone: str, openid: str) -> Errand:
    operation = cipher.look_up(f"{item.code}|{phone}", "sms_challenge.phone")
    return Errand(account_id, openid, operation, "phone")
