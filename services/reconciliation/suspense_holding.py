"""What moving a correction on touches 挂账转出涉及的账户和差错: how it is said, and held for one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from services.core.errors import Invalid, NotFound
from services.ledger.service import lock_balance
from services.reconciliation.breaks import refuse_own
from services.reconciliation.models import BankBreak
from services.reconciliation.ports import Claims
from services.reconciliation.states import WAYS
from services.staff.models import Staff


@dataclass(frozen=True, slots=True)
class Way:
    """How a correction is to be moved on: to the order of a number, or against another break's."""

    way: str
    belongs_to: str | None = None
    other_break_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """Locked rows; `claims` is who may own the money, if anybody does."""

    row: BankBreak
    other: BankBreak | None
    claims: Claims | None


def way_of(way: str, number: str, other: str) -> Way:
    """What a form says. Raises Invalid."""
    if way not in WAYS:
        raise Invalid("请选择转到哪里。", code="suspense.way", field="way")
    if way == "belongs":
        return Way(way, belongs_to=number.strip().removeprefix("C"))
    try:
        return Way(way, other_break_id=UUID(other))
    except ValueError:
        raise Invalid("请选择和哪一笔对冲。", code="suspense.other", field="other") from None


def hold(session: Session, staff: Staff, break_id: UUID, way: Way, known: Sequence[Claims]) -> Held:
    """Accounts first, then the breaks, each in one order. Raises NotFound, and OwnMoney for an account of their own."""
    wanted = sorted({break_id, way.other_break_id or break_id})
    there = (session.get(BankBreak, key) for key in wanted)
    found = {row.break_id: row for row in there if row is not None}
    if len(found) < len(wanted):
        raise NotFound("没有这笔挂账。")
    accounts = {row.member_account_id for row in found.values() if row.member_account_id is not None}
    claims, owner = _claimed(session, found[break_id], way.belongs_to, known)
    if owner is not None:
        accounts.add(owner)
    for account_id in sorted(accounts):
        refuse_own(session, staff, account_id)
        lock_balance(session, account_id)
    for key in wanted:
        session.get_one(BankBreak, key, with_for_update=True, populate_existing=True)
    return Held(found[break_id], found[way.other_break_id] if way.other_break_id else None, claims)


def _claimed(
    session: Session, row: BankBreak, number: str | None, known: Sequence[Claims]
) -> tuple[Claims, UUID] | tuple[None, None]:
    """Who may own it; nobody any more, perhaps, when it is sent back."""
    for claims in known if number is not None else ():
        owner = claims.may_claim(session, number or "", row.bank_fen)
        if owner is not None:
            return claims, owner
    return None, None
