"""Finding and reading members 职工查找 through sealed fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from uuid import UUID

from sqlalchemy import LargeBinary, Uuid, column, select, table
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from services.core.crypto import FieldCipher
from services.core.identity import name_key
from services.core.ids import new_id
from services.core.sql import Statement
from services.members.models import Member

_RECORD = Statement(
    "SELECT m.account_id, coalesce(m.name_mac, decode('00', 'hex')) AS name_mac,"
    " coalesce(m.phone_mac, decode('00', 'hex')) AS phone_mac"
    " FROM (SELECT 1) AS one LEFT JOIN member m ON m.id_no_mac = :id_no_mac"
)
_PHONE = Statement("SELECT phone_sealed FROM member WHERE account_id = :account_id")


@dataclass(frozen=True, slots=True)
class Person:
    """A member's own particulars, opened. Never logged, never put into a job or an event."""

    account_id: UUID
    name: str
    id_no: str
    phone: str


def enrol(session: Session, cipher: FieldCipher, *, name: str, id_no: str, phone: str, at: datetime) -> UUID:
    """Write a new member with sealed particulars; returns the account id. The ID number must be new."""
    account_id = new_id()
    session.add(
        Member(
            account_id=account_id,
            name_sealed=cipher.seal(name, "member.name"),
            name_mac=cipher.look_up(name_key(name), "member.name"),
            id_no_sealed=cipher.seal(id_no, "member.id_no"),
            id_no_mac=cipher.look_up(id_no, "member.id_no"),
            phone_sealed=cipher.seal(phone, "member.phone"),
            phone_mac=cipher.look_up(phone, "member.phone"),
            created_at=at,
        )
    )
    session.flush()  # other rows of this account refer to it in the same transaction
    return account_id


def find_by_id_no(session: Session, cipher: FieldCipher, id_no: str) -> Member | None:
    """The member with this ID number."""
    return session.scalar(select(Member).where(Member.id_no_mac == cipher.look_up(id_no, "member.id_no")))


def id_no_mac(cipher: FieldCipher, id_no: str) -> bytes:
    """The look-up value of an ID number."""
    return cipher.look_up(id_no, "member.id_no")


_BY_NUMBER = table("member_by_id_no", column("id_no_mac", LargeBinary), column("account_id", Uuid))
"""A view of the owner's: the member zone's role does not see another's row (docs/adr/0028)."""


def account_of_mac(session: Session, mac: bytes | None) -> UUID | None:
    """The account of whoever has this ID number, by its look-up value; None for somebody without one."""
    if mac is None:
        return None
    return session.scalar(select(_BY_NUMBER.c.account_id).where(_BY_NUMBER.c.id_no_mac == mac))


def matching_account(session: Session, cipher: FieldCipher, name: str, id_no: str, phone: str) -> UUID | None:
    """The account whose record says exactly this. One row comes back, and all is compared, whoever is asked for."""
    found = _RECORD.first(session, {"id_no_mac": id_no_mac(cipher, id_no)})
    same = compare_digest(found.name_mac, cipher.look_up(name_key(name), "member.name"))
    same &= compare_digest(found.phone_mac, cipher.look_up(phone, "member.phone"))
    return found.account_id if same else None


def phone_of(session: Session, cipher: FieldCipher, account_id: UUID) -> str:
    """The number on the record, as written; nothing else is opened for it."""
    row = _PHONE.first(session, {"account_id": account_id})
    if row is None:
        raise NoResultFound
    return cipher.open(row.phone_sealed, "member.phone")


def person_of(session: Session, cipher: FieldCipher, account_id: UUID) -> Person:
    """The member's opened particulars."""
    member = session.get_one(Member, account_id)
    return Person(
        account_id,
        cipher.open(member.name_sealed, "member.name"),
        cipher.open(member.id_no_sealed, "member.id_no"),
        cipher.open(member.phone_sealed, "member.phone"),
    )
