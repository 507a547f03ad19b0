"""Deductions that took nothing 确认没有扣成: two people have the bank's word for it, as for a payment."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.core.clock import Clock
from services.ledger.service import lock_balance
from services.settlement.deductions.models import Deduction
from services.settlement.deductions.ports import DeductionListener, Moved
from services.settlement.deductions.states import DEDUCTION_STATES
from services.settlement.unpaid import BY_PEOPLE


class UnpaidDeductions:
    """Gives deductions up by people's word; runs in the caller's transaction and locks the account first."""

    def __init__(self, clock: Clock, listener: DeductionListener) -> None:
        self._clock = clock
        self._listener = listener

    def give_up(self, session: Session, number: str, actor: str) -> bool:
        """accepted or unknown → rejected, and what was held goes back; False when no deduction bears the number.

        Raises IllegalTransition when it has moved on.
        """
        owner = select(Deduction.account_id, Deduction.deduction_id).where(Deduction.instruction_no == number)
        found = session.execute(owner).one_or_none()
        if found is None:
            return False
        lock_balance(session, found.account_id)
        key = (found.account_id, found.deduction_id)
        row = session.get_one(Deduction, key, with_for_update=True, populate_existing=True)
        row.state = DEDUCTION_STATES.target(row.state, "unpaid")
        row.reply, row.updated_at = f"rejected:{BY_PEOPLE}", self._clock.now()
        self._listener.unpaid(session, Moved(row, row.updated_at, BY_PEOPLE), actor)
        return True
