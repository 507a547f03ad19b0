"""Colleagues 审核人员: two of them look at a case, as the desk lets them, and agree."""

from __future__ import annotations

from sqlalchemy.orm import Session

from runtime.bootstrap import Product
from services.core.db import transaction
from services.staff.models import Staff
from services.staff.service import find_staff

FIRST, SECOND = "shenhe", "fuhe"


def agree(product: Product, case_no: str) -> None:
    """One takes the case and proposes all of it, the other confirms."""
    with transaction(product.sessions) as session:
        first = _named(session, FIRST)
        product.reviews.claim(session, first, case_no)
        amount_fen = product.reviews.look(session, first, case_no).amount_fen
        opinion_id = product.reviews.propose_approval(session, first, case_no, amount_fen, "")
    with transaction(product.sessions) as session:
        product.reviews.confirm(session, _named(session, SECOND), case_no, opinion_id)


def _named(session: Session, login: str) -> Staff:
    found = find_staff(session, login)
    assert found is not None
    return found
