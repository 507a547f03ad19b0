"""The second person's word 复核: a form says yes or sends back, to what its page showed."""

from __future__ import annotations

from typing import Protocol, TypeVar
from uuid import UUID

from flask import g, request
from sqlalchemy.orm import Session

from app.staff_desk.seen import shown_id
from services.core.errors import Invalid
from services.staff.models import Staff

Key = TypeVar("Key", contravariant=True)


class Decides(Protocol[Key]):
    """Where two people decide."""

    def confirm(self, session: Session, staff: Staff, key: Key, seen_id: UUID | None, /) -> object:
        """As proposed in what they saw."""
        ...

    def send_back(self, session: Session, staff: Staff, key: Key, seen_id: UUID | None, note: str, /) -> object:
        """Look again."""
        ...


def decide_by_form(session: Session, where: Decides[Key], key: Key, shown: str, capability: str) -> None:
    """Carry it out; `shown` is the field with the id of what was read. Raises Invalid, and what `where` refuses."""
    outcome, seen_id = request.form.get("outcome"), shown_id(shown)
    if outcome == "confirm":
        where.confirm(session, g.staff, key, seen_id)
    elif outcome == "send_back":
        where.send_back(session, g.staff, key, seen_id, request.form.get("note", ""))
    else:
        raise Invalid("请选择确认或退回。", code=f"{capability}.outcome", field="outcome")
