"""At the counter 到柜台办的事: one sees the ID card and proposes, another confirms, and only then is it done."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from app.http.rate_limit import Limit, count_hit
from app.staff_desk.counter_view import member_view, proposal_view, waiting_rows
from app.staff_desk.guard import staff_only
from app.staff_desk.ports import desk
from services.core.db import transaction
from services.core.errors import DomainError, Invalid, NotFound
from services.counter.errors import OwnAccount
from services.counter.states import CHANNELS, PHONE, UNBIND

blueprint = Blueprint("counter", __name__)
LOOKS = Limit("desk_counter", 30, 3600)
Page = tuple[str, int] | AnyResponse


@blueprint.get("/counter")
@staff_only
def show() -> str:
    """The form to look a member up, and what waits for a second person."""
    return _front()


@blueprint.post("/counter")
@staff_only
def look() -> Page:
    """Whose ID card lies there: masked, with what is bound."""
    own = desk()
    count_hit(own.sessions, own.clock, LOOKS, str(g.staff.staff_id))
    try:
        with transaction(own.sessions) as session:
            account_id = own.proposing.look(session, g.staff, request.form.get("id_no", ""))
    except DomainError as fault:
        return _front(fault), fault.status
    return _member(account_id), 200


@blueprint.post("/counter/proposals")
@staff_only
def propose() -> Page:
    """The first person's proposal."""
    own = desk()
    count_hit(own.sessions, own.clock, LOOKS, str(g.staff.staff_id))
    account_id = _account()
    try:
        with transaction(own.sessions) as session:
            proposal_id = _propose(session, account_id)
    except DomainError as fault:
        if fault.status in (403, 404):
            raise
        return _member_again(account_id, fault), fault.status
    return redirect(url_for("counter.one", proposal_id=proposal_id), 303)


def _member_again(account_id: UUID, fault: DomainError) -> str:
    """The member's page once more, as it now is; it may be long since it was looked up."""
    own = desk()
    page = _member(account_id, fault)
    with transaction(own.sessions) as session:
        own.proposing.shown(session, g.staff, account_id)
    return page


def _propose(session: Session, account_id: UUID) -> UUID:
    form, proposing = request.form, desk().proposing
    if form.get("card_seen") != "1":
        raise Invalid(
            "请先核对身份证原件和来人，再勾选“已核对”。", code="counter.card_unseen", field="card_seen"
        )
    words = form.get("note", "")
    if form.get("kind") == PHONE:
        number, again = form.get("phone", ""), form.get("phone_again", "")
        return proposing.phone(session, g.staff, account_id, number, again, words)
    channel = form.get("channel")
    if form.get("kind") != UNBIND or channel not in (*CHANNELS, "all"):
        raise Invalid("请选择要办的事。", code="counter.kind", field="kind")
    return proposing.unbinding(session, g.staff, account_id, None if channel == "all" else channel, words)


def _account() -> UUID:
    """Who was looked up, as the page's form says."""
    try:
        return UUID(request.form.get("member", ""))
    except ValueError:
        raise NotFound from None


@blueprint.get("/counter/<uuid:proposal_id>")
@staff_only
def one(proposal_id: UUID) -> str:
    """One proposal: it never changes but for its end, so its address says what was seen."""
    return _proposal(proposal_id)


@blueprint.post("/counter/<uuid:proposal_id>/take-back")
@staff_only
def take_back(proposal_id: UUID) -> Page:
    """Who proposed takes it back."""
    return _act(proposal_id, lambda session: desk().proposing.take_back(session, g.staff, proposal_id))


@blueprint.post("/counter/<uuid:proposal_id>/decision")
@staff_only
def decide(proposal_id: UUID) -> Page:
    """The second person's word."""
    return _act(proposal_id, lambda session: _decide(session, proposal_id))


def _decide(session: Session, proposal_id: UUID) -> None:
    outcome = request.form.get("outcome")
    if outcome == "confirm":
        desk().deciding.confirm(session, g.staff, proposal_id)
    elif outcome == "refuse":
        desk().deciding.refuse(session, g.staff, proposal_id, request.form.get("note", ""))
    else:
        raise Invalid("请选择确认或否决。", code="counter.outcome", field="outcome")


def _act(proposal_id: UUID, act: Callable[[Session], None]) -> Page:
    """Carry out one step and show the proposal again; a refusal is shown with it as it now is."""
    try:
        with transaction(desk().sessions) as session:
            act(session)
    except DomainError as fault:
        if fault.status == 404 or isinstance(fault, OwnAccount):
            raise
        return _proposal(proposal_id, fault), fault.status
    return redirect(url_for("counter.one", proposal_id=proposal_id), 303)


def _front(fault: DomainError | None = None) -> str:
    own = desk()
    with transaction(own.sessions) as session:
        rows = waiting_rows(session, own, own.clock.now())
    return render_template("counter.html", rows=rows, fault=fault, staff=g.staff)


def _member(account_id: UUID, fault: DomainError | None = None) -> str:
    own = desk()
    with transaction(own.sessions) as session:
        view = member_view(session, own, g.staff, account_id)
    return render_template("counter_member.html", one=view, fault=fault, staff=g.staff)


def _proposal(proposal_id: UUID, fault: DomainError | None = None) -> str:
    own = desk()
    with transaction(own.sessions) as session:
        view = proposal_view(session, own, g.staff, proposal_id)
    return render_template("counter_proposal.html", one=view, fault=fault, staff=g.staff)
