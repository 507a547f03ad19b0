"""Trials 试算: what could I draw, what could I borrow, what would it cost, what would a prepayment save. Nothing is kept."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import g
from pydantic import ValidationError

from app.http.auth import member_only
from app.http.rate_limit import Limit, hit
from app.member_api.item_views import estimate_view, supposed_view
from app.member_api.reading import path_key
from app.member_api.trial_schemas import (
    BorrowTrialIn,
    BorrowTrialOut,
    DrawTrialIn,
    DrawTrialOut,
    LoanTermsOut,
    LoanTrialIn,
    LoanTrialOut,
    PrepayTrialIn,
    PrepayTrialOut,
)
from app.member_api.trial_views import (
    RATE_KEYS,
    limits_view,
    prepay_view,
    rates_view,
    trial_view,
    waits_text,
)
from app.ports import Ports, ports
from services.accounts.service import account_of
from services.contributions.rules import continuous_months
from services.contributions.service import months_paid
from services.core.clock import shanghai_day
from services.core.db import transaction
from services.core.errors import Invalid, NotFound
from services.items.declaration import Item
from services.items.estimating import Supposed, estimate, money_fields
from services.ledger.queries import balance_of
from services.loans.calculator import least_prepayment, try_loan, try_prepayment
from services.loans.limits import Wish, borrowable, household_caps
from services.loans.queries import loan_facts
from services.loans.rules import Change, rate_key

blueprint = APIBlueprint("trials", __name__, url_prefix="/api/v1", tag="试算")
TRIALS = Limit("trials", 60, 60)
_RANK = {"yes": 0, "ask": 1, "no": 2}
_DRAW_NOTE = "这是估算：婚姻、住房、社保按您选的算，没有查，也不留记录。真办的时候要查，以那时为准。"
_BORROW_NOTE = "这是估算。征信、年龄和房子的情况没有算进去，能贷多少以审批为准。"
_WAYS: tuple[Change, Change] = ("term", "instalment")


@blueprint.post("/trial/withdrawals")
@blueprint.input(DrawTrialIn, arg_name="form")
@blueprint.output(DrawTrialOut)
@blueprint.doc(
    summary="我能提多少（试算）",
    description="按中心自己的记录和本人的设想，估算每一项能提多少。不查外部门，不需要同意书，不留记录。",
)
@member_only
def trial_withdrawals(form: DrawTrialIn) -> Any:
    """What could I draw, item by item."""
    own = ports()
    hit(TRIALS, str(g.account_id))
    forms = _forms(own, form)
    supposed = Supposed(form.married, form.homes, form.work, form.local)
    with transaction(own.sessions) as session:
        local, policy = own.engine.local(session, g.account_id), own.engine.policy(session)
        found = [
            estimate(item, local.facts(item), supposed, forms[item.code], policy) for item in _drawing(own)
        ]
    found.sort(key=lambda one: _RANK[one.outcome])
    return {
        "balance_fen": local.account.balance_fen,
        "supposed": supposed_view(supposed),
        "estimates": [estimate_view(one, supposed, forms[one.item.code]) for one in found],
        "note": _DRAW_NOTE,
    }


def _drawing(own: Ports) -> list[Item]:
    """Items that pay money out; what repays a loan has a trial of its own."""
    return [item for item in own.engine.items() if item.amount is not None and item.group == "money"]


def _forms(own: Ports, form: DrawTrialIn) -> dict[str, Any]:
    """Each item's form with the sums given for it. Raises Invalid for an item or a sum it does not ask for."""
    items = {item.code: item for item in _drawing(own)}
    given = {code: form.figures.get(code, {}) for code in items}
    unknown = form.figures.keys() - items.keys()
    wrong = [code for code, sums in given.items() if sums.keys() - money_fields(items[code]).keys()]
    if unknown or wrong:
        raise Invalid("没有这一项，请刷新页面再算。", code="field.invalid", field="figures")
    try:
        return {code: own.engine.registry.partial_form(items[code])(**sums) for code, sums in given.items()}
    except ValidationError:
        raise Invalid("金额填得不对，请改一下再算。", code="field.invalid", field="figures") from None


