"""Reading what the counter has 柜台事项查询: one proposal, and those that wait."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.core.errors import NotFound
from services.counter.models import CounterDecision, CounterProposal

PAGE = 100


def proposal_of(session: Session, proposal_id: UUID) -> CounterProposal:
    """One proposal. Raises NotFound."""
    row = session.scalar(select(CounterProposal).where(CounterProposal.proposal_id == proposal_id))
    if row is None:
        raise NotFound("没有这件事。")
    return row


def decision_on(session: Session, row: CounterProposal) -> CounterDecision | None:
    """The second person's word, if there is one."""
    return session.get(CounterDecision, (row.account_id, row.proposal_id))


def waiting(session: Session) -> Sequence[CounterProposal]:
    """What waits for a second person, the oldest first."""
    statement = select(CounterProposal).where(CounterProposal.state == "proposed")
    return session.scalars(statement.order_by(CounterProposal.proposed_at).limit(PAGE)).all()
