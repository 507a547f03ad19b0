"""Home 首页 and account 账户."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import g, request
from sqlalchemy.orm import Session

from app.http.auth import member_only
from app.member_api.item_views import item_summary
from app.member_api.reading import key_of
from app.member_api.schemas import AccountOut, CardsOut, HomeOut, PostingsOut
from app.member_api.showing import show
from app.member_api.views import card_view, movement_view
from app.ports import Ports, ports
from services.accounts.controls import controls_of
from services.accounts.rules import STATE_TEXTS
from services.accounts.service import account_of, cards_of
from services.applications.service import applications_of
from services.contributions.service import months_paid
from services.core.clock import shanghai_iso
from services.core.db import transaction
from services.core.errors import Invalid
from services.core.pii import mask_account_no, mask_name
from services.items.engine import state_table
from services.ledger.queries import Wanted, balance_of, fund_movements
from services.members.binding import binding_of_member
from services.members.identity import person_of
from services.notices.texts import short_time

blueprint = APIBlueprint("home", __name__, url_prefix="/api/v1", tag="首页与账户")
_HOME_POSTINGS, _PAGE_MAX = 3, 100
_LIMIT, _YEAR = re.compile(r"[0-9]{1,3}"), re.compile(r"20[0-9]{2}")


@blueprint.get("/home")
@blueprint.output(HomeOut)
@blueprint.doc(summary="首页")
@member_only
def home() -> Any:
    """Balance, last postings, what is in progress, and the items."""
    own = ports()
    with transaction(own.sessions) as session:
        recent = applications_of(session, g.account_id, limit=10)
        live = [a for a in recent if a.state not in state_table(a).terminal and a.state != "paid"]
        return {
            "display_name": mask_name(person_of(session, own.cipher, g.account_id).name),
            "account": _account(session, own, g.account_id),
            "postings": [
                movement_view(m) for m in fund_movements(session, g.account_id, limit=_HOME_POSTINGS)
            ],
            "in_progress": [show(session, own, application) for application in live],
            "attention": _attention(session, own, g.account_id),
            "unread_notices": own.notices.unread(session, g.account_id),
            "items": [item_summary(item) for item in own.engine.items()],
        }


def _attention(session: Session, own: Ports, account_id: UUID) -> list[dict[str, str]]:
    """What a member should know without asking: a card or a binding that still waits."""
    now = own.clock.now()
    notes = [
        {
            "code": "card.cooling",
            "text": f"尾号 {card.tail4} 的新卡 {short_time(card.usable_from)} 起可以收款。",
        }
        for card in cards_of(session, account_id)
        if now < card.usable_from
    ]
    binding = binding_of_member(session, account_id)
    if binding is not None and now < binding.money_from:
        text = f"绑定或手机号刚变更，{short_time(binding.money_from)} 起可以提取。"
        notes.append({"code": "member.cooling", "text": text})
    held = controls_of(session, account_id, now)
    if held.locked:
        opens = (
            f"{short_time(held.unlock_from)} 打开。"
            if held.unlock_from
            else "钱提不出去，可以在“提取锁和限额”里解锁。"
        )
        notes.append({"code": "withdrawal.locked", "text": f"您的账户上了提取锁，{opens}"})
    return notes


@blueprint.get("/account")
@blueprint.output(AccountOut)
@blueprint.doc(summary="账户")
@member_only
def account() -> Any:
    """The account."""
    own = ports()
    with transaction(own.sessions) as session:
        return _account(session, own, g.account_id)


def _account(session: Session, own: Ports, account_id: UUID) -> dict[str, Any]:
    row, balance = account_of(session, account_id), balance_of(session, account_id)
    months = months_paid(session, account_id)
    return {
        "account_no_masked": mask_account_no(row.account_no),
        "state": row.state,
        "state_text": STATE_TEXTS[row.state],
        "balance_fen": balance.balance_fen,
        "available_fen": max(0, balance.balance_fen - balance.frozen_fen),
        "frozen_fen": balance.frozen_fen,
        "held_fen": balance.held_fen,
        "monthly_contribution_fen": row.monthly_contribution_fen,
        "paid_through": f"{months[0]:%Y-%m}" if months else None,
        "employer": row.employer,
        "as_of": shanghai_iso(own.clock.now()),
    }


@blueprint.get("/account/postings")
@blueprint.output(PostingsOut)
@blueprint.doc(
    summary="账户明细",
    description="从新到旧；`before` 取上一页的 `next_before`，`limit` 最多 100。"
    "`year` 只看一个自然年，`kind` 只看一类：contribution 缴存、withdrawal 提取、interest 结息、loan 还贷款、other 其他。",
)
@member_only
def postings() -> Any:
    """Movements of the fund, newest first."""
    before = request.args.get("before")
    limit = _limit(request.args.get("limit", "20"))
    wanted = _wanted(request.args.get("year"), request.args.get("kind"))
    own = ports()
    with transaction(own.sessions) as session:
        found = fund_movements(
            session,
            g.account_id,
            limit=limit + 1,
            before=key_of(before, field="before") if before is not None else None,
            wanted=wanted,
        )
    page = found[:limit]
    return {
        "postings": [movement_view(movement) for movement in page],
        "next_before": str(page[-1].journal_id) if len(found) > limit else None,
    }


_KINDS = {
    "contribution": frozenset({"contribution", "contribution_reversal"}),
    "withdrawal": frozenset({"withdrawal_hold", "withdrawal_reverse", "withdrawal_return"}),
    "interest": frozenset({"interest"}),
    "loan": frozenset({"loan_offset"}),
}
_NAMED = frozenset(kind for kinds in _KINDS.values() for kind in kinds)


def _wanted(year: str | None, kind: str | None) -> Wanted:
    if year is not None and _YEAR.fullmatch(year) is None:
        raise Invalid("请选一个年份。", code="field.invalid", field="year")
    if kind is not None and kind != "other" and kind not in _KINDS:
        raise Invalid("没有这一类进出。", code="field.invalid", field="kind")
    return Wanted(
        kinds=_KINDS.get(kind) if kind else None,
        other_than=_NAMED if kind == "other" else None,
        from_on=date(int(year), 1, 1) if year else None,
        to_on=date(int(year), 12, 31) if year else None,
    )


def _limit(text: str) -> int:
    if _LIMIT.fullmatch(text) is None or not 1 <= int(text) <= _PAGE_MAX:
        raise Invalid("一页最多 100 条。", code="field.invalid", field="limit")
    return int(text)


@blueprint.get("/cards")
@blueprint.output(CardsOut)
@blueprint.doc(summary="我的收款卡")
@member_only
def cards() -> Any:
    """Payee cards."""
    own = ports()
    with transaction(own.sessions) as session:
        return {"cards": [card_view(card, own.clock.now()) for card in cards_of(session, g.account_id)]}
