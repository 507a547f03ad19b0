"""Port to the bank settlement node 住房公积金银行结算数据应用系统."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from threading import Event
from typing import Any, Literal, Protocol
from uuid import UUID

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class PaymentRef:
    """Which payment moved, when, and what the bank said (code and host number, no personal data)."""

    account_id: UUID
    application_id: UUID
    instruction_id: UUID
    amount_fen: int
    at: datetime
    note: str | None


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """What BDC101 单笔付款 needs. `instruction_no` (15 digits) is the case number and is never regenerated."""

    instruction_no: str
    sent_on: date
    settle_type: str
    bus_type: str
    amount_fen: int
    capital_fen: int
    interest_fen: int
    payee_account_no: str
    payee_name: str
    payee_bank_code: str
    payee_bank_name: str
    same_bank: bool
    interbank_no: str
    summary: str


@dataclass(frozen=True, slots=True)
class PayReply:
    """`accepted` is not yet paid; `not_sent` is certain; everything unclear is `unknown`.

    `written`: whether any byte of the order may have been on the line.
    """

    outcome: Literal["accepted", "rejected", "unknown", "not_sent"]
    code: str
    message: str
    host_seq_no: str | None
    written: bool = True


@dataclass(frozen=True, slots=True)
class QueryReply:
    """Answer of BDC110 交易结果查询; `no_record` is not final before the node's cut-off."""

    outcome: Literal["success", "failed", "pending", "no_record", "unknown"]
    host_seq_no: str | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class AccountChange:
    """One movement on the centre's bank account, from SBDC100 账户变动通知 or BDC113 账户交易明细."""

    account_no: str
    host_seq_no: str
    tx_code: str
    counter_account_no: str
    counter_name: str
    amount_fen: int
    direction: Literal["debit", "credit"]
    day: date
    time: str
    balance_fen: int
    summary: str
    remark: str
    reversal: bool
    pen_no: str
    raw: str


class NodeUnavailable(Exception):
    """The node gave no usable answer to a question; nothing may be concluded from it."""


class SettlementNode(Protocol):
    """The node as the product sees it."""

    def pay(self, order: PaymentOrder) -> PayReply:
        """Send one BDC101."""
        ...

    def query(self, instruction_no: str, sent_on: date) -> QueryReply:
        """Ask BDC110 for the fate of an instruction."""
        ...

    def statement(self, day: date) -> list[AccountChange]:
        """Fetch the day's account movements by BDC113; raises NodeUnavailable unless all of them came."""
        ...

    def business_day(self) -> date:
        """The node's own business date; once past a day, that day's statement is final. Raises NodeUnavailable."""
        ...

    def sending_day(self) -> date:
        """The business date for what goes out now; it may have ended seconds ago. Raises NodeUnavailable."""
        ...


class OtherOrder(Protocol):
    """An order to the bank that is no payment, such as a deduction; it bears a number of ours."""

    account_id: UUID


class OtherOrders(Protocol):
    """Orders of another kind: whose number it is, and what a movement on the centre's account proves of it."""

    def owner(self, session: Session, instruction_no: str | None) -> Any:
        """The order of a number, if it is of this kind."""
        ...

    def apply(self, session: Session, change: AccountChange, owner: Any) -> str:
        """Settle what the movement proves, under the account's lock; returns how it was classified."""
        ...


class KnownPayer(Protocol):
    """Orders whose money may come without our number, from an account that is known."""

    def payer(self, session: Session, change: AccountChange) -> Any:
        """Whose money a movement without an owner is."""
        ...

    def apply(self, session: Session, change: AccountChange, owner: Any) -> str:
        """Settle what the movement proves, under the account's lock; returns how it was classified."""
        ...


class NoticeStream(Protocol):
    """The held connection on which the node pushes SBDC100."""

    def run(self, on_changes: Callable[[Sequence[AccountChange]], None], stop: Event) -> None:
        """Deliver notices until `stop` is set; each is acknowledged only after `on_changes` returned."""
        ...


class PaymentListener(Protocol):
    """What must change in the same transaction when a payment moves; implemented above, wired at start."""

    def sending(self, session: Session, payment: PaymentRef) -> None:
        """The instruction is about to go out."""
        ...

    def accepted(self, session: Session, payment: PaymentRef) -> None:
        """The bank took it; the money is not yet there."""
        ...

    def rejected(self, session: Session, payment: PaymentRef) -> None:
        """The bank's final no, or absent after cut-off: the hold goes back."""
        ...

    def unpaid(self, session: Session, payment: PaymentRef, actor: str) -> None:
        """Two people say that the bank has not paid and will not: the hold goes back. `actor` confirmed it."""
        ...

    def unclear(self, session: Session, payment: PaymentRef) -> None:
        """No usable answer: fate unknown."""
        ...

    def paid(self, session: Session, payment: PaymentRef) -> None:
        """The account change was matched: the money left."""
        ...

    def came_back(self, session: Session, payment: PaymentRef) -> None:
        """A paid amount was returned by the receiving bank 退汇."""
        ...

    def called_back(self, session: Session, payment: PaymentRef) -> None:
        """It did not leave, and must not any more: the hold goes back."""
        ...
