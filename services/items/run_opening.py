"""Opening the case of a run 约定执行立案: the audit chain says by which agreement, since the member asks for none of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from services.accounts.models import PayeeCard
from services.agreements.models import LoanAgreement
from services.applications.models import Application
from services.applications.service import open_application
from services.audit.service import record
from services.items.asking import what_was_asked


def open_run(
    session: Session, application: Application, agreement: LoanAgreement, card: PayeeCard | None, at: datetime
) -> Application:
    """Open it, submitted by the system. Raises InFlight.

    The digest of its operation stays out of the chain: it is not of item, amount and card, and binds no proof.
    """
    open_application(session, application, at, actor="系统")
    asked = what_was_asked(application, card)
    record(
        session,
        application.account_id,
        "application.submitted",
        actor="系统",
        subject=str(application.application_id),
        at=at,
        detail={
            "item": application.item_code,
            "case_no": application.case_no,
            "policy": application.policy_version,
            **{name: asked[name] for name in ("amount_fen", "card_id", "card_digest")},
            "agreement_id": str(agreement.agreement_id),
            "signed_in": str(agreement.application_id),
        },
    )
    return application
