"""A closing whose sum moved 金额变了: the sum the member proved, and that risk judged, is the one that leaves, or none.

Between submission and confirmation money may come in, and midnight adds a day's interest. Where two people look, they
stand for the sum of the day (services/reviews).
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from services.accounts.settlement_interest import closing_interest
from services.applications.models import Application
from services.core.errors import Conflict
from services.core.money import yuan_text
from services.items.declaration import CloseAccount, Effect
from services.ledger.queries import balance_of
from services.policies.service import PolicyBook


class AmountMoved(Conflict):
    """What would be paid now is not what the member has before them."""

    code, title = "application.amount_moved", "金额变了"


def closing_fen(session: Session, policies: PolicyBook, account_id: UUID, on: date) -> int:
    """What an account pays when it closes on a day: everything, with interest to the day."""
    interest = closing_interest(session, policies, account_id, on)
    return balance_of(session, account_id).balance_fen + interest.interest_fen


def refuse_moved(
    session: Session, policies: PolicyBook, application: Application, effect: Effect, on: date
) -> None:
    """Raises AmountMoved when a closing would pay another sum than was asked for. The caller holds the account's lock."""
    if not isinstance(effect, CloseAccount):
        return
    asked_fen = application.amount_fen or 0
    due_fen = closing_fen(session, policies, application.account_id, on)
    if due_fen != asked_fen:
        raise AmountMoved(
            f"提交时账户里连本带利是 {yuan_text(asked_fen)} 元，现在是 {yuan_text(due_fen)} 元，钱没有动。"
            "请撤销这一笔，按现在的金额重新办理。"
        )
