"""How a proposal at the counter moves 柜台事项流转, and lapses when nobody confirmed it in time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.clock import Clock
from services.core.db import Sessions, transaction
from services.core.states import IllegalTransition
from services.counter.errors import MovedOn
from services.counter.models import CounterProposal
from services.counter.states import COUNTER_STATES
from services.ledger.service import lock_balance

_SYSTEM = "system"


def move(session: Session, row: CounterProposal, event: str, *, actor: str, at: datetime) -> None:
    """Take an edge that ends it; the new number is then kept nowhere else. Raises MovedOn."""
    try:
        row.state = COUNTER_STATES.target(row.state, event)
    except IllegalTransition:
        raise MovedOn from None
    row.ended_at, row.phone_sealed = at, None
    session.flush()
    note(session, row, actor=actor, at=at)


def note(session: Session, row: CounterProposal, *, actor: str, at: datetime) -> None:
    """What has become of it, in the member's audit chain."""
    action, subject = f"counter.{row.state}", str(row.proposal_id)
    record(session, row.account_id, action, actor=actor, subject=subject, at=at, detail={"kind": row.kind})


def live_proposal(session: Session, account_id: UUID) -> CounterProposal | None:
    """The one that waits for its second person; the caller holds the account's lock."""
    waiting = (CounterProposal.account_id == account_id, CounterProposal.state == "proposed")
    return session.scalar(select(CounterProposal).where(*waiting).with_for_update())


def lapse(session: Session, row: CounterProposal, at: datetime) -> bool:
    """End a proposal whose time is over; says whether it was."""
    if at < row.lapses_at:
        return False
    move(session, row, "lapse", actor=_SYSTEM, at=at)
    return True


class CounterTending:
    """Ends what nobody confirmed in time, so that no number lies about; an instant decides, not this job."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    def take_up(self) -> int:
        """Run every few seconds. Returns how many lapsed."""
        now = self._clock.now()
        late = (CounterProposal.state == "proposed", CounterProposal.lapses_at <= now)
        with transaction(self._sessions) as session:
            due = session.scalars(select(CounterProposal.account_id).where(*late)).all()
        return sum(self._one(account_id, now) for account_id in due)

    def _one(self, account_id: UUID, now: datetime) -> bool:
        with transaction(self._sessions) as session:
            lock_balance(session, account_id)
            row = live_proposal(session, account_id)
            return row is not None and lapse(session, row, now)
