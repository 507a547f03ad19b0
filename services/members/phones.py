"""Phone of a member 手机号: its change, and the number before it for as long as a notice has to go there."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from services.core.crypto import FieldCipher
from services.members.models import PhoneChange


def take_former_phone(
    session: Session, cipher: FieldCipher, account_id: UUID, application_id: UUID
) -> str | None:
    """The number before a change, once: from then on it is kept nowhere. None when it was taken already."""
    change = session.get(
        PhoneChange, (account_id, application_id), with_for_update=True, populate_existing=True
    )
    if change is None or change.former_sealed is None:
        return None
    phone = cipher.open(change.former_sealed, "phone_change.former")
    change.former_sealed = None
    return phone
