"""Locked instructions 锁定的付款指令: one row held for this transaction alone, and written with each change of its state.

As `services.core.sql` has it, the hot path of payments does without the ORM's session: what is read here is an object of
the model that no session watches.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from services.core.sql import Statement, forget
from services.settlement.models import PaymentInstruction
from services.settlement.states import INSTRUCTION_STATES

_MOVING = ("state", "attempts", "unwritten", "sent_on", "host_seq_no", "reply", "updated_at")
_COLUMNS = tuple(column.name for column in PaymentInstruction.__table__.columns)
_LOCK = Statement(
    f"SELECT {', '.join(_COLUMNS)} FROM payment_instruction"  # noqa: S608
    " WHERE account_id = :account_id AND instruction_id = :instruction_id FOR UPDATE"
)
_SAVE = Statement(
    f"UPDATE payment_instruction SET {', '.join(f'{name} = :{name}' for name in _MOVING)}"  # noqa: S608
    " WHERE account_id = :account_id AND instruction_id = :instruction_id"
)


def lock_instruction(session: Session, account_id: UUID, instruction_id: UUID) -> PaymentInstruction:
    """One instruction; raises NoResultFound. The caller has locked the account. A change is nothing until `move`."""
    session.flush()
    row = _LOCK.first(session, {"account_id": account_id, "instruction_id": instruction_id})
    if row is None:
        raise NoResultFound
    return PaymentInstruction(**row._asdict())


def move(session: Session, instruction: PaymentInstruction, event: str, at: datetime) -> None:
    """Along an edge of the table; writes that and whatever else was changed. Raises IllegalTransition."""
    instruction.state = INSTRUCTION_STATES.target(instruction.state, event)
    instruction.updated_at = at
    key = {"account_id": instruction.account_id, "instruction_id": instruction.instruction_id}
    _SAVE.run(session, {**key, **{name: getattr(instruction, name) for name in _MOVING}})
    forget(session, PaymentInstruction, (instruction.account_id, instruction.instruction_id))
