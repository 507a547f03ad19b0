"""Loans 贷款 of the member, the calculator 贷款试算 and the annual statement 年度对账单."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import g
from sqlalchemy.orm import Session

from app.http.auth import member_only
from app.http.rate_limit import Limit, hit
from app.member_api.loan_schemas import (
    LoanOut,
    LoanPlanOut,
    LoansOut,
    LoanTrialIn,
    LoanTrialOut,
    RepaymentsOut,
    StatementOut,
)
from app.member_api.loan_views import loan_view, plan_view, repayment_view, trial_view
from app.member_api.reading import path_key
from app.ports import Ports, ports
from services.accounts.service import account_of
from services.contributions.statements import statement_of
from services.core.clock import shanghai_day
from services.core.db import transaction
from services.core.errors import NotFound
from services.core.pii import mask_account_no, mask_name
from services.loans.calculator import try_loan
from services.loans.queries import loan_facts, loan_held, loans_held, repayments_of
from services.loans.standing import standing_of
from services.members.identity import person_of

_YEAR = re.compile(r"20[0-9]{2}")
blueprint = APIBlueprint("loans", __name__, url_prefix="/api/v1", tag="贷款与对账单")
TRIALS = Limit("trials", 60, 60)


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
@blueprint.doc(summary="还款计划", description="现行计划的全部期次：已还、逾期和未到期。")
@member_only
def loan_plan(loan_id: str) -> Any:
    """The plan in force."""
    own = ports()
    with transaction(own.sessions) as session:
        held = loan_held(session, g.account_id, path_key(loan_id)).loan
        return plan_view(standing_of(session, held.account_id, held.loan_id))


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


@blueprint.post("/trial/loan")
@blueprint.input(LoanTrialIn, arg_name="form")
@blueprint.output(LoanTrialOut)
@blueprint.doc(
    summary="贷款试算", description="按今天的利率，算一笔公积金贷款每月还多少、一共多少利息。不留记录。"
)
@member_only
def trial_loan(form: LoanTrialIn) -> Any:
    """What a loan would cost."""
    own = ports()
    hit(TRIALS, str(g.account_id))
    with transaction(own.sessions) as session:
        policy = own.engine.policy(session)
    return trial_view(try_loan(policy, form.amount_fen, form.months, form.method, form.home))


@blueprint.get("/statements/<year>")
@blueprint.output(StatementOut)
@blueprint.doc(
    summary="年度对账单",
    description="结息年度：上年 7 月 1 日到 `year` 年 6 月 30 日。本年度没过完的，算到今天。",
)
@member_only
def statement(year: str) -> Any:
    """A year of the member's fund."""
    own = ports()
    today = shanghai_day(own.clock.now())
    with transaction(own.sessions) as session:
        found = statement_of(session, g.account_id, int(year), today) if _YEAR.fullmatch(year) else None
        if found is None:
            raise NotFound("没有这一年的对账单。", code="statement.none")
        fields = {name: getattr(found, name) for name in found.__slots__}
        return {
            **fields,
            "from_on": found.from_on.isoformat(),
            "to_on": found.to_on.isoformat(),
            "display_name": mask_name(person_of(session, own.cipher, g.account_id).name),
            "account_no_masked": mask_account_no(account_of(session, g.account_id).account_no),
        }
