"""Tables of reviews 审核: claim 领取, first opinion 初审意见, second decision 复核."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, ForeignKeyConstraint, Index, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base


class ReviewClaim(Base):
    """A person has taken a case; `released_at` when they gave it back, or somebody freed it."""

    __tablename__ = "review_claim"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    claim_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(Uuid)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.staff_id", name="fk_review_claim_staff_id"))
    claimed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    released_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "application_id"],
            ["application.account_id", "application.application_id"],
            name="fk_review_claim_application",
        ),
        Index(
            "uq_review_claim_live",
            "account_id",
            "application_id",
            unique=True,
            postgresql_where=text("released_at IS NULL"),
        ),
        Index("uq_review_claim_holder", "account_id", "claim_id", "application_id", "staff_id", unique=True),
    )


class ReviewOpinion(Base):
    """What the person who took the case would do. Append-only. `reason` and `member_text` for a refusal."""

    __tablename__ = "review_opinion"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    opinion_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(Uuid)
    claim_id: Mapped[UUID] = mapped_column(Uuid)
    staff_id: Mapped[UUID] = mapped_column(Uuid)
    verdict: Mapped[str] = mapped_column(String(10))
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str | None] = mapped_column(String(40))
    member_text: Mapped[str | None] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(String(200))
    proposed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "claim_id", "application_id", "staff_id"],
            [f"review_claim.{name}" for name in ("account_id", "claim_id", "application_id", "staff_id")],
            name="fk_review_opinion_claim",
        ),
        Index(
            "uq_review_opinion_author", "account_id", "opinion_id", "application_id", "staff_id", unique=True
        ),
        Index("ix_review_opinion_application", "account_id", "application_id"),
    )


class ReviewDecision(Base):
    """The second person's word on one opinion: confirmed, or sent back. Append-only."""

    __tablename__ = "review_decision"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    opinion_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(Uuid)
    proposer_id: Mapped[UUID] = mapped_column(Uuid)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.staff_id", name="fk_review_decision_staff_id"))
    outcome: Mapped[str] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(String(200))
    decided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "opinion_id", "application_id", "proposer_id"],
            [f"review_opinion.{name}" for name in ("account_id", "opinion_id", "application_id", "staff_id")],
            name="fk_review_decision_opinion",
        ),
        Index("ix_review_decision_application", "account_id", "application_id"),
    )


class ReviewRequest(Base):
    """What the person who took the case asks the member to add 补正; a later picture answers it. Append-only."""

    __tablename__ = "review_request"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    request_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(Uuid)
    claim_id: Mapped[UUID] = mapped_column(Uuid)
    staff_id: Mapped[UUID] = mapped_column(Uuid)
    text: Mapped[str] = mapped_column(String(200))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "claim_id", "application_id", "staff_id"],
            [f"review_claim.{name}" for name in ("account_id", "claim_id", "application_id", "staff_id")],
            name="fk_review_request_claim",
        ),
        Index("ix_review_request_application", "account_id", "application_id"),
    )
