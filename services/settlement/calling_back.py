"""Calling a payment back 撤回付款: only one of which the bank certainly never had a byte.

Whoever sends and whoever calls back hold the account's lock and then the instruction's row: the first one wins.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.accounts.controls import controls_of
from services.core.states import IllegalTransition
from services.settlement.models import PaymentInstruction
from services.settlement.states import INSTRUCTION_STATES


def never_left(instruction: PaymentInstruction) -> bool:
    """Whether it waits to be sent, and every attempt so far ended before a byte of it was written.

    What the bank has refused for its date, or could not read, has been on the line: a copy of it may still come there.
    """
    return instruction.state == "ready" and instruction.attempts == instruction.unwritten


def may_call_back(session: Session, account_id: UUID, application_id: UUID) -> bool:
    """Whether the payment of a case can still be called back. The account is locked."""
    return never_left(_of(session, account_id, application_id))


def call_back(session: Session, account_id: UUID, application_id: UUID, at: datetime) -> None:
    """Cancel an instruction that never left; raises IllegalTransition when it may have. The account is locked."""
    instruction = _of(session, account_id, application_id)
    if not never_left(instruction):
        raise IllegalTransition
    instruction.state = INSTRUCTION_STATES.target(instruction.state, "cancel")
    instruction.updated_at = at


def locked_since(session: Session, instruction: PaymentInstruction, at: datetime) -> bool:
    """Whether the member's lock was closed since the payment was ordered."""
    locked_at = controls_of(session, instruction.account_id, at).locked_at
    return locked_at is not None and locked_at >= instruction.created_at


def _of(session: Session, account_id: UUID, application_id: UUID) -> PaymentInstruction:
    statement = select(PaymentInstruction).where(
        PaymentInstruction.account_id == account_id, PaymentInstruction.application_id == application_id
    )
    return session.scalars(statement.with_for_update().execution_options(populate_existing=True)).one()
