"""Reading side of reviews 审核查询: the queue, and all that happened to a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy import case as case_when
from sqlalchemy.orm import Session

from services.applications.models import Application, Transition
from services.applications.service import load
from services.core.errors import NotFound
from services.documents.models import Document
from services.reviews.models import ReviewClaim, ReviewDecision, ReviewOpinion
from services.reviews.requests import standing
from services.staff.models import Staff

QUEUE_PAGE = 100


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One case of the queue. `stage`: open, claimed, asked (waits for the member), or proposed (for the second person)."""

    case_no: str
    item_code: str
    item_name: str
    amount_fen: int | None
    since: datetime
    pictures: int
    stage: str
    holder_id: UUID | None
    holder: str | None


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What to list: one item, at least so old, mine, what waits for a second person."""

    item_code: str | None = None
    before: datetime | None = None
    mine: UUID | None = None
    stage: str | None = None


def queue(session: Session, wanted: QueueFilter) -> list[QueueRow]:
    """Cases under review, longest waiting first."""
    pictures = (
        select(func.count())
        .where(
            Document.account_id == Application.account_id,
            Document.application_id == Application.application_id,
        )
        .scalar_subquery()
    )
    statement = (
        select(Application, ReviewClaim.staff_id, Staff.display_name, pictures, _stage())
        .outerjoin(
            ReviewClaim,
            (ReviewClaim.account_id == Application.account_id)
            & (ReviewClaim.application_id == Application.application_id)
            & ReviewClaim.released_at.is_(None),
        )
        .outerjoin(Staff, Staff.staff_id == ReviewClaim.staff_id)
        .where(Application.state == "in_review")
        .order_by(Application.updated_at, Application.application_id)
        .limit(QUEUE_PAGE)
    )
    if wanted.item_code is not None:
        statement = statement.where(Application.item_code == wanted.item_code)
    if wanted.before is not None:
        statement = statement.where(Application.updated_at <= wanted.before)
    if wanted.mine is not None:
        statement = statement.where(ReviewClaim.staff_id == wanted.mine)
    if wanted.stage is not None:
        statement = statement.where(_stage() == wanted.stage)
    return [_row(*row) for row in session.execute(statement)]


def _stage() -> ColumnElement[str]:
    """Where a case stands: asked (waits for its member), proposed, claimed or open."""
    return case_when(
        (_proposed(), "proposed"),
        (standing(), "asked"),
        (ReviewClaim.claim_id.is_not(None), "claimed"),
        else_="open",
    )


def _row(case: Application, holder_id: UUID | None, holder: str | None, pictures: int, stage: str) -> QueueRow:
    return QueueRow(
        case.case_no,
        case.item_code,
        case.quote["item_name"],
        case.amount_fen,
        case.updated_at,
        pictures,
        stage,
        holder_id,
        holder,
    )


def _proposed() -> ColumnElement[bool]:
    decided = select(ReviewDecision.opinion_id).where(
        ReviewDecision.account_id == ReviewOpinion.account_id,
        ReviewDecision.opinion_id == ReviewOpinion.opinion_id,
    )
    return (
        select(ReviewOpinion.opinion_id)
        .where(
            ReviewOpinion.account_id == Application.account_id,
            ReviewOpinion.application_id == Application.application_id,
            ~decided.exists(),
        )
        .exists()
    )


def counts(session: Session) -> dict[str, int]:
    """How many cases are under review, by item."""
    statement = (
        select(Application.item_code, func.count())
        .where(Application.state == "in_review")
        .group_by(Application.item_code)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def case_of(session: Session, case_no: str, *, lock: bool = False) -> Application:
    """The case of a number that is or was under review; raises NotFound for every other."""
    found = session.execute(
        select(Application.account_id, Application.application_id).where(Application.case_no == case_no)
    ).first()
    if found is None or not _was_reviewed(session, found.account_id, found.application_id):
        raise NotFound("没有这笔待审核的业务。")
    return load(session, found.account_id, found.application_id, lock=lock)


def _was_reviewed(session: Session, account_id: UUID, application_id: UUID) -> bool:
    statement = select(Transition.version).where(
        Transition.account_id == account_id,
        Transition.application_id == application_id,
        Transition.target == "in_review",
    )
    return session.execute(statement.limit(1)).first() is not None


def live_claim(session: Session, case: Application) -> ReviewClaim | None:
    """Who has the case now."""
    return session.scalar(
        select(ReviewClaim).where(
            ReviewClaim.account_id == case.account_id,
            ReviewClaim.application_id == case.application_id,
            ReviewClaim.released_at.is_(None),
        )
    )


def opinions_of(session: Session, case: Application) -> list[tuple[ReviewOpinion, ReviewDecision | None]]:
    """Every opinion with what became of it, oldest first."""
    statement = (
        select(ReviewOpinion, ReviewDecision)
        .outerjoin(
            ReviewDecision,
            (ReviewDecision.account_id == ReviewOpinion.account_id)
            & (ReviewDecision.opinion_id == ReviewOpinion.opinion_id),
        )
        .where(
            ReviewOpinion.account_id == case.account_id, ReviewOpinion.application_id == case.application_id
        )
        .order_by(ReviewOpinion.opinion_id)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def pending_opinion(session: Session, case: Application) -> ReviewOpinion | None:
    """The opinion that waits for a second person."""
    waiting = [opinion for opinion, decision in opinions_of(session, case) if decision is None]
    return waiting[-1] if waiting else None


def names_of(session: Session, staff_ids: set[UUID]) -> dict[UUID, str]:
    """Display names."""
    statement = select(Staff.staff_id, Staff.display_name).where(Staff.staff_id.in_(staff_ids))
    return {row.staff_id: row.display_name for row in session.execute(statement)}
