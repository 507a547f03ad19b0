"""Money under a letter 转入款: implements settlement's OtherOrders; a movement is stored once and decides once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.core.clock import Clock
from services.core.errors import Conflict
from services.ledger.service import proven_by
from services.settlement.models import BankNotice
from services.settlement.movements import CLAIMABLE, change_key, direction_of
from services.settlement.ports import AccountChange
from services.transfers.booking import compare, credit_direct, give_back, money_of, suspend, waiting_fen
from services.transfers.early import early_return, may_take
from services.transfers.models import TransferIn, TransferMoney
from services.transfers.moving import advance, locked
from services.transfers.repeating import told_before
from services.transfers.states import TRANSFER_STATES


@dataclass(frozen=True, slots=True)
class Told:
    """A movement of the bank's, by what decides here."""

    key: bytes
    direction: str
    amount_fen: int
    day: date


class TransferReceipts:
    """What a movement that bears a letter's number does to its transfer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def owner(self, session: Session, instruction_no: str | None) -> TransferIn | None:
        """The transfer of a number."""
        if instruction_no is None:
            return None
        return session.scalar(select(TransferIn).where(TransferIn.money_no == instruction_no))

    def apply(self, session: Session, change: AccountChange, owner: TransferIn) -> str:
        """Credit the member, keep it until the letter is there, or leave it to a person, as what is told of again."""
        now = self._clock.now()
        row = locked(session, owner.account_id, owner.application_id)
        if told_before(session, row, change):
            return "break"
        told = Told(change_key(change), direction_of(change), change.amount_fen, change.day)
        return self._apply(session, row, told, now)

    def may_claim(self, session: Session, number: str, amount_fen: int) -> UUID | None:
        """The account whose transfer money without a number may be: promised, all or a part, or gone back already."""
        owner = self._claimed(session, number)
        return owner.account_id if owner is not None and may_take(session, owner, amount_fen) else None

    def claim(self, session: Session, notice_key: bytes, number: str) -> None:
        """Two people say that a credit which nobody owns is a letter's money: it goes the way of money that says so."""
        owner = self._claimed(session, number)
        assert owner is not None
        row = locked(session, owner.account_id, owner.application_id)
        notice = session.get_one(BankNotice, notice_key, with_for_update=True, populate_existing=True)
        if notice.outcome not in CLAIMABLE or notice.direction != "credit":
            raise Conflict
        if not may_take(session, row, notice.amount_fen):
            raise Conflict
        if session.get(TransferMoney, (row.account_id, notice_key)) is not None:
            raise Conflict  # a reversal of this very letter's money, whatever its sign
        told = Told(notice_key, notice.direction, notice.amount_fen, notice.day)
        notice.instruction_no = row.money_no
        with proven_by(session, notice_key):
            notice.outcome = self._apply(session, row, told, self._clock.now())

    @staticmethod
    def _claimed(session: Session, number: str) -> TransferIn | None:
        """The transfer of a letter's digits or of a case number."""
        known = or_(TransferIn.money_no == number, TransferIn.case_no == number)
        return session.scalar(select(TransferIn).where(known))

    def _apply(self, session: Session, row: TransferIn, told: Told, now: datetime) -> str:
        money = self._noted(session, row, told, now)
        if money.direction == "debit":
            return self._taken_back(session, row, money, now)
        early = early_return(session, row, told.amount_fen)
        if early is not None:
            suspend(session, row, money, now)
            give_back(session, row, money, early, now)
            return "transfer_taken_back"
        if row.state in TRANSFER_STATES.terminal:
            money.state = "open"
            suspend(session, row, money, now)
            return "break"
        first = not money_of(session, row, "waiting")[1:]
        if row.state == "promised" and first and told.amount_fen == row.amount_fen:
            credit_direct(session, row, money, now)
            return "transfer_credited"
        suspend(session, row, money, now)
        if row.amount_fen is not None:
            return compare(session, row, now, actor="银行")
        if row.state != "early":
            advance(session, row, "money", now, actor="银行")
        return "transfer_waits"

    @staticmethod
    def _noted(session: Session, row: TransferIn, told: Told, now: datetime) -> TransferMoney:
        """The movement as it came."""
        money = TransferMoney(
            account_id=row.account_id,
            notice_key=told.key,
            application_id=row.application_id,
            direction=told.direction,
            amount_fen=told.amount_fen,
            on=told.day,
            state="waiting",
            at=now,
        )
        session.add(money)
        session.flush()
        return money

    @staticmethod
    def _taken_back(session: Session, row: TransferIn, by: TransferMoney, now: datetime) -> str:
        """The sender's money goes back: undone where it was not the member's yet, else a person has to look."""
        found = next(
            (one for one in money_of(session, row, "open", "waiting") if one.amount_fen == by.amount_fen),
            None,
        )
        if found is None:
            by.state = "open"
            return "break"
        give_back(session, row, found, by, now)
        session.flush()
        if row.state == "early" and not waiting_fen(session, row):
            advance(session, row, "take_back", now, actor="银行")
        return "transfer_taken_back"
