"""Loans 贷款 of the member: how they stand, the plan and the history."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import g, request
from sqlalchemy.orm import Session

from app.http.auth import member_only
from app.member_api.loan_schemas import (
    LoanOut,
    LoanPlanOut,
    LoansOut,
    RepaymentsOut,
)
from app.member_api.loan_views import loan_view, plan_view, repayment_view
from app.member_api.reading import path_key, small_int
from app.ports import Ports, ports
from services.core.clock import shanghai_day
from services.core.db import transaction
from services.core.errors import NotFound
from services.loans.queries import loan_facts, loan_held, loans_held, repayments_of
from services.loans.standing import standing_of

blueprint = APIBlueprint("loans", __name__, url_prefix="/api/v1", tag="贷款")


@blueprint.get("/loans")
@blueprint.output(LoansOut)
@blueprint.doc(
    summary="我的公积金贷款", description="本人是借款人或共同借款人的贷款，从新到旧，已结清的也在内。"
)
@member_only
def loans() -> Any:
    """Loans the member answers for."""
    own = ports()
    with transaction(own.sessions) as session:
        return {"loans": _loans(session, own, g.account_id)}


def _loans(session: Session, own: Ports, account_id: UUID) -> list[dict[str, Any]]:
    today = shanghai_day(own.clock.now())
    facts = loan_facts(session, own.cipher, account_id, today, lambda _kind, _number: "")
    held = {str(one.loan.loan_id): one.loan for one in loans_held(session, account_id)}
    return [loan_view(fact, held[fact.loan_id], own.cipher) for fact in facts.loans]


@blueprint.get("/loans/<loan_id>")
@blueprint.output(LoanOut)
@blueprint.doc(summary="一笔贷款")
@member_only
def loan(loan_id: str) -> Any:
    """One of them."""
    own, wanted = ports(), str(path_key(loan_id))
    with transaction(own.sessions) as session:
        found = next((one for one in _loans(session, own, g.account_id) if one["loan_id"] == wanted), None)
    if found is None:
        raise NotFound
    return found


@blueprint.get("/loans/<loan_id>/plan")
@blueprint.output(LoanPlanOut)
@blueprint.doc(
    summary="还款计划",
    description="现行计划：按年合计，和各期（已还、逾期、未到期）。"
    "`limit`（1–480）只取这么多期，`after` 取上一页的 `next_after`；"
    "`open=true` 不列已还的。",
)
@member_only
def loan_plan(loan_id: str) -> Any:
    """The plan in force, whole or by the page."""
    own = ports()
    after = small_int(request.args.get("after", "0"), 480, "after")
    limit = small_int(request.args.get("limit", "480"), 480, "limit", least=1)
    unpaid = request.args.get("open") == "true"
    with transaction(own.sessions) as session:
        held = loan_held(session, g.account_id, path_key(loan_id)).loan
        return plan_view(standing_of(session, held.account_id, held.loan_id), after, limit, unpaid)


@blueprint.get("/loans/<loan_id>/repayments")
@blueprint.output(RepaymentsOut)
@blueprint.doc(summary="还款明细", description="从新到旧；`kind` 是 JGJ/T 320 A.15 的代码。")
@member_only
def loan_repayments(loan_id: str) -> Any:
    """The loan's history."""
    own = ports()
    with transaction(own.sessions) as session:
        held = loan_held(session, g.account_id, path_key(loan_id)).loan
        return {"repayments": [repayment_view(row) for row in repayments_of(session, held)]}
