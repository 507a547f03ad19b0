"""Repayments by card 还款卡扣款 as tests see them: what is sent to the bank, what it tells, what the member is told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.core.db import transaction
from tests.support.domain.fakes import collected
from tests.support.domain.world import Member, World

PREPAY = {"source": "card", "amount_fen": 10_002_167, "change": "instalment"}
"""100,000.00 of principal and three days of its interest, 21.67: the instalment becomes 1,948.37 (§4.3)."""


def show(world: World, member: Member, done: dict[str, Any]) -> dict[str, Any]:
    """The case as the member sees it."""
    path = f"/api/v1/applications/{done['application_id']}"
    return dict(world.client().get(path, headers=member.bearer).get_json())


def send(world: World, member: Member) -> None:
    """What waits to be deducted goes to the bank."""
    world.run_jobs(member.account_id, "settlement.deduct", rounds=1)


def ask(world: World, member: Member) -> None:
    """The bank is asked."""
    world.run_jobs(member.account_id, "settlement.ask_deduction", rounds=1)


def tell(world: World, **changes: Any) -> None:
    """The bank tells of the last deduction."""
    world.product.settlement_jobs.take_changes([collected(world.node.deducted[-1], **changes)])


def told(world: World, member: Member, template: str) -> list[dict[str, str]]:
    """The messages of a kind that went to the member."""
    world.run_jobs(member.account_id, "notices.handle_event", "notices.send")
    sent = [*world.channels["sms"].sent, *world.channels["wechat"].sent]
    own = (member.person.phone, f"+86{member.person.phone}", member.person.openid)
    found = {
        notice.fields.get("date", ""): dict(notice.fields)
        for notice in sent
        if notice.template == template and notice.recipient in own
    }
    return list(found.values())


def deduction(world: World, member: Member) -> Any:
    """The member's only deduction."""
    return world.one(
        "SELECT state, amount_fen, held_fen, attempts FROM deduction WHERE account_id = :a",
        a=member.account_id,
    )


def look(world: World) -> None:
    """The card runs look, whenever they looked before."""
    world.product.card_runs._looked_at = None
    world.product.card_runs._reminded_on = None
    world.product.card_runs.take_up()


def accounts(world: World, account_id: UUID) -> dict[str, int]:
    """What stands on 其他应收款."""
    statement = text("SELECT coalesce(sum(fen), 0) FROM posting WHERE account_id = :a AND gl_code = '119'")
    with transaction(world.sessions) as session:
        return {"119": int(session.scalar(statement, {"a": account_id}) or 0)}
