"""Movements told of again 重复告知: notice and statement may spell a name, or date a movement, in two ways."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from services.settlement.models import BankNotice
from services.settlement.movements import case_number_in
from services.settlement.ports import AccountChange

_NEAR = timedelta(days=3)
"""The bank numbers each day anew: further apart, the same number is another movement."""


def told_before(session: Session, change: AccountChange, taken_in: Select[bytes]) -> bool:
    """Whether one of the notices of `taken_in` tells of the same sum under the same bank number.

    `taken_in` are the keys of what came, or went back, for the same owner, who is locked. By the sum as the bank told
    it, since a part of what came may be set apart. Two payments of one sum under one number on days so near are
    possible, but a person books the second sooner than undoes a false one.
    """
    if not change.host_seq_no:
        return False
    statement = select(BankNotice.notice_key).where(
        BankNotice.notice_key.in_(taken_in),
        BankNotice.day.between(change.day - _NEAR, change.day + _NEAR),
        BankNotice.host_seq_no == change.host_seq_no,
        BankNotice.amount_fen == change.amount_fen,
    )
    number = case_number_in(change)
    if number is not None:
        named = BankNotice.instruction_no
        statement = statement.where(or_(named.is_(None), named == number))
    return session.scalar(statement.limit(1)) is not None
