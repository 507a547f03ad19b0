"""Corrections that stand 挂账: the list, one with its proposals, and the two steps that move it on."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from app.staff_desk.break_view import signed_yuan
from app.staff_desk.guard import staff_only
from app.staff_desk.ports import desk
from app.staff_desk.second_word import decide_by_form
from app.staff_desk.suspense_view import standing_row, suspense_view
from services.core.db import transaction
from services.core.errors import DomainError, NotFound
from services.reconciliation.breaks import refuse_own
from services.reconciliation.queries import break_of
from services.reconciliation.standing import corrections, standing_of, sums
from services.reconciliation.suspense_holding import way_of

blueprint = Blueprint("suspense", __name__)
Page = tuple[str, int] | AnyResponse


@blueprint.get("/suspense")
@staff_only
def index() -> str:
    """What is left of corrections, the oldest first; what was moved on when asked for."""
    everything = request.args.get("all") == "1"
    with transaction(desk().sessions) as session:
        rows = [standing_row(one) for one in corrections(session, everything=everything)]
        owed_fen, lent_fen = sums(session)
    return render_template(
        "suspense.html",
        rows=rows,
        owed=signed_yuan(owed_fen),
        lent=signed_yuan(-lent_fen),
        everything=everything,
        staff=g.staff,
    )


@blueprint.get("/suspense/<uuid:break_id>")
@staff_only
def show(break_id: UUID) -> str:
    """One correction."""
    return _page(break_id)


@blueprint.post("/suspense/<uuid:break_id>/proposal")
@staff_only
def propose(break_id: UUID) -> Page:
    """The first person's proposal."""
    return _act(break_id, lambda session: _propose(session, break_id))


@blueprint.post("/suspense/<uuid:break_id>/decision")
@staff_only
def decide(break_id: UUID) -> Page:
    """The second person's word."""
    return _act(break_id, lambda session: decide_by_form(session, desk().suspense, break_id, "proposal", "suspense"))


def _propose(session: Session, break_id: UUID) -> None:
    form = request.form
    way = way_of(form.get("way", ""), form.get("belongs_to", ""), form.get("other", ""))
    desk().suspense.propose(session, g.staff, break_id, way, form.get("note", ""))


def _act(break_id: UUID, act: Callable[[Session], None]) -> Page:
    """Carry out one step and show the correction again; a refusal is shown with it as it now is."""
    try:
        with transaction(desk().sessions) as session:
            act(session)
    except DomainError as fault:
        if fault.status == 404 or fault.code == "break.own_money":
            raise
        return _page(break_id, fault=fault), fault.status
    return redirect(url_for("suspense.show", break_id=break_id), 303)


def _page(break_id: UUID, *, fault: DomainError | None = None) -> str:
    with transaction(desk().sessions) as session:
        row = break_of(session, break_id)
        if row.member_account_id is not None:
            refuse_own(session, g.staff, row.member_account_id)
        standing = standing_of(session, [break_id]).get(break_id)
        if standing is None:
            raise NotFound("没有这笔挂账。")
        view = suspense_view(session, g.staff, standing)
    return render_template("suspense_item.html", one=view, fault=fault, staff=g.staff)
