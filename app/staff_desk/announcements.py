"""Announcements 公告与停机: what members see on every page, from when until when; written and withdrawn here."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.staff_desk.guard import staff_only
from app.staff_desk.ports import desk
from app.staff_desk.queue import moment
from services.centre.announcements import KINDS, publish, standing, withdraw
from services.core.clock import SHANGHAI
from services.core.db import transaction
from services.core.errors import DomainError, Invalid
from services.staff.models import APPROVER
from services.staff.service import require_role

blueprint = Blueprint("announcements", __name__)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")


@blueprint.get("/announcements")
@staff_only
def show() -> str:
    """What is shown or will be."""
    return _page()


@blueprint.post("/announcements")
@staff_only
def add() -> tuple[str, int] | Response:
    """Publish one."""
    own, form = desk(), request.form
    try:
        require_role(g.staff, APPROVER)
        from_at, until_at = _moment(form.get("from", ""), "from"), _moment(form.get("until", ""), "until")
        with transaction(own.sessions) as session:
            publish(
                session,
                kind=form.get("kind", ""),
                words=form.get("words", ""),
                from_at=from_at,
                until_at=until_at,
                by=_by(),
                at=own.clock.now(),
            )
    except DomainError as fault:
        return _page(fault), fault.status
    return redirect(url_for("announcements.show"), 303)


@blueprint.post("/announcements/<uuid:announcement_id>/withdraw")
@staff_only
def take_back(announcement_id: UUID) -> Response:
    """Show it no more."""
    require_role(g.staff, APPROVER)
    with transaction(desk().sessions) as session:
        withdraw(session, announcement_id, by=_by(), at=desk().clock.now())
    return redirect(url_for("announcements.show"), 303)


def _by() -> str:
    return f"staff:{g.staff.login}"


def _moment(text: str, field: str) -> datetime:
    """2026-11-23T10:00 as the centre's clock shows it."""
    try:
        if _MOMENT.fullmatch(text) is None:
            raise ValueError
        return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    except ValueError:
        raise Invalid("请选开始和结束的日期、时间。", code="announcement.moment", field=field) from None


def _page(fault: DomainError | None = None) -> str:
    with transaction(desk().sessions) as session:
        rows = standing(session, desk().clock.now())
    return render_template(
        "announcements.html",
        rows=rows,
        kinds=KINDS,
        moment=moment,
        now=desk().clock.now(),
        form=request.form,
        fault=fault,
        staff=g.staff,
    )
