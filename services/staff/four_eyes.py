"""Four eyes 双人复核: two people, not two logins."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from services.staff.models import Staff


def is_own(staff: Staff, id_no_mac: bytes) -> bool:
    """Whether an account of this ID number (its look-up value) is the person's own."""
    return staff.id_no_mac is not None and staff.id_no_mac == id_no_mac


def is_same_person(session: Session, proposer_id: UUID, staff: Staff) -> bool:
    """Whether who proposed is who now decides, also under another login: who came back has an old one and a new one."""
    if proposer_id == staff.staff_id:
        return True
    if staff.id_no_mac is None:
        return False
    proposer = session.get(Staff, proposer_id)
    return proposer is not None and proposer.id_no_mac == staff.id_no_mac
