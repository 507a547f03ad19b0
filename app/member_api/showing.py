"""Showing applications 办件展示: loads what an answer needs in the caller's transaction."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.member_api.views import application_view, certificate_view
from app.ports import Ports
from services.applications.models import MONEY, Application
from services.applications.service import transitions_of
from services.certificates.service import certificate_of
from services.items.declaration import Item
from services.items.facts import facts_from_json
from services.ledger.queries import balance_of
from services.loans.discharge import discharge_of


def show(session: Session, own: Ports, application: Application) -> dict[str, Any]:
    """An application as the API shows it."""
    item = own.engine.registry.get(application.item_code)
    account_id, application_id = application.account_id, application.application_id
    certificate = certificate_of(session, account_id, application_id) if item.kind == "certificate" else None
    drawn = certificate if certificate is not None and certificate.sha256 is not None else None
    return application_view(
        application,
        transitions_of(session, account_id, application_id),
        item,
        certificate_view(drawn, own) if drawn else None,
        balance_of(session, account_id).balance_fen if application.kind == MONEY else None,
        _next_on(session, own, application, item),
        discharge_of(session, application) if application.state == "repaid" else None,
    )


def _next_on(session: Session, own: Ports, application: Application, item: Item) -> date | None:
    """When the same item can be had again, counted from the day it was asked for."""
    if application.state not in ("paid", "repaid") or item.next_on is None:
        return None
    return item.next_on(facts_from_json(application.facts), own.engine.policy(session))
