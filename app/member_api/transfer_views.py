"""A transfer between cities as its member sees it 异地转移进度: who has it now, since when, and how long it may take."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.applications.models import Application
from services.applications.service import Taken
from services.core.clock import shanghai_iso
from services.core.states import StateTable
from services.transfers.states import WITHDRAWABLE

HERE, THERE, BANK = "公积金中心", "转出地中心", "银行"
_ROAD = (
    ("submitted", "提交", "您"),
    ("verified", "刷脸", "您"),
    ("asked", "发联系函", HERE),
    ("answered", "审核转出", THERE),
    ("arrived", "转钱", BANK),
    ("completed", "记入账户", HERE),
)
_REACHED = {"ready": 2, "asked": 3, "withdrawing": 3, "promised": 4, "early": 3, "differs": 5, "credited": 6}
"""How many steps are done, by the transfer's state."""
_LAST = {
    "refused": ("没有办成", THERE),
    "expired": ("已失效", HERE),
    "cancelled": ("已撤销", "您"),
    "withdrawn": ("已撤销", "您"),
}


def has_transfer(application: Application) -> bool:
    """Whether this is a transfer whose letter has been written."""
    return "transfer" in application.result


def transfer_waiting(application: Application) -> str:
    """What is happening now, and what the member can do."""
    found = application.result["transfer"]
    centre, expected = found["centre"], date.fromisoformat(found["expected_on"])
    by = f"一般 {expected.month} 月 {expected.day} 日前办好。"
    return {
        "ready": f"正在给{centre}发联系函。",
        "asked": f"联系函已发给{centre}，等对方审核。{by}没有答复的，我们会再催。",
        "withdrawing": f"正在撤回发给{centre}的联系函，等对方确认。",
        "promised": f"{centre}已经同意转出，钱正在路上。{by}",
        "early": f"{centre}的钱已经到了，等对方把账户信息寄来就记入您的账户。",
        "differs": f"{centre}转来的钱和来信上的数不一样，工作人员正在核对，钱在中心，不会少。",
        "credited": f"从{centre}转来的钱已经记入您的账户。",
        "refused": f"{centre}没有转出，您原账户的钱没有动。",
        "withdrawn": "联系函已经撤回，您原账户的钱没有动。",
    }[found["stage"]]


def cancellable(application: Application, table: StateTable) -> bool:
    """Whether the member may take it back: by its state, and a transfer until the other centre has begun to pay."""
    by_state = any(edge.source == application.state and edge.event == "cancel" for edge in table.edges)
    return by_state and (
        not has_transfer(application) or application.result["transfer"]["stage"] in WITHDRAWABLE
    )


def transfer_steps(application: Application, transitions: list[Taken]) -> list[dict[str, Any]]:
    """Every step with who acts and when."""
    at = _times(application, transitions)
    if application.state in ("refused", "cancelled", "expired"):
        return _ended(application, at, transitions)
    found = application.result.get("transfer")
    reached = _REACHED[found["stage"]] if found else 1
    if found and found["stage"] == "early":
        at["answered"] = None
    return [_step(step, at[step[0]], index, reached) for index, step in enumerate(_ROAD)]


def _times(application: Application, transitions: list[Taken]) -> dict[str, str | None]:
    first: dict[str, str] = {}
    for taken in transitions:
        first.setdefault(taken.target, shanghai_iso(taken.at))
    found = application.result.get("transfer", {})
    credited = found.get("credited_at")
    return {
        "submitted": first.get("submitted"),
        "verified": first.get("forwarded"),
        "asked": found.get("asked_at"),
        "answered": found.get("answered_at"),
        "arrived": credited or (first.get("in_review") if found.get("stage") == "differs" else None),
        "completed": credited,
    }


def _step(step: tuple[str, str, str], at: str | None, index: int, reached: int) -> dict[str, Any]:
    state = "done" if index < reached else "current" if index == reached else "todo"
    shown = at if state == "done" else None
    return {"key": step[0], "label": step[1], "actor": step[2], "at": shown, "state": state}


def _ended(
    application: Application, at: dict[str, str | None], transitions: list[Taken]
) -> list[dict[str, Any]]:
    done = [_step(step, at[step[0]], 0, 1) for step in _ROAD if at[step[0]] is not None]
    label, actor = _LAST[application.state]
    if application.state == "refused" and not has_transfer(application):
        label, actor = "没有通过", HERE
    ended = next((shanghai_iso(t.at) for t in reversed(transitions) if t.target == application.state), None)
    last = {"key": application.state, "label": label, "actor": actor, "at": ended, "state": "failed"}
    return [*done, last]
