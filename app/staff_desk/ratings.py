"""Bad ratings 差评整改: the list with owner and day, one with its words, the answer; and the figures of 30 days."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.staff_desk.guard import staff_only
from app.staff_desk.ports import desk
from app.staff_desk.queue import moment
from services.core.db import transaction
from services.core.errors import DomainError, NotFound
from services.ratings.levels import LEVELS, REASONS

blueprint = Blueprint("ratings", __name__)
_CASE_NO = re.compile(r"[0-9]{15}")
SPAN = timedelta(days=30)


@blueprint.get("/ratings")
@staff_only
def show() -> str:
    """What waits for an answer, the soonest due first."""
    own, now = desk(), desk().clock.now()
    with transaction(own.sessions) as session:
        rows = own.ratings.waiting(session, g.staff)
        figures = own.ratings.figures(session, now - SPAN, now)
    named = [(LEVELS[level], number) for level, number in figures.levels.items()]
    return render_template(
        "ratings.html", rows=rows, figures=figures, named=named, moment=moment, staff=g.staff
    )


@blueprint.get("/ratings/<case_no>")
@staff_only
def one(case_no: str) -> str:
    """One with its words; the member sees that it was read."""
    return _page(_number(case_no))


@blueprint.post("/ratings/<case_no>/take")
@staff_only
def take(case_no: str) -> tuple[str, int] | Response:
    """Own it."""
    return _act(case_no, lambda session: desk().ratings.take(session, g.staff, case_no))


@blueprint.post("/ratings/<case_no>/answer")
@staff_only
def answer(case_no: str) -> tuple[str, int] | Response:
    """Answer it; the member is told."""
    text = request.form.get("text", "")
    return _act(case_no, lambda session: desk().ratings.answer(session, g.staff, case_no, text))


def _act(case_no: str, act: Callable[[Session], None]) -> tuple[str, int] | Response:
    number = _number(case_no)
    try:
        with transaction(desk().sessions) as session:
            act(session)
    except DomainError as fault:
        if fault.status in (404, 403):
            raise
        return _page(number, fault), fault.status
    return redirect(url_for("ratings.one", case_no=number), 303)


def _number(case_no: str) -> str:
    if _CASE_NO.fullmatch(case_no) is None:
        raise NotFound
    return case_no


def _page(case_no: str, fault: DomainError | None = None) -> str:
    with transaction(desk().sessions) as session:
        found = desk().ratings.read(session, g.staff, case_no)
        rating = found.rating
        view = {
            "case_no": case_no,
            "item": found.case.quote["item_name"],
            "level": LEVELS[rating.level],
            "reasons": [REASONS[reason] for reason in rating.reasons],
            "words": found.words,
            "added": found.added,
            "answer": found.answer,
            "rated_at": moment(rating.rated_at),
            "due_on": rating.answer_due_on,
            "taken": rating.owner_id is not None,
            "mine": rating.owner_id == g.staff.staff_id,
        }
    return render_template("rating.html", rating=view, fault=fault, staff=g.staff)
