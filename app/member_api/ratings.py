"""Rating a finished case 好差评: once, with words added once; whoever was badly served reads the answer here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import g
from sqlalchemy.orm import Session

from app.http.auth import member_only
from app.http.rate_limit import Limit, hit
from app.member_api.control_schemas import RatingIn, RatingMoreIn, RatingOut
from app.member_api.reading import path_key
from app.ports import Ports, ports
from services.applications.service import load
from services.core.clock import shanghai_iso
from services.core.db import transaction
from services.ratings.levels import LEVELS, REASONS

blueprint = APIBlueprint("ratings", __name__, url_prefix="/api/v1", tag="好差评")
RATINGS = Limit("ratings", 30, 3600)


@blueprint.get("/applications/<application_id>/rating")
@blueprint.output(RatingOut)
@blueprint.doc(summary="这一笔的评价", description="能不能评、评了什么、差评的答复。")
@member_only
def look(application_id: str) -> Any:
    """The rating of a case, and what may still be done."""
    own, key = ports(), path_key(application_id)
    with transaction(own.sessions) as session:
        return _view(session, own, g.account_id, key)


@blueprint.post("/applications/<application_id>/rating")
@blueprint.input(RatingIn, arg_name="body")
@blueprint.output(RatingOut, status_code=201)
@blueprint.doc(
    summary="评价",
    description="五档：5 非常满意到 1 非常不满意。一笔一次；不满意的要说原因，工作人员限期答复。",
)
@member_only
def rate(application_id: str, body: RatingIn) -> Any:
    """Rate a case, once."""
    own, key = ports(), path_key(application_id)
    hit(RATINGS, str(g.account_id))
    with transaction(own.sessions) as session:
        own.ratings.rate(session, g.account_id, key, body.level, body.reasons, body.words)
        return _view(session, own, g.account_id, key)


@blueprint.post("/applications/<application_id>/rating/more")
@blueprint.input(RatingMoreIn, arg_name="body")
@blueprint.output(RatingOut, status_code=201)
@blueprint.doc(summary="追加评价", description="一次。")
@member_only
def add(application_id: str, body: RatingMoreIn) -> Any:
    """Add words, once."""
    own, key = ports(), path_key(application_id)
    hit(RATINGS, str(g.account_id))
    with transaction(own.sessions) as session:
        own.ratings.add(session, g.account_id, key, body.words)
        return _view(session, own, g.account_id, key)


def _view(session: Session, own: Ports, account_id: UUID, key: UUID) -> dict[str, Any]:
    until = own.ratings.open_until(session, load(session, account_id, key))
    found = own.ratings.of(session, account_id, key)
    words, added, answer = own.ratings.words(found) if found else ("", "", "")
    due_on = found.answer_due_on if found else None
    in_time = until is not None and own.clock.now() < until
    return {
        "may_rate": found is None and in_time,
        "until": shanghai_iso(until) if until and not found else None,
        "level": found.level if found else None,
        "level_text": LEVELS[found.level] if found else None,
        "reasons": [REASONS[reason] for reason in found.reasons] if found else [],
        "words": words,
        "rated_at": shanghai_iso(found.rated_at) if found else None,
        "may_add": found is not None and found.added_at is None and in_time,
        "added": added,
        "added_at": shanghai_iso(found.added_at) if found and found.added_at else None,
        "answer_due_on": due_on.isoformat() if due_on else None,
        "answer": answer,
        "answered_at": shanghai_iso(found.answered_at) if found and found.answered_at else None,
        "levels": [{"value": str(level), "text": text} for level, text in LEVELS.items()],
        "choices": [{"value": code, "text": text} for code, text in REASONS.items()],
    }
