"""Payments that were not carried out 确认未付: two people have the bank's word that it paid nothing and never will.

The way out of an instruction that stays accepted or unknown (docs/adr/0008); what must be certain before anybody may
say so is for reconciliation.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.core.clock import Clock
from services.core.sql import Statement
from services.ledger.service import lock_balance
from services.settlement.locked import lock_instruction, move
from services.settlement.ports import PaymentListener, PaymentRef

BY_PEOPLE = "two_people"
"""What stands in the place of a bank's code."""
_WHOSE = Statement(
    "SELECT account_id, instruction_id FROM payment_instruction WHERE instruction_no = :instruction_no"
)


class UnpaidPayments:
    """Gives payments up by people's word; runs in the caller's transaction and locks the account first."""

    def __init__(self, clock: Clock, listener: PaymentListener) -> None:
        self._clock = clock
        self._listener = listener

    def give_up(self, session: Session, number: str, actor: str) -> bool:
        """accepted or unknown → rejected, and the hold goes back; False when no payment bears the number.

        Raises IllegalTransition when it has moved on.
        """
        found = _WHOSE.first(session, {"instruction_no": number})
        if found is None:
            return False
        lock_balance(session, found.account_id)
        instruction = lock_instruction(session, found.account_id, found.instruction_id)
        at = self._clock.now()
        move(session, instruction, "unpaid", at)
        payment = PaymentRef(
            instruction.account_id,
            instruction.application_id,
            instruction.instruction_id,
            instruction.amount_fen,
            at,
            BY_PEOPLE,
        )
        self._listener.unpaid(session, payment, actor)
        return True
