"""Signing in 登录: password, then the authenticator's code; a new session token at each step."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.http.rate_limit import Limit, client_address, count_hit
from app.staff_desk.guard import give_session, open_page, session_token
from app.staff_desk.ports import DeskPorts, desk
from services.core.db import transaction
from services.staff.service import check_code, check_password
from services.staff.sessions import begin, end, half_signed_in

blueprint = Blueprint("signing_in", __name__)
TRIES = Limit("desk_sign_in", 20, 60)
_FAILED = "没有登录成功，请核对登录名和口令。连续错 5 次会锁定 15 分钟。"
_CODE_FAILED = "动态口令不对或已经用过，请等下一个再输。连续错 5 次会锁定 15 分钟。"


@blueprint.get("/sign-in")
@open_page
def ask_password() -> str:
    """The first page."""
    return render_template("sign_in.html", fault=None)


@blueprint.post("/sign-in")
@open_page
def take_password() -> tuple[str, int] | Response:
    """A right password leads to the code; a wrong one says no more than that."""
    own = desk()
    count_hit(own.sessions, own.clock, TRIES, client_address())
    now = own.clock.now()
    login, password = request.form.get("login", "")[:64], request.form.get("password", "")
    with transaction(own.sessions) as session:
        outcome, staff_id = check_password(session, login, password, now)
        token = begin(session, own.keys, staff_id, now, complete=False) if staff_id else ""
    if outcome != "right":
        return render_template("sign_in.html", fault=_FAILED), 401
    _end_present(own)
    response = redirect(url_for("signing_in.ask_code"), 303)
    give_session(response, token)
    return response


@blueprint.get("/sign-in/code")
@open_page
def ask_code() -> str:
    """The second page."""
    own = desk()
    with transaction(own.sessions) as session:
        half_signed_in(session, own.keys, session_token(), own.clock.now())
    return render_template("code.html", fault=None)


@blueprint.post("/sign-in/code")
@open_page
def take_code() -> tuple[str, int] | Response:
    """The right code completes the session, under a token nobody has seen before."""
    own = desk()
    count_hit(own.sessions, own.clock, TRIES, client_address())
    now = own.clock.now()
    with transaction(own.sessions) as session:
        staff_id = half_signed_in(session, own.keys, session_token(), now)
        outcome = check_code(session, own.cipher, staff_id, request.form.get("code", "").strip(), now)
        token = begin(session, own.keys, staff_id, now, complete=True) if outcome == "right" else ""
    if outcome != "right":
        return render_template("code.html", fault=_CODE_FAILED), 401
    _end_present(own)
    response = redirect(url_for("queue.show"), 303)
    give_session(response, token)
    return response


@blueprint.post("/sign-out")
@open_page
def sign_out() -> Response:
    """End the session."""
    _end_present(desk())
    response = redirect(url_for("signing_in.ask_password"), 303)
    give_session(response, "")
    return response


def _end_present(own: DeskPorts) -> None:
    if session_token():
        with transaction(own.sessions) as session:
            end(session, own.keys, session_token(), own.clock.now())
