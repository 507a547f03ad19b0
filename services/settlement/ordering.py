"""Ordering 下达付款: an instruction with the job that sends it, and the jobs that follow it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.core.ids import new_id
from services.core.jobs import defer
from services.core.sql import Statement

QUEUE = "settlement"
ASK = "ask:"
"""With an instruction's id the queueing lock of the question what became of it; not asked once it is paid."""
_INSERT = Statement(
    "INSERT INTO payment_instruction (account_id, instruction_id, application_id, instruction_no, state,"
    " amount_fen, capital_fen, interest_fen, settle_type, bus_type, payee_sealed, summary, due_at, attempts,"
    " created_at, updated_at)"
    " VALUES (:account_id, :instruction_id, :application_id, :instruction_no, 'ready', :amount_fen, :capital_fen,"
    " :interest_fen, :settle_type, :bus_type, :payee_sealed, :summary, :due_at, 0, :at, :at)"
)


@dataclass(frozen=True, slots=True)
class NewInstruction:
    """What an approval orders to be paid. `payee_sealed` is the card as it was when the member applied."""

    account_id: UUID
    application_id: UUID
    instruction_no: str
    amount_fen: int
    capital_fen: int
    interest_fen: int
    settle_type: str
    bus_type: str
    payee_sealed: bytes
    summary: str
    due_at: datetime | None = None


def instruct(session: Session, new: NewInstruction, at: datetime) -> UUID:
    """Write the instruction and the job that sends it, now or when it is due, in the approval's transaction."""
    instruction_id = new_id()
    fields = {name: getattr(new, name) for name in NewInstruction.__slots__}
    _INSERT.run(session, {**fields, "instruction_id": instruction_id, "at": at})
    if new.due_at is None:
        defer_dispatch(session, new.account_id, instruction_id, first=True)
    else:
        defer_until_due(session, new.account_id, instruction_id, (new.due_at - at).total_seconds())
    return instruction_id


def defer_until_due(session: Session, account_id: UUID, instruction_id: UUID, delay_s: float) -> None:
    """Ask for a waiting instruction to be sent when it is due.

    Not under the lock of `defer_dispatch`: a job that waits a day must not keep the sweep from sending sooner when
    the clock was moved.
    """
    defer(
        session,
        "settlement.dispatch",
        QUEUE,
        queueing_lock=f"due:{instruction_id}",
        delay_s=delay_s,
        account_id=account_id,
        instruction_id=instruction_id,
    )


def defer_dispatch(
    session: Session,
    account_id: UUID,
    instruction_id: UUID,
    delay_s: float | None = None,
    *,
    first: bool = False,
) -> None:
    """Ask for the instruction to be sent (now, or at a later time after a send that never left)."""
    defer(
        session,
        "settlement.dispatch",
        QUEUE,
        queueing_lock=f"pay:{instruction_id}",
        delay_s=delay_s,
        first=first,
        account_id=account_id,
        instruction_id=instruction_id,
    )


def defer_follow_up(
    session: Session, account_id: UUID, instruction_id: UUID, delay_s: float | None = None
) -> None:
    """Ask for the bank's word on an instruction whose end is open."""
    defer(
        session,
        "settlement.follow_up",
        QUEUE,
        queueing_lock=f"{ASK}{instruction_id}",
        delay_s=delay_s,
        account_id=account_id,
        instruction_id=instruction_id,
    )
