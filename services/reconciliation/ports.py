"""Ports of reconciliation: the bank's word on a whole day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from services.settlement.ports import AccountChange


class LiveBalance(Protocol):
    """Answer to BDC123."""

    @property
    def balance_fen(self) -> int:
        """What is on the account now."""
        ...


class StatementNode(Protocol):
    """The node as the day's end sees it; everything raises NodeUnavailable."""

    def statement(self, day: date) -> list[AccountChange]:
        """BDC113, whole or not at all."""
        ...

    def business_day(self) -> date:
        """The node's own day; the statement of an earlier one is final."""
        ...

    def balance(self) -> LiveBalance:
        """BDC123."""
        ...


class Claims(Protocol):
    """Orders that money without their number may belong to, when two people say so."""

    def may_claim(self, session: Session, number: str, amount_fen: int) -> UUID | None:
        """The account of the order of a number, if such money may be its."""
        ...

    def claim(self, session: Session, notice_key: bytes, number: str) -> None:
        """Give the movement to the order, and book it. Raises Conflict."""
        ...


class GivesUp(Protocol):
    """Orders that two people may say were not carried out 确认未付."""

    def give_up(self, session: Session, number: str, actor: str) -> bool:
        """End the order of a number as not carried out; False when it is none of these. Raises IllegalTransition."""
        ...


TakeChanges = Callable[[Sequence[AccountChange]], None]
"""Stores and applies movements, each once."""
OnClosed = Callable[[Session, datetime], None]
"""What follows when a break was closed: the day is looked at again."""
