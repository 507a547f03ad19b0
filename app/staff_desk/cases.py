"""A case 办件: facts, rules and pictures to look at, and the steps of two people."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from app.staff_desk.guard import staff_only
from app.staff_desk.ports import desk
from app.staff_desk.second_word import decide_by_form
from app.staff_desk.showing import case_view
from services.core.db import transaction
from services.core.errors import DomainError, Invalid, NotFound
from services.core.money import parse_yuan
from services.members.identity import Person

blueprint = Blueprint("cases", __name__)
_CASE_NO = re.compile(r"[0-9]{15}")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+\.[0-9]{2}")
Page = tuple[str, int] | AnyResponse


@blueprint.get("/cases/<case_no>")
@staff_only
def show(case_no: str) -> str:
    """All there is to know of a case."""
    return _page(_number(case_no))


@blueprint.get("/cases/<case_no>/pictures/<uuid:document_id>")
@staff_only
def picture(case_no: str, document_id: UUID) -> Response:
    """One of the member's pictures."""
    own = desk()
    with transaction(own.sessions) as session:
        jpeg = own.reviews.picture(session, g.staff, _number(case_no), document_id)
    return Response(jpeg, mimetype="image/jpeg")


@blueprint.post("/cases/<case_no>/claim")
@staff_only
def claim(case_no: str) -> Page:
    """Take the case."""
    return _act(case_no, lambda session: desk().reviews.claim(session, g.staff, case_no))


@blueprint.post("/cases/<case_no>/release")
@staff_only
def release(case_no: str) -> Page:
    """Give it back."""
    return _act(case_no, lambda session: desk().reviews.release(session, g.staff, case_no))


@blueprint.post("/cases/<case_no>/request")
@staff_only
def ask(case_no: str) -> Page:
    """Ask the member for another picture."""
    text = request.form.get("member_text", "")
    return _act(case_no, lambda session: desk().reviews.ask(session, g.staff, case_no, text))


@blueprint.post("/cases/<case_no>/opinion")
@staff_only
def opinion(case_no: str) -> Page:
    """The first person's opinion."""
    return _act(case_no, lambda session: _propose(session, case_no))


def _propose(session: Session, case_no: str) -> None:
    form, reviews = request.form, desk().reviews
    remark = form.get("note", "")
    if form.get("verdict") == "approve":
        amount = form.get("amount", "").strip(" ")
        amount_fen = parse_yuan(_plain_yuan(amount)) if amount else None
        reviews.propose_approval(session, g.staff, case_no, amount_fen, remark)
    elif form.get("verdict") == "refuse":
        reviews.propose_refusal(
            session, g.staff, case_no, form.get("reason", ""), form.get("member_text", ""), remark
        )
    else:
        raise Invalid("请选择同意或不同意。", code="review.verdict", field="verdict")


def _plain_yuan(text: str) -> str:
    """The text without the commas of thousands; commas anywhere else stay, and are refused."""
    return text.replace(",", "") if _THOUSANDS.fullmatch(text) else text


@blueprint.post("/cases/<case_no>/decision")
@staff_only
def decision(case_no: str) -> Page:
    """The second person's word."""
    return _act(case_no, lambda session: decide_by_form(session, desk().reviews, case_no, "opinion", "review"))


@blueprint.post("/cases/<case_no>/reveal")
@staff_only
def reveal(case_no: str) -> Page:
    """Name and numbers in full, once, in the answer to this form."""
    own, number = desk(), _number(case_no)
    try:
        with transaction(own.sessions) as session:
            person = own.reviews.reveal(session, g.staff, number, request.form.get("reason", ""))
    except DomainError as fault:
        return _with_fault(number, fault)
    return _page(number, person=person), 200


def _act(case_no: str, act: Callable[[Session], None]) -> Page:
    """Carry out one step and show the case again; a refusal is shown with the case as it now is."""
    number = _number(case_no)
    try:
        with transaction(desk().sessions) as session:
            act(session)
    except DomainError as fault:
        return _with_fault(number, fault)
    return redirect(url_for("cases.show", case_no=number), 303)


def _with_fault(number: str, fault: DomainError) -> Page:
    if fault.status == 404 or fault.code == "review.own_case":
        raise fault
    return _page(number, fault=fault), fault.status


def _number(case_no: str) -> str:
    if _CASE_NO.fullmatch(case_no) is None:
        raise NotFound
    return case_no


def _page(case_no: str, *, person: Person | None = None, fault: DomainError | None = None) -> str:
    own = desk()
    with transaction(own.sessions) as session:
        case = own.reviews.look(session, g.staff, case_no)
        view = case_view(session, own, g.staff, case)
    return render_template("case.html", case=view, person=person, fault=fault, staff=g.staff)
