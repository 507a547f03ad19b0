"""Ports of deductions: the node that takes from cards, and who must know when a deduction moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from services.settlement.deductions.models import Deduction
from services.settlement.ports import PayReply, QueryReply


@dataclass(frozen=True, slots=True)
class DeductionOrder:
    """What BDC105 贷款扣款 needs; the parts make the sum."""

    instruction_no: str
    sent_on: date
    settle_type: str
    amount_fen: int
    principal_fen: int
    interest_fen: int
    penalty_fen: int
    payer_account_no: str
    payer_name: str
    payer_bank_name: str
    same_bank: bool
    interbank_no: str
    loan_no: str
    summary: str


class DeductionNode(Protocol):
    """The node as deductions see it; one order at a time. A batch (BDC104) would be a second method here."""

    def deduct(self, order: DeductionOrder) -> PayReply:
        """Send one BDC105."""
        ...

    def query(self, instruction_no: str, sent_on: date) -> QueryReply:
        """Ask BDC110 for the fate of an instruction."""
        ...

    def business_day(self) -> date:
        """The node's own business date. Raises NodeUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Moved:
    """A deduction that moved, when, and what the bank said (code or host number, no personal data)."""

    row: Deduction
    at: datetime
    note: str | None

    @property
    def account_id(self) -> UUID:
        """Whose card it is."""
        return self.row.account_id


class DeductionListener(Protocol):
    """What must change in the same transaction when a deduction comes to its end; implemented above."""

    def collected(self, session: Session, moved: Moved) -> None:
        """The money is on the centre's account: book it. Raises DomainError when the books do not allow it."""
        ...

    def rejected(self, session: Session, moved: Moved) -> None:
        """The card gave nothing and never will under this number: what was held goes back."""
        ...

    def unpaid(self, session: Session, moved: Moved, actor: str) -> None:
        """Two people say that the card has not paid and will not; as `rejected`. `actor` confirmed it."""
        ...

    def taken_back(self, session: Session, moved: Moved) -> None:
        """The bank put a booked sum back on the card: the member owes it again."""
        ...
