"""Accounts and payee cards 个人账户与收款卡: opening, adding, choosing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.accounts.models import PayeeCard, ProvidentFundAccount
from services.accounts.rules import CLOSED_BY_WITHDRAWAL, PAYING_STATES
from services.audit.service import record
from services.core.clock import shanghai_day
from services.core.crypto import FieldCipher
from services.core.errors import Conflict, Forbidden, Invalid
from services.core.ids import new_id
from services.core.sql import Statement
from services.ledger.service import open_balance

_STATE = Statement("SELECT state FROM provident_fund_account WHERE account_id = :account_id")

class AccountNotUsable(Conflict):
    """The account is closed or frozen."""

    code = "account.not_usable"
    detail = "您的账户现在的状态不能提取，请拨打 12329 或到网点了解。"


class AccountClosed(Conflict):
    """The account is closed; nothing can be paid in any more."""

    code = "account.closed"
    detail = "这个账户已经注销，不能再存钱进来。"


class CardCooling(Forbidden):
    """A card added lately cannot receive money yet."""

    code, title = "card.cooling", "新卡还在等待期"


@dataclass(frozen=True, slots=True)
class NewAccount:
    """Particulars of an account to open."""

    account_no: str
    employer: str
    opened_on: date
    contribution_base_fen: int
    contribution_rate_percent: int
    state: str = "01"
    sealed_on: date | None = None

    @property
    def monthly_contribution_fen(self) -> int:
        """Unit's and person's part together, each side rounded down to the fen."""
        return 2 * (self.contribution_base_fen * self.contribution_rate_percent // 100)


@dataclass(frozen=True, slots=True)
class NewCard:
    """A card to add; `checked_at` is when the bank confirmed holder and kind."""

    bank_code: str
    bank_name: str
    card_no: str
    source: str
    usable_from: datetime
    checked_at: datetime | None


def open_account(session: Session, account_id: UUID, new: NewAccount) -> ProvidentFundAccount:
    """Open a personal account with a zero balance."""
    account = ProvidentFundAccount(
        account_id=account_id,
        account_no=new.account_no,
        state=new.state,
        employer=new.employer,
        opened_on=new.opened_on,
        contribution_base_fen=new.contribution_base_fen,
        contribution_rate_percent=new.contribution_rate_percent,
        monthly_contribution_fen=new.monthly_contribution_fen,
        sealed_on=new.sealed_on,
    )
    session.add(account)
    open_balance(session, account_id)
    return account


def add_card(
    session: Session, cipher: FieldCipher, account_id: UUID, new: NewCard, at: datetime
) -> PayeeCard:
    """Add a payee card; raises Conflict `card.exists` when it is there already."""
    mac = cipher.look_up(new.card_no, "payee_card.card_no")
    if _active_by_mac(session, account_id, mac) is not None:
        raise Conflict("这张卡已经是您的收款卡了。", code="card.exists", field="card_no")
    card = PayeeCard(
        account_id=account_id,
        card_id=new_id(),
        bank_code=new.bank_code,
        bank_name=new.bank_name,
        card_no_sealed=cipher.seal(new.card_no, "payee_card.card_no"),
        card_no_mac=mac,
        tail4=new.card_no[-4:],
        source=new.source,
        checked_at=new.checked_at,
        usable_from=new.usable_from,
        created_at=at,
        ended_at=None,
    )
    session.add(card)
    record(
        session,
        account_id,
        "card.added",
        actor="member" if new.source == "member" else "centre",
        subject=str(card.card_id),
        at=at,
        detail={"bank_code": new.bank_code, "tail4": card.tail4},
    )
    return card


def _active_by_mac(session: Session, account_id: UUID, mac: bytes) -> PayeeCard | None:
    return session.scalar(
        select(PayeeCard).where(
            PayeeCard.account_id == account_id, PayeeCard.card_no_mac == mac, PayeeCard.ended_at.is_(None)
        )
    )


def cards_of(session: Session, account_id: UUID) -> list[PayeeCard]:
    """The member's payee cards, oldest first."""
    statement = select(PayeeCard).where(PayeeCard.account_id == account_id, PayeeCard.ended_at.is_(None))
    return list(session.scalars(statement.order_by(PayeeCard.created_at, PayeeCard.card_id)))


def usable_card(session: Session, account_id: UUID, card_id: UUID, at: datetime) -> PayeeCard:
    """The card, if it may receive money now; raises Invalid `card.unknown` or CardCooling with the time left."""
    card = session.get(PayeeCard, (account_id, card_id))
    if card is None or card.ended_at is not None:
        raise Invalid("请选一张您的收款卡。", code="card.unknown", field="card_id")
    if at < card.usable_from:
        hours = -(-int((card.usable_from - at).total_seconds()) // 3600)
        raise CardCooling(f"这张卡刚添加，为了您的资金安全，还要等约 {hours} 小时才能收款。", field="card_id")
    return card


def account_of(session: Session, account_id: UUID) -> ProvidentFundAccount:
    """The member's account."""
    return session.get_one(ProvidentFundAccount, account_id)


def require_paying(session: Session, account_id: UUID) -> None:
    """Raises AccountNotUsable when the account was closed or frozen in the meantime."""
    account = _STATE.first(session, {"account_id": account_id})
    if account is None or account.state not in PAYING_STATES:
        raise AccountNotUsable


def require_open(session: Session, account_id: UUID) -> None:
    """Raises AccountClosed once the account was closed by a withdrawal."""
    if is_closed(session, account_id):
        raise AccountClosed


def is_closed(session: Session, account_id: UUID) -> bool:
    """Whether a withdrawal has closed the account."""
    return account_of(session, account_id).state == CLOSED_BY_WITHDRAWAL


def close_account(session: Session, account_id: UUID, reason: str, at: datetime) -> str:
    """Close the account 销户 (A.6 05) for a reason of A.7; returns the state it had. The caller holds its lock."""
    account = account_of(session, account_id)
    before, account.state = account.state, CLOSED_BY_WITHDRAWAL
    account.closed_on, account.close_reason = shanghai_day(at), reason
    _record_state(session, account, "account.closed", at, reason)
    return before


def reopen_account(session: Session, account_id: UUID, state: str, at: datetime) -> None:
    """Give the account back the state it had, when the money of its closing came back."""
    account = account_of(session, account_id)
    account.state, account.closed_on, account.close_reason = state, None, None
    _record_state(session, account, "account.reopened", at, None)


def _record_state(
    session: Session, account: ProvidentFundAccount, action: str, at: datetime, reason: str | None
) -> None:
    session.flush()
    detail = {"state": account.state, "reason": reason}
    record(
        session,
        account.account_id,
        action,
        actor="system",
        subject=account.account_no,
        at=at,
        detail=detail,
    )
