"""Money of employers 单位来款: implements settlement's OtherOrders and KnownPayers; a movement is booked once.

Money comes with the batch's number in its summary, or from an account that an employer pays from. It lies on
汇缴暂收 21902 under the employer until its batch is posted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from services.core.clock import Clock
from services.core.crypto import FieldCipher
from services.ledger.chart import BANK_DEPOSIT, EMPLOYER_RECEIPT
from services.ledger.service import Entry, Line, post
from services.remittances.employers import payer
from services.remittances.missing import short_batch
from services.remittances.models import Employer, RemittanceBatch, RemittanceReceipt, RemittanceSurplus
from services.remittances.repeating import told_before
from services.remittances.returning import told_of_return
from services.remittances.service import allot, move, take_waiting_money
from services.settlement.models import BankNotice
from services.settlement.movements import change_key, direction_of
from services.settlement.ports import AccountChange

_SET_FREE = ("cancelled", "reversed")
"""What paid for such a batch may wait, or pay for another one by now."""


@dataclass(frozen=True, slots=True)
class Owed:
    """Whose money it is, and for which batch or return, if it says so."""

    account_id: UUID
    batch_id: UUID | None
    surplus_no: str | None = None


class RemittanceReceipts:
    """What a movement of an employer's money does."""

    def __init__(self, cipher: FieldCipher, clock: Clock) -> None:
        self._cipher = cipher
        self._clock = clock

    def owner(self, session: Session, instruction_no: str | None) -> Owed | None:
        """The batch of a number, or the return of an employer's surplus."""
        if instruction_no is None:
            return None
        found = session.scalar(select(RemittanceBatch).where(RemittanceBatch.batch_no == instruction_no))
        if found is not None:
            return Owed(found.employer_id, found.batch_id)
        surplus = session.get(RemittanceSurplus, instruction_no)
        return Owed(surplus.employer_id, None, surplus.number) if surplus is not None else None

    def payer(self, session: Session, change: AccountChange) -> Owed | None:
        """The employer that pays from the account on the other side; only money that comes in."""
        if change.direction != "credit" and not change.reversal:
            return None
        found = payer(session, self._cipher, change.counter_account_no)
        return Owed(found.employer_id, None) if found is not None else None

    def apply(self, session: Session, change: AccountChange, owner: Owed) -> str:
        """Book it, and pay the batch with it.

        What takes money back that is posted already, or tells of money a second time, is for a person.
        """
        now = self._clock.now()
        session.get_one(Employer, owner.account_id, with_for_update=True, populate_existing=True)
        if owner.surplus_no is not None:
            return told_of_return(session, owner.surplus_no, change, now)
        if told_before(session, owner.account_id, change):
            return "break"
        money = RemittanceReceipt(
            employer_id=owner.account_id,
            notice_key=change_key(change),
            batch_id=None,
            direction=direction_of(change),
            amount_fen=change.amount_fen,
            on=change.day,
            state="open",
            at=now,
        )
        session.add(money)
        session.flush()
        if money.direction == "debit":
            return _taken_back(session, owner, money, now)
        return take_in(session, owner, money, now)


def take_in(session: Session, owner: Owed, money: RemittanceReceipt, at: datetime) -> str:
    """Dr 101, Cr 21902, and its batch is paid with it where there is one; says how it was classified."""
    _post(session, money, "receipt", "汇缴款到账", BANK_DEPOSIT, EMPLOYER_RECEIPT, at)
    batch, named = _batch_for(session, owner, money)
    if named and batch is not None:
        allot(session, batch, money, at)
    if batch is not None and batch.state == "waiting":
        take_waiting_money(session, batch, at)
    if batch is None or money.batch_id is None:
        return "remittance_open"
    if batch.received_fen > batch.total_fen:
        return "remittance_over"
    return "remittance_paid" if batch.state == "funded" else "remittance_part"


def _batch_for(
    session: Session, owner: Owed, money: RemittanceReceipt
) -> tuple[RemittanceBatch | None, bool]:
    """The batch it names, while that waits for money; else the one that lacks exactly this much, or the only one."""
    statement = select(RemittanceBatch).where(
        RemittanceBatch.employer_id == owner.account_id, RemittanceBatch.state == "waiting"
    )
    waiting = session.scalars(statement.with_for_update().execution_options(populate_existing=True)).all()
    if owner.batch_id is not None:
        return next((one for one in waiting if one.batch_id == owner.batch_id), None), True
    fitting = [one for one in waiting if one.total_fen - one.received_fen == money.amount_fen]
    if len(fitting) == 1:
        return fitting[0], True
    return (waiting[0] if len(waiting) == 1 else None), False


def _taken_back(session: Session, owner: Owed, by: RemittanceReceipt, at: datetime) -> str:
    """The bank puts a receipt back: undone unless its batch is posted."""
    statement = select(RemittanceReceipt).where(
        RemittanceReceipt.employer_id == owner.account_id,
        RemittanceReceipt.direction == "credit",
        RemittanceReceipt.state.in_(("open", "allotted")),
        RemittanceReceipt.amount_fen == by.amount_fen,
    )
    named = session.get_one(RemittanceBatch, owner.batch_id) if owner.batch_id is not None else None
    if named is not None and named.state not in _SET_FREE:
        statement = statement.where(_came_for(named))
    order = (
        RemittanceReceipt.state.desc(),
        RemittanceReceipt.at.desc(),
    )  # open before allotted, the last first
    posted = []
    for money in session.scalars(statement.order_by(*order).with_for_update()):
        if _release(session, money, at):
            money.state = by.state = "taken_back"
            _post(session, by, "back", "汇缴款被银行冲回", EMPLOYER_RECEIPT, BANK_DEPOSIT, at)
            return "remittance_back"
        posted.append(money)
    by.state, by.batch_id = "break", short_batch(session, named, posted)
    return "break"


def _came_for(batch: RemittanceBatch) -> ColumnElement[bool]:
    """What pays for the batch, and what named it when it was not waiting, wherever that is now."""
    named_it = exists().where(
        BankNotice.notice_key == RemittanceReceipt.notice_key, BankNotice.instruction_no == batch.batch_no
    )
    return or_(RemittanceReceipt.batch_id == batch.batch_id, named_it)


def _release(session: Session, money: RemittanceReceipt, at: datetime) -> bool:
    """Whether nobody was credited with this money yet; its batch waits again."""
    if money.batch_id is None:
        return True
    batch = session.get_one(RemittanceBatch, money.batch_id, with_for_update=True, populate_existing=True)
    if batch.state not in ("waiting", "funded", "held"):
        return False
    batch.received_fen -= money.amount_fen
    if batch.state != "waiting" and batch.received_fen < batch.total_fen:
        move(batch, "take_back", at)
    money.batch_id = None
    return True


def _post(
    session: Session, money: RemittanceReceipt, step: str, summary: str, debit: str, credit: str, at: datetime
) -> None:
    reference = f"remittance:{step}:{money.notice_key.hex()[:24]}"
    lines = (Line(debit, money.amount_fen), Line(credit, -money.amount_fen))
    post(session, money.employer_id, Entry(reference, f"remittance_{step}", summary, lines), at)
