"""One's own password 改口令: the present one is asked for, every other session ends, this one goes on under a new token."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.http.rate_limit import Limit, count_hit
from app.staff_desk.guard import give_session, staff_only
from app.staff_desk.ports import desk
from services.core.clock import SHANGHAI
from services.core.db import transaction
from services.core.errors import Invalid
from services.staff.models import Staff
from services.staff.service import change_password
from services.staff.sessions import begin

blueprint = Blueprint("passwords", __name__)
TRIES = Limit("desk_password", 10, 3600)
_WRONG = "现在的口令不对，请核对后再填。连续错 5 次会锁定 15 分钟，并退出登录。"
_LOCKED_BEFORE = (
    "有人在登录页连续填错您的口令，账户锁定到 {until}，现在改不了口令。您这里的登录不受影响，{until} 以后再来改。"
    "不是您本人填错的，请马上告诉管理员。"
)


@blueprint.get("/password")
@staff_only
def ask() -> str:
    """The form."""
    return _page(done="changed" in request.args)


@blueprint.post("/password")
@staff_only
def change() -> Response | tuple[str, int]:
    """Change it; a wrong present one says no more than that."""
    own, now = desk(), desk().clock.now()
    count_hit(own.sessions, own.clock, TRIES, str(g.staff.staff_id))
    present, new = request.form.get("present", ""), request.form.get("password", "")
    if new != request.form.get("again", ""):
        return _page("两次输入的新口令不一样。"), 422
    try:
        with transaction(own.sessions) as session:
            outcome = change_password(session, g.staff.staff_id, present, new, now)
            token = (
                begin(session, own.keys, g.staff.staff_id, now, complete=True) if outcome == "right" else ""
            )
            until = session.get_one(Staff, g.staff.staff_id).locked_until
    except Invalid as fault:
        return _page(fault.detail), fault.status
    if outcome == "locked" and until is not None:
        return _locked(until, g.staff.locked_until == until)
    if outcome != "right":
        return _page(_WRONG), 401
    response = redirect(url_for("passwords.ask", changed=1), 303)
    give_session(response, token)
    return response


def _locked(until: datetime, before: bool) -> Response | tuple[str, int]:
    """Wrong tries at the sign-in page end nobody's session; those at this one end them all, this one too."""
    hour = f"{(until + timedelta(seconds=59)).astimezone(SHANGHAI):%H:%M}"  # never a minute too early
    if before:
        return _page(_LOCKED_BEFORE.format(until=hour)), 401
    response = make_response(render_template("locked_out.html", until=hour), 401)
    give_session(response, "")
    return response


def _page(fault: str | None = None, *, done: bool = False) -> str:
    return render_template("password.html", fault=fault, done=done, staff=g.staff)
