"""Employers 缴存单位: registering them, and finding them by number or by the account they pay from."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.crypto import FieldCipher
from services.core.errors import Conflict, Invalid
from services.core.ids import new_id
from services.ledger.service import open_balance
from services.remittances.faults import EmployerUnknown
from services.remittances.models import Employer

NORMAL = "01"
_PAYER = "employer.payer"
_NUMBER, _BANK_ACCOUNT = re.compile(r"[0-9]{6,20}"), re.compile(r"[0-9]{6,32}")


class EmployerTaken(Conflict):
    """Number, name or payer's account is another employer's."""

    code, detail = "remittance.employer_taken", "这个单位账号、名称或付款账号已经登记过了。"


def register_employer(
    session: Session,
    cipher: FieldCipher,
    employer_no: str,
    name: str,
    at: datetime,
    *,
    payer_account_no: str | None = None,
) -> Employer:
    """A new employer with books of its own; raises Invalid, EmployerTaken."""
    name = name.strip()
    if _NUMBER.fullmatch(employer_no) is None or not 1 <= len(name) <= 120:
        raise Invalid("单位账号是 6 到 20 位数字，名称 1 到 120 个字。", code="remittance.employer")
    payer_mac = _payer_mac(cipher, payer_account_no)
    taken = (Employer.employer_no == employer_no) | (Employer.name == name)
    if payer_mac is not None:
        taken |= Employer.payer_mac == payer_mac
    if session.scalar(select(Employer).where(taken).limit(1)) is not None:
        raise EmployerTaken
    row = Employer(
        employer_id=new_id(),
        employer_no=employer_no,
        name=name,
        state=NORMAL,
        payer_mac=payer_mac,
        paid_through=None,
        created_at=at,
    )
    session.add(row)
    session.flush()
    open_balance(session, row.employer_id)
    record(session, row.employer_id, "employer.added", actor="centre", subject=employer_no, at=at)
    return row


def _payer_mac(cipher: FieldCipher, account_no: str | None) -> bytes | None:
    if account_no is None:
        return None
    if _BANK_ACCOUNT.fullmatch(account_no) is None:
        raise Invalid("付款账号是 6 到 32 位数字。", code="remittance.employer")
    return cipher.look_up(account_no, _PAYER)


def employer_of(session: Session, employer_no: str, *, lock: bool = False) -> Employer:
    """The employer of a number; raises EmployerUnknown."""
    statement = select(Employer).where(Employer.employer_no == employer_no)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(statement)
    if found is None:
        raise EmployerUnknown
    return found


def payer(session: Session, cipher: FieldCipher, account_no: str) -> Employer | None:
    """The employer that pays from a bank account."""
    if not account_no:
        return None
    return session.scalar(select(Employer).where(Employer.payer_mac == cipher.look_up(account_no, _PAYER)))
