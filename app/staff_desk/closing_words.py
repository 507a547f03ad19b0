"""Words of the day's end 日终用语: what a step came to, in a line."""

from __future__ import annotations

from typing import Any

from app.staff_desk.queue import moment
from services.closing.models import ClosingStep
from services.closing.run import NAMES
from services.core.money import yuan_text

STEP_STATES = {"done": "完成", "waits": "等待", "failed": "没有通过", "running": "进行中"}
_FAULTS = {
    "bank.day_not_over": "银行当天还没有日切",
    "statement": "等银行流水",
    "statement.before": "等前一天的流水",
    "books.moved": "试算以后又有记账，下一次重新试算",
    "calendar": "提前日切，等日历过完这一天",
    "control.differs": "控制科目和业务明细不符",
    "trial.differs": "试算不平",
    "bank.unnamed_difference": "有说不清的差额",
    "match.unnamed_difference": "有说不清的差额",
}


def step_view(name: str, step: ClosingStep | None) -> dict[str, Any]:
    """A step as a row of the page."""
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
        "state_text": STEP_STATES[step.state],
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
        return f"{result['chains']} 条审计链有变动，封存值 {result['seal'][:16]}…"
    if name == "control" and "sums" in result:
        return (
            f"{len(result['sums'])} 个科目都对得上"
            if not result.get("wrong")
            else f"不符：{'、'.join(result['wrong'])}"
        )
    return ""
