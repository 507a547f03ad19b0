"""Reading side of reviews 审核查询: the queue, and all that happened to a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.applications.models import Application, Transition
from services.applications.service import load
from services.core.errors import NotFound
from services.documents.models import Document
from services.reviews.models import ReviewClaim, ReviewDecision, ReviewOpinion
from services.staff.models import Staff

QUEUE_PAGE = 100


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One case of the queue. `stage`: open, claimed, or proposed (waits for the second person)."""

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
        select(Application, ReviewClaim.staff_id, Staff.display_name, pictures)
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
    rows = session.execute(statement).all()
    proposed = _proposed(session, [row[0] for row in rows])
    found = [_row(row[0], row[1], row[2], row[3], row[0].application_id in proposed) for row in rows]
    return [row for row in found if wanted.stage in (None, row.stage)]


def _row(
    case: Application, holder_id: UUID | None, holder: str | None, pictures: int, proposed: bool
) -> QueueRow:
    stage = "proposed" if proposed else "claimed" if holder_id else "open"
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


def _proposed(session: Session, cases: Sequence[Application]) -> set[UUID]:
    decided = select(ReviewDecision.opinion_id).where(
        ReviewDecision.account_id == ReviewOpinion.account_id,
        ReviewDecision.opinion_id == ReviewOpinion.opinion_id,
    )
    statement = select(ReviewOpinion.application_id).where(
        ReviewOpinion.account_id.in_([case.account_id for case in cases]),
        ReviewOpinion.application_id.in_([case.application_id for case in cases]),
        ~decided.exists(),
    )
    return set(session.scalars(statement))


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
