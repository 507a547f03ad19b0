"""Locking for a member who calls 电话上锁: staff lock an account at once; nobody here can open one."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request

from app.http.rate_limit import Limit, count_hit
from app.staff_desk.guard import staff_only
from app.staff_desk.ports import desk
from services.accounts.controls import controls_of
from services.core.clock import shanghai_day
from services.core.db import transaction
from services.core.errors import DomainError, Invalid, NotFound
from services.core.identity import check_id_no
from services.members.identity import find_by_id_no

blueprint = Blueprint("locking", __name__)
LOCKS = Limit("desk_locks", 30, 3600)
REASONS = {
    "stolen": "手机丢了或被人拿走",
    "fraud": "怀疑被骗、有人冒用",
    "family": "本人要求，代为上锁",
}


@blueprint.get("/lock")
@staff_only
def show() -> str:
    """The form."""
    return _page()


@blueprint.post("/lock")
@staff_only
def lock() -> tuple[str, int]:
    """Lock at once; the member is told by SMS and WeChat, and sees who did it."""
    own = desk()
    count_hit(own.sessions, own.clock, LOCKS, str(g.staff.staff_id))
    try:
        reason = request.form.get("reason", "")
        if reason not in REASONS:
            raise Invalid("请选一个原因。", code="lock.reason", field="reason")
        id_no = check_id_no(request.form.get("id_no", ""), today=shanghai_day(own.clock.now()))
        with transaction(own.sessions) as session:
            member = find_by_id_no(session, own.cipher, id_no)
            if member is None:
                raise NotFound("没有这个证件号的账户。", code="lock.nobody")
            by = f"staff:{g.staff.login}"
            stopped = own.locking.lock(session, member.account_id, by=by, reason=REASONS[reason])
            held = controls_of(session, member.account_id, own.clock.now())
    except DomainError as fault:
        return _page(fault=fault), fault.status
    assert held.locked
    return _page(done=True, stopped=len(stopped)), 200


def _page(*, fault: DomainError | None = None, done: bool = False, stopped: int = 0) -> str:
    return render_template(
        "lock.html", reasons=REASONS, fault=fault, done=done, stopped=stopped, staff=g.staff
    )
