"""Whether an approval would hold as things stand 按现在的情况: asked before money moves, and shown before anybody presses."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.applications.models import MONEY, Application
from services.core.money import yuan_text
from services.items.engine import Engine
from services.items.judging import Quote
from services.items.judging_again import judge_again
from services.reviews.errors import RefusedNow
from services.reviews.models import ReviewOpinion

_CHANGED = "提交以后情况变了，钱没有动。请退回初审，按现在的情况再提意见。"


def refuse_if_refused_now(
    engine: Engine, session: Session, case: Application, opinion: ReviewOpinion
) -> None:
    """Raises RefusedNow where a rule says no by now, or the amount is above what may be drawn by now.

    The caller holds the account's lock.
    """
    if case.kind != MONEY:
        return
    quote = judge_again(engine, session, case, lock=True)
    said = _no(quote, opinion.amount_fen)
    if said is not None:
        raise RefusedNow(
            f"{said}{_CHANGED}", extra={"refusals": [refusal.to_json() for refusal in quote.refusals]}
        )


def refused_now(
    engine: Engine, session: Session, case: Application, opinion: ReviewOpinion | None
) -> str | None:
    """Why the case, or the opinion that waits, could not be approved now; None where it could."""
    if case.kind != MONEY or case.state != "in_review":
        return None
    due_fen = engine.due_fen(session, case)
    proposed_fen = opinion.amount_fen if opinion is not None else case.amount_fen
    return _no(judge_again(engine, session, case), proposed_fen if due_fen is None else due_fen)


def _no(quote: Quote, amount_fen: int | None) -> str | None:
    """The first no in words: a rule by its name, or the amount."""
    if quote.refusals:
        first = quote.refusals[0]
        return f"不符合“{first.rule}”：{first.fact}。"
    most_fen = quote.amount.max_fen if quote.amount is not None else 0
    if amount_fen is None or amount_fen <= most_fen:
        return None
    return f"现在最多可办 {yuan_text(most_fen)} 元，这一笔是 {yuan_text(amount_fen)} 元。"
