"""Requests 补正: what the desk asks a member to add; it stands until a picture comes after it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from services.applications.models import Application
from services.documents.models import Document
from services.reviews.models import ReviewRequest

MOST = 5
"""Of one case: who needs more than this should decide, or ring the member up."""


def standing() -> ColumnElement[bool]:
    """The condition that a case of an outer query on `Application` waits for its member."""
    return select(ReviewRequest.request_id).where(*_of(Application), ~_answered()).exists()


def request_of(session: Session, account_id: UUID, application_id: UUID) -> ReviewRequest | None:
    """The newest request that no picture has answered yet."""
    statement = select(ReviewRequest).where(
        ReviewRequest.account_id == account_id, ReviewRequest.application_id == application_id, ~_answered()
    )
    return session.scalar(statement.order_by(ReviewRequest.request_id.desc()).limit(1))


def requests_of(session: Session, case: Application) -> Sequence[ReviewRequest]:
    """Every request of a case, oldest first."""
    statement = select(ReviewRequest).where(
        ReviewRequest.account_id == case.account_id, ReviewRequest.application_id == case.application_id
    )
    return session.scalars(statement.order_by(ReviewRequest.request_id)).all()


def _of(case: type[Application]) -> tuple[ColumnElement[bool], ...]:
    return (
        ReviewRequest.account_id == case.account_id,
        ReviewRequest.application_id == case.application_id,
    )


def _answered() -> ColumnElement[bool]:
    return (
        select(Document.document_id)
        .where(
            Document.account_id == ReviewRequest.account_id,
            Document.application_id == ReviewRequest.application_id,
            Document.created_at > ReviewRequest.asked_at,
        )
        .exists()
    )
