"""Days 日终: the list of business days with their steps, and one with its balances and breaks."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, g, render_template
from werkzeug.exceptions import NotFound

from app.staff_desk.break_view import break_row, signed_yuan
from app.staff_desk.guard import staff_only
from app.staff_desk.ports import desk
from app.staff_desk.queue import moment
from services.closing.models import BusinessDay, ClosingStep
from services.closing.queries import DayRow, day_facts, days
from services.closing.run import NAMES
from services.closing.states import DAY_STATES
from services.core.db import transaction
from services.core.money import yuan_text
from services.ledger.chart import NAMES as ACCOUNTS
from services.reconciliation.queries import breaks

blueprint = Blueprint("closing_days", __name__)
_STATES = {"done": "完成", "waits": "等待", "failed": "没有通过", "running": "进行中"}
_FAULTS = {
    "bank.day_not_over": "银行当天还没有日切",
    "statement": "等银行流水",
    "statement.before": "等前一天的流水",
    "calendar": "提前日切，等日历过完这一天",
    "control.differs": "控制科目和业务明细不符",
    "trial.differs": "试算不平",
    "bank.unnamed_difference": "有说不清的差额",
    "match.unnamed_difference": "有说不清的差额",
}


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
        steps=[_step(name, facts.steps.get(name)) for name in NAMES],
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
            (NAMES[name], row.steps.get(name, "none"), _STATES.get(row.steps.get(name, ""), "未开始"))
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


def _step(name: str, step: ClosingStep | None) -> dict[str, Any]:
    if step is None:
        return {
            "name": NAMES[name],
            "state": "none",
            "state_text": "未开始",
            "fault": "",
            "at": "",
            "attempts": 0,
            "result": "",
        }
    took = f"{(step.ended_at - step.began_at).total_seconds():.1f} 秒" if step.ended_at else ""
    return {
        "name": NAMES[name],
        "state": step.state,
        "state_text": _STATES[step.state],
        "fault": _fault_text(step.fault),
        "at": moment(step.began_at),
        "took": took,
        "attempts": step.attempts,
        "result": _result_text(name, step.result),
    }


def _fault_text(fault: str | None) -> str:
    if not fault:
        return ""
    if fault.startswith("breaks.open:"):
        return f"还有 {fault.split(':')[1]} 笔差错没有关闭"
    late = fault.startswith("late:")
    words = _FAULTS.get(fault.removeprefix("late:"), fault.removeprefix("late:"))
    return f"过了 9 点还没有：{words}" if late else words


def _result_text(name: str, result: dict[str, Any]) -> str:
    """What came of a step, in a line."""
    if name == "statement" and "lines" in result:
        return f"{result['lines']} 笔，其中 {result['taken_in']} 笔没有收到过通知"
    if name == "match" and "lines" in result:
        found = sum(result["found"].values())
        return f"比对 {result['lines']} 笔流水、{result['movements']} 笔进出，{'没有差错' if not found else f'{found} 处不符'}"
    if name == "interest" and result:
        if not result.get("due"):
            return "今天不是结息日"
        return f"{result['accounts']} 户，利息 {yuan_text(result['interest_fen'])} 元"
    if name == "trial" and "accounts" in result:
        return f"{result['accounts']} 个科目，借贷合计 0.00"
    if name == "queues" and "payments" in result:
        return f"未完付款 {result['payments']['open']} 笔，结果待查 {result['payments']['unknown']} 笔"
    if name == "seal" and "chains" in result:
        return f"{result['chains']} 条审计链，封存值 {result['seal'][:16]}…"
    if name == "control" and "sums" in result:
        return (
            f"{len(result['sums'])} 个科目都对得上"
            if not result.get("wrong")
            else f"不符：{'、'.join(result['wrong'])}"
        )
    return ""
