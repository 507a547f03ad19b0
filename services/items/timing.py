"""When the money would go out 付款时间: said with the quote, before the member fills in anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.applications.models import MONEY
from services.items.declaration import Approval, Verification
from services.items.judging import Quote
from services.members.binding import binding_of_member
from services.withdrawals.risk import Assessment, Route, assess
from services.withdrawals.risk_desk import Asked, risk_facts


@dataclass(frozen=True, slots=True)
class PayTiming:
    """What would follow after the face, what without one, and until when a new binding has to wait."""

    with_face: Assessment
    without_face: Assessment
    cooling_until: datetime | None
    review: bool


def pay_timing(session: Session, account_id: UUID, quote: Quote, form: Any, at: datetime) -> PayTiming | None:
    """The timing for what is filled in so far; None for what sends no money out."""
    if quote.item.kind != MONEY or quote.item.verification is not Verification.FACE:
        return None
    if quote.item.repays(form):
        return None
    most_fen = quote.amount.max_fen if quote.amount else 0
    asked_fen = getattr(form, "amount_fen", None)
    # Where everything is drawn at once no sum is asked for, and the whole sum is what the way without a face is held to.
    least_fen = 0 if "amount_fen" in quote.item.form.model_fields else most_fen
    card_id = getattr(form, "card_id", None)

    def by(route: Route, amount_fen: int) -> Assessment:
        asked = Asked(amount_fen, card_id)
        return assess(risk_facts(session, account_id, route, asked, quote.policy, at), quote.policy)

    binding = binding_of_member(session, account_id)
    return PayTiming(
        with_face=by("face", most_fen if asked_fen is None else asked_fen),
        without_face=by("card_sms", least_fen if asked_fen is None else asked_fen),
        cooling_until=binding.money_from if binding is not None and binding.money_from > at else None,
        review=quote.approval is Approval.REVIEW,
    )