@blueprint.get("/trial/loan/terms")
@blueprint.output(LoanTermsOut)
@blueprint.doc(summary="贷款的额度和利率", description="今天的最高额度、年限，和历次公布的利率。")
@member_only
def loan_terms() -> Any:
    """What loans are given on today."""
    own = ports()
    today = shanghai_day(own.clock.now())
    with transaction(own.sessions) as session:
        policy, assumed = own.engine.policy(session), own.engine.policies.assumed(session, today)
        history = {key: own.engine.policies.history(session, key) for key in RATE_KEYS}
        return {
            "max_months": policy.integer("loan.max_months"),
            "most_fen": policy.integer("loan.cap_most_fen"),
            "min_months": policy.integer("loan.min_months"),
            "paid_months": continuous_months(months_paid(session, g.account_id), today),
            "monthly_base_fen": account_of(session, g.account_id).contribution_base_fen,
            "caps": [
                {"household": kind, "label": words, "cap_fen": fen, "assumed": key in assumed}
                for kind, words, fen, key in household_caps(policy)
            ],
            "rates": rates_view(dict(history), today),
        }


@blueprint.post("/trial/loan")
@blueprint.input(LoanTrialIn, arg_name="form")
@blueprint.output(LoanTrialOut)
@blueprint.doc(
    summary="贷款要还多少（试算）",
    description="按今天的利率，算一笔公积金贷款每月还多少、一共多少利息，两种还法并排。"
    "`plan_year` 要那一年的每一期。不留记录。",
)
@member_only
def trial_loan(form: LoanTrialIn) -> Any:
    """What a loan would cost."""
    hit(TRIALS, str(g.account_id))
    return _cost(ports(), form)


def _cost(own: Ports, form: LoanTrialIn) -> dict[str, Any]:
    with transaction(own.sessions) as session:
        policy = own.engine.policy(session)
        rates = own.engine.policies.history(session, rate_key(form.home, form.months))
    found = try_loan(policy, form.amount_fen, form.months, form.method, form.home)
    since = max(figure.effective_from for figure in rates if figure.effective_from <= policy.on)
    return trial_view(found, form.plan_year, since)


@blueprint.post("/trial/borrowing")
@blueprint.input(BorrowTrialIn, arg_name="form")
@blueprint.output(BorrowTrialOut)
@blueprint.doc(
    summary="我能贷多少（试算）",
    description="按今天的额度、首付和利率估算，取各项上限里最小的；没有查到明文的参数标 `assumed`。不留记录。",
)
@member_only
def trial_borrowing(form: BorrowTrialIn) -> Any:
    """The most one could borrow."""
    own, account_id = ports(), g.account_id
    hit(TRIALS, str(account_id))
    today = shanghai_day(own.clock.now())
    with transaction(own.sessions) as session:
        policy, assumed = own.engine.policy(session), own.engine.policies.assumed(session, today)
        balance_fen = balance_of(session, account_id).balance_fen
        paid = continuous_months(months_paid(session, account_id), today)
    _refuse_term(form.months, policy.integer("loan.max_months"))
    found = borrowable(Wish(balance_fen=balance_fen, **form.model_dump()), policy)
    loan = LoanTrialIn(amount_fen=found.most_fen or 1, months=form.months, method=form.method, home=form.home)
    return {
        "most_fen": found.most_fen,
        "limits": limits_view(found, assumed),
        "waits_text": waits_text(paid, policy.integer("loan.min_months"), today),
        "loan": _cost(own, loan) if found.most_fen else None,
        "note": _BORROW_NOTE,
    }


def _refuse_term(months: int, longest: int) -> None:
    if months > longest:
        raise Invalid(f"公积金贷款最长 {longest // 12} 年。", code="trial.term_over", field="months")


@blueprint.post("/loans/<loan_id>/trial-prepayment")
@blueprint.input(PrepayTrialIn, arg_name="form")
@blueprint.output(PrepayTrialOut)
@blueprint.doc(
    summary="提前还一部分（试算）",
    description="今天提前还这么多，缩短年限和减少月供两种做法各会怎样。钱不动，不留记录。",
)
@member_only
def trial_prepayment(loan_id: str, form: PrepayTrialIn) -> Any:
    """What a prepayment of one of the member's loans would do."""
    own, wanted = ports(), str(path_key(loan_id))
    hit(TRIALS, str(g.account_id))
    today = shanghai_day(own.clock.now())
    with transaction(own.sessions) as session:
        policy = own.engine.policy(session)
        loan = loan_facts(session, own.cipher, g.account_id, today, lambda _kind, _number: "").of(wanted)
    if loan is None:
        raise NotFound
    least_prepayment(policy, form.amount_fen)
    return prepay_view([try_prepayment(loan, form.amount_fen, today, change) for change in _WAYS])
