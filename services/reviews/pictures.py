"""When a case takes pictures 材料时机: as long as nobody has decided."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from services.applications.models import Application
from services.applications.service import load
from services.documents.errors import NotTakenNow

TAKES = frozenset({"submitted", "verifying", "in_review"})


def open_case(session: Session, account_id: UUID, application_id: UUID, *, lock: bool = False) -> Application:
    """The member's application, if it takes pictures now; raises NotFound or NotTakenNow."""
    application = load(session, account_id, application_id, lock=lock)
    if application.state not in TAKES:
        raise NotTakenNow
    return application
