"""Tables of the counter 柜台事项: what one person proposes for a member, and the second person's word on it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base, Instant, Key

_STAFF = "staff.staff_id"
_LIVE = text("state = 'proposed'")


class CounterProposal(Base):
    """What is to be done for a member who stood at the counter; written once, but for how it ends.

    `binding_ids` are the bindings that were seen and are to end. The new number is kept, sealed, until the end; its
    last four digits stay.
    """

    __tablename__ = "counter_proposal"
    account_id: Mapped[Key]
    proposal_id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(8))
    binding_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone4: Mapped[str | None] = mapped_column(String(4))
    staff_id: Mapped[UUID] = mapped_column(ForeignKey(_STAFF, name="fk_counter_proposal_staff_id"))
    note: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10))
    proposed_at: Mapped[Instant]
    lapses_at: Mapped[Instant]
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        Index("uq_counter_proposal_author", "account_id", "proposal_id", "staff_id", unique=True),
        Index("uq_counter_proposal_id", "proposal_id", unique=True),
        Index("uq_counter_proposal_live", "account_id", unique=True, postgresql_where=_LIVE),
        Index("ix_counter_proposal_lapses_at", "lapses_at", postgresql_where=_LIVE),
    )


class CounterDecision(Base):
    """The second person's word on a proposal. Append-only."""

    __tablename__ = "counter_decision"
    account_id: Mapped[Key]
    proposal_id: Mapped[Key]
    proposer_id: Mapped[UUID] = mapped_column(Uuid)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey(_STAFF, name="fk_counter_decision_staff_id"))
    outcome: Mapped[str] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(String(200))
    decided_at: Mapped[Instant]
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "proposal_id", "proposer_id"],
            [f"counter_proposal.{name}" for name in ("account_id", "proposal_id", "staff_id")],
            name="fk_counter_decision_proposal",
        ),
    )
