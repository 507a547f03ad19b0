"""Breaks 差错: the list, one with its three sides, and the steps of two people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from app.staff_desk.break_view import break_row, break_view
from app.staff_desk.guard import staff_only
from app.staff_desk.ports import desk
from app.staff_desk.second_word import decide_by_form
from services.core.db import transaction
from services.core.errors import DomainError
from services.reconciliation.breaks import refuse_own
from services.reconciliation.queries import break_of, breaks, open_breaks
from services.reconciliation.states import KINDS

blueprint = Blueprint("breaks", __name__)
Page = tuple[str, int] | AnyResponse
LATE = timedelta(days=1)


@blueprint.get("/breaks")
@staff_only
def index() -> str:
    """Open breaks, the oldest first; closed ones when asked for."""
    own, now = desk(), desk().clock.now()
    everything = request.args.get("all") == "1"
    with transaction(own.sessions) as session:
        rows = [
            break_row(row, owner, g.staff, now) for row, owner in breaks(session, open_only=not everything)
        ]
        counted = open_breaks(session)
    kinds = [(KINDS[kind], number) for kind, number in sorted(counted.items())]
    return render_template("breaks.html", rows=rows, kinds=kinds, everything=everything, staff=g.staff)


@blueprint.get("/breaks/<uuid:break_id>")
@staff_only
def show(break_id: UUID) -> str:
    """One break."""
    return _page(break_id)


@blueprint.post("/breaks/<uuid:break_id>/take")
@staff_only
def take(break_id: UUID) -> Page:
    """Take it."""
    return _act(break_id, lambda session: desk().breaks.take(session, g.staff, break_id))


@blueprint.post("/breaks/<uuid:break_id>/release")
@staff_only
def release(break_id: UUID) -> Page:
    """Give it back."""
    return _act(break_id, lambda session: desk().breaks.release(session, g.staff, break_id))


@blueprint.post("/breaks/<uuid:break_id>/proposal")
@staff_only
def propose(break_id: UUID) -> Page:
    """The first person's proposal."""
    form: Any = request.form
    return _act(
        break_id,
        lambda session: desk().breaks.propose(
            session,
            g.staff,
            break_id,
            form.get("resolution", ""),
            form.get("note", ""),
            form.get("belongs_to"),
        ),
    )


@blueprint.post("/breaks/<uuid:break_id>/decision")
@staff_only
def decide(break_id: UUID) -> Page:
    """The second person's word."""
    return _act(break_id, lambda session: decide_by_form(session, desk().breaks, break_id, "proposal", "break"))


def _act(break_id: UUID, act: Callable[[Session], None]) -> Page:
    """Carry out one step and show the break again; a refusal is shown with the break as it now is."""
    try:
        with transaction(desk().sessions) as session:
            act(session)
    except DomainError as fault:
        if fault.status == 404 or fault.code == "break.own_money":
            raise
        return _page(break_id, fault=fault), fault.status
    return redirect(url_for("breaks.show", break_id=break_id), 303)


def _page(break_id: UUID, *, fault: DomainError | None = None) -> str:
    own = desk()
    with transaction(own.sessions) as session:
        row = break_of(session, break_id)
        if row.member_account_id is not None:
            refuse_own(session, g.staff, row.member_account_id)
        view = break_view(session, own.cipher, g.staff, row, own.clock.now())
    return render_template("break.html", one=view, fault=fault, staff=g.staff)
