"""Days 日终: the list of business days with their steps, and one with its balances and breaks."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, g, render_template
from werkzeug.exceptions import NotFound

from app.staff_desk.break_view import break_row, signed_yuan
from app.staff_desk.closing_words import STEP_STATES, step_view
from app.staff_desk.guard import staff_only
from app.staff_desk.ports import desk
from app.staff_desk.queue import moment
from services.closing.models import BusinessDay
from services.closing.queries import DayRow, day_facts, days
from services.closing.run import NAMES
from services.closing.states import DAY_STATES
from services.core.db import transaction
from services.core.money import yuan_text
from services.ledger.chart import NAMES as ACCOUNTS
from services.reconciliation.queries import breaks

blueprint = Blueprint("closing_days", __name__)


@blueprint.get("/days")
@staff_only
def index() -> str:
    """The newest first."""
    with transaction(desk().sessions) as session:
        rows = [_row(row) for row in days(session)]
    return render_template("days.html", rows=rows, names=NAMES, staff=g.staff)


@blueprint.get("/days/<day>")
@staff_only
def show(day: str) -> str:
    """One day."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise NotFound from None
    own, now = desk(), desk().clock.now()
    with transaction(own.sessions) as session:
        facts = day_facts(session, wanted)
        rows = [
            break_row(row, owner, g.staff, now) for row, owner in breaks(session, open_only=False, day=wanted)
        ]
    statement = facts.statement
    return render_template(
        "day.html",
        day=_day(facts.day),
        steps=[step_view(name, facts.steps.get(name)) for name in NAMES],
        balances=[
            {
                "code": one.gl_code,
                "name": ACCOUNTS.get(one.gl_code, ""),
                **{
                    name: _zero(getattr(one, f"{name}_fen"))
                    for name in ("opening", "taken_over", "movement", "closing")
                },
            }
            for one in facts.balances
        ],
        bank=statement
        and {
            "lines": statement.lines,
            "opening": yuan_text(statement.opening_fen),
            "credit": _zero(statement.credit_fen),
            "debit": _zero(-statement.debit_fen),
            "missing": _zero(statement.missing_fen),
            "closing": yuan_text(statement.closing_fen),
            "at": moment(statement.fetched_at),
        },
        rows=rows,
        staff=g.staff,
    )


def _zero(fen: int) -> str:
    return signed_yuan(fen) if fen else "0.00"


def _plain(fen: int) -> str:
    """A balance: a minus, and never a plus."""
    return f"{'-' if fen < 0 else ''}{yuan_text(abs(fen))}"


def _row(row: DayRow) -> dict[str, Any]:
    return {
        **_day(row.day),
        "steps": [
            (NAMES[name], row.steps.get(name, "none"), STEP_STATES.get(row.steps.get(name, ""), "未开始"))
            for name in NAMES
        ],
        "open": row.open_breaks,
        "breaks": row.breaks,
    }


def _day(row: BusinessDay) -> dict[str, Any]:
    fens = ("bank_closing", "book_closing", "gap", "carried")
    return {
        "day": row.day.isoformat(),
        "state": row.state,
        "state_text": DAY_STATES.labels[row.state],
        "closed": moment(row.closed_at) if row.closed_at else "",
        **{name: _plain(fen) if (fen := getattr(row, f"{name}_fen")) is not None else "" for name in fens},
    }
