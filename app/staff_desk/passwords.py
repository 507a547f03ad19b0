"""One's own password 改口令: the present one is asked for, every other session ends, this one goes on under a new token."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.http.rate_limit import Limit, count_hit
from app.staff_desk.guard import give_session, staff_only
from app.staff_desk.ports import desk
from services.core.db import transaction
from services.core.errors import Invalid
from services.staff.service import change_password
from services.staff.sessions import begin

blueprint = Blueprint("passwords", __name__)
TRIES = Limit("desk_password", 10, 3600)
_SAID = {
    "wrong": "现在的口令不对，请核对后再填。连续错 5 次会锁定 15 分钟。",
    "locked": "错的次数太多，锁定 15 分钟。您已退出登录。",
}


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
    except Invalid as fault:
        return _page(fault.detail), fault.status
    if outcome != "right":
        return _page(_SAID[outcome]), 401
    response = redirect(url_for("passwords.ask", changed=1), 303)
    give_session(response, token)
    return response


def _page(fault: str | None = None, *, done: bool = False) -> str:
    return render_template("password.html", fault=fault, done=done, staff=g.staff)
