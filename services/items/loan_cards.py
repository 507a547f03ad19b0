"""Changing the card a loan is repaid from 换还款卡, once the member has proven to mean it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.applications.models import Application
from services.applications.service import move
from services.applications.states import PLAIN_STATES
from services.core.crypto import FieldCipher
from services.core.identity import check_card_no
from services.core.outbox import emit
from services.items.facts import facts_from_json
from services.items.owed_loans import charged
from services.loans.cards import change_card
from services.loans.contract import RepaymentCard


def change_loan_card(
    session: Session, cipher: FieldCipher, application: Application, form: Any, actor: str, at: datetime
) -> None:
    """Take the next instalments from the card of the form. Raises SameCard, LoanSettled, NotFound."""
    facts = facts_from_json(application.facts)
    loan = charged(facts, form)
    assert loan is not None  # the rules refused otherwise
    assert facts.card_check is not None
    bank_name = facts.card_check.bank_name
    card = change_card(
        session,
        cipher,
        application.account_id,
        UUID(loan.loan_id),
        RepaymentCard(form.bank_code, bank_name, check_card_no(form.card_no)),
        at,
    )
    told = {"bank_name": bank_name, "tail4": card.tail4, "from_on": loan.next_due_on}
    application.result = {**application.result, **told, "old_tail4": loan.card_tail4}
    session.flush()  # the state is moved by a statement of its own
    move(session, application, PLAIN_STATES, "complete", actor=actor, at=at)
    payload = {"application_id": str(application.application_id), **told}
    emit(session, application.account_id, "loan.card_changed", payload, at)
