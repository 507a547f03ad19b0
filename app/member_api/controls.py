"""The member's own controls 提取锁和限额: locking and lowering are at once; unlocking and raising are items with a face."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import g
from sqlalchemy.orm import Session

from app.http.auth import member_only
from app.http.rate_limit import Limit, hit
from app.member_api.control_schemas import ControlsOut, LimitIn, NothingIn
from app.ports import Ports, ports
from services.accounts.controls import controls_of
from services.agreements.service import agreement_of
from services.core.clock import shanghai_day, shanghai_iso
from services.core.db import transaction
from services.items.own_controls import left_today_fen
from services.policies.rules import Policy

blueprint = APIBlueprint("controls", __name__, url_prefix="/api/v1", tag="提取锁和限额")
CHANGES = Limit("controls", 20, 3600)
_PAUSED = "锁着的时候先停，解锁以后补付。"
_GOES_ON = "锁着的时候照常还：钱只还进您自己的公积金贷款，不出中心。不想还，可以终止约定。"


@blueprint.get("/controls")
@blueprint.output(ControlsOut)
@blueprint.doc(summary="提取锁和每日限额")
@member_only
def look() -> Any:
    """What holds, and what is to come."""
    own = ports()
    with transaction(own.sessions) as session:
        return _view(session, own, g.account_id)


@blueprint.post("/controls/lock")
@blueprint.input(NothingIn, arg_name="body")
@blueprint.output(ControlsOut)
@blueprint.doc(
    summary="马上上锁",
    description="不用刷脸，立即生效；等待付款的、已经核准还没有交给银行的提取随之撤销。银行可能已经收到的付款追不回来。解锁办 `withdrawal-unlock`。",
)
@member_only
def lock(body: NothingIn) -> Any:
    """Lock at once; asked again it changes nothing."""
    own = ports()
    with transaction(own.sessions) as session:
        stopped = own.locking.lock(session, g.account_id)
        return _view(session, own, g.account_id, stopped=len(stopped))


@blueprint.put("/controls/limit")
@blueprint.input(LimitIn, arg_name="body")
@blueprint.output(ControlsOut)
@blueprint.doc(
    summary="设或调低每日限额", description="立即生效，不用刷脸。比现在高的是 409；调高办 `limit-raise`。"
)
@member_only
def lower(body: LimitIn) -> Any:
    """A lower limit at once."""
    own = ports()
    hit(CHANGES, str(g.account_id))
    with transaction(own.sessions) as session:
        own.locking.lower(session, g.account_id, body.limit_fen)
        return _view(session, own, g.account_id)


def _view(session: Session, own: Ports, account_id: UUID, stopped: int = 0) -> dict[str, Any]:
    now = own.clock.now()
    held, policy = controls_of(session, account_id, now), own.engine.policy(session)
    return {
        "locked": held.locked,
        "locked_at": shanghai_iso(held.locked_at) if held.locked_at else None,
        "locked_by": "工作人员" if held.locked_by.startswith("staff:") else "您" if held.locked else "",
        "unlock_from": shanghai_iso(held.unlock_from) if held.unlock_from else None,
        "limit_fen": held.limit_fen,
        "next_limit_fen": held.next_limit_fen,
        "next_limit_from": shanghai_iso(held.next_limit_from) if held.next_limit_from else None,
        "centre_limit_fen": policy.integer("withdrawal.day_limit_fen"),
        "left_today_fen": left_today_fen(session, account_id, shanghai_day(now)),
        "unlock_hours": policy.integer("cooling.unlock_hours"),
        "raise_hours": policy.integer("cooling.raise_hours"),
        "agreements": _agreements(session, account_id, policy),
        "stopped": stopped,
    }


def _agreements(session: Session, account_id: UUID, policy: Policy) -> list[dict[str, Any]]:
    """The agreement in force, and what the lock does to it."""
    found = agreement_of(session, account_id)
    if found is None:
        return []
    paused = found.kind != "offset" and bool(policy.values["lock.pauses_agreed_withdrawals"])
    text = _PAUSED if paused else _GOES_ON
    return [{"label": found.label, "paused_by_lock": paused, "text": text}]
