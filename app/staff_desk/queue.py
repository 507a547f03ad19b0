"""The queue 待审队列: what waits, longest first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.staff_desk.guard import open_page, staff_only
from app.staff_desk.ports import desk
from services.core.clock import SHANGHAI
from services.core.db import transaction
from services.core.money import yuan_text
from services.reviews.queries import QueueFilter, QueueRow, counts, queue

blueprint = Blueprint("queue", __name__)
AGES = {"1": timedelta(days=1), "2": timedelta(days=2), "3": timedelta(days=3)}
STAGES = {"open": "待领取", "claimed": "初审中", "asked": "等本人补材料", "proposed": "待复核"}
_LATE, _DUE = timedelta(days=3), timedelta(days=2)


@blueprint.get("/")
@open_page
def root() -> Response:
    """The queue is the first page."""
    return redirect(url_for("queue.show"), 303)


@blueprint.get("/queue")
@staff_only
def show() -> str:
    """Cases under review, by item, age, stage and holder."""
    own, now = desk(), desk().clock.now()
    chosen = {name: request.args.get(name, "") for name in ("item", "age", "stage", "mine")}
    items = {item.code: item.name_zh for item in own.engine.registry}
    wanted = QueueFilter(
        item_code=chosen["item"] if chosen["item"] in items else None,
        before=now - AGES[chosen["age"]] if chosen["age"] in AGES else None,
        mine=g.staff.staff_id if chosen["mine"] == "1" else None,
        stage=chosen["stage"] if chosen["stage"] in STAGES else None,
    )
    with transaction(own.sessions) as session:
        rows = queue(session, wanted)
        waiting = counts(session)
    return render_template(
        "queue.html",
        rows=[_row(row, now) for row in rows],
        items=[(code, name, waiting.get(code, 0)) for code, name in items.items() if waiting.get(code)],
        total=sum(waiting.values()),
        chosen=chosen,
        stages=STAGES,
        staff=g.staff,
    )


def _row(row: QueueRow, now: datetime) -> dict[str, Any]:
    age = now - row.since
    return {
        "case_no": row.case_no,
        "item": row.item_name,
        "amount": yuan_text(row.amount_fen) if row.amount_fen is not None else "",
        "since": moment(row.since),
        "age": age_text(age),
        "urgency": "late" if age > _LATE else "due" if age > _DUE else "calm",
        "pictures": row.pictures,
        "stage": row.stage,
        "stage_text": STAGES[row.stage],
        "holder": row.holder,
        "mine": row.holder_id == g.staff.staff_id,
    }


def moment(at: datetime) -> str:
    """11月22日 14:05."""
    local = at.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def age_text(age: timedelta) -> str:
    """How long somebody has waited, in the two largest units."""
    hours = int(age.total_seconds()) // 3600
    if hours >= 24:
        return f"{hours // 24} 天 {hours % 24} 小时"
    return f"{hours} 小时" if hours else f"{max(0, int(age.total_seconds()) // 60)} 分钟"
