"""Items 10 and 11 paid by card, over HTTP: collected, refused by the card, lost on the way, told twice, taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.core.db import transaction
from services.settlement.ports import PayReply, QueryReply
from tests.integration.loans.test_fund_loan_items import (
    FUND_FEN,
    OWN_THREE_DAYS_FEN,
    VECTOR,
    apply,
    borrower,
    confirmed,
    faced,
    lines,
    owed,
    plan,
    post,
    quote,
)
from tests.support.domain.deductions import PREPAY, accounts, ask, deduction, send, show, tell, told
from tests.support.domain.fakes import collected
from tests.support.domain.loans import lend
from tests.support.domain.world import World

WHOLE = 52_946_865 + OWN_THREE_DAYS_FEN
"""529,468.65 and three days of interest, 114.72."""


def test_a_part_is_repaid_by_card(world: World) -> None:
    member, loan_id = borrower(world)
    asked = quote(world, member, "partial-prepayment", PREPAY)
    assert (asked["allowed"], asked["max_fen"]) == (True, WHOLE - 2)
    done = confirmed(world, member, apply(world, member, "partial-prepayment", PREPAY))
    assert (done["state"], owed(world, member, loan_id)) == ("collecting", ("normal", 52_946_865))
    assert [step["label"] for step in done["steps"]][-2:] == ["从还款卡扣款", "还进贷款"]
    send(world, member)
    order = world.node.deducted[-1]
    assert (order.instruction_no, order.amount_fen) == (done["case_no"], 10_002_167)
    assert (order.principal_fen, order.interest_fen, order.penalty_fen) == (10_000_000, 2_167, 0)
    assert show(world, member, done)["state"] == "collecting"
    tell(world)
    assert show(world, member, done)["state"] == "repaid"
    assert owed(world, member, loan_id) == ("normal", 42_946_865)
    assert plan(world, member, loan_id)[0]["amount_fen"] == 194_837
    assert world.balance(member) == (FUND_FEN, 0)
    booked = lines(world, member, f"loan:{loan_id}:prepay:{done['case_no']}")
    assert booked == {"101": 10_002_167, "121": -10_000_000, "401": -2_167}
    assert [one["owed"] for one in told(world, member, "loan_repaid_by_card")] == ["429468.65"]


def test_a_loan_is_settled_by_fund_and_card(world: World) -> None:
    """56,000.00 in the fund: 55,999.99 are held, 473,583.38 taken from the card; both booked when it has paid."""
    member = world.member()
    loan_id = lend(world, member, **VECTOR)
    asked = quote(world, member, "loan-settlement")
    assert (asked["allowed"], asked["max_fen"]) == (True, WHOLE)
    assert {choice["value"] for choice in asked["choices"]["source"]} == {"both", "card"}
    done = confirmed(world, member, apply(world, member, "loan-settlement", {"source": "both"}))
    assert (done["state"], done["amount_fen"]) == ("collecting", WHOLE)
    assert world.balance(member) == (1, 5_599_999)
    send(world, member)
    assert world.node.deducted[-1].amount_fen == WHOLE - 5_599_999 == 47_358_338
    assert owed(world, member, loan_id) == ("normal", 52_946_865)
    tell(world)
    ref = f"loan:{loan_id}:settle:{done['case_no']}"
    assert lines(world, member, f"{ref}:fund") == {"219": 5_599_999, "121": -5_599_999}
    card = {"101": 47_358_338, "121": -(52_946_865 - 5_599_999), "401": -OWN_THREE_DAYS_FEN}
    assert lines(world, member, ref) == card
    assert (owed(world, member, loan_id), world.balance(member)) == (("settled", 0), (1, 0))
    shown = show(world, member, done)
    assert (shown["state"], shown["steps"][-1]["key"]) == ("repaid", "discharge")


def test_a_card_that_pays_nothing_changes_nothing(world: World) -> None:
    member = world.member()
    loan_id = lend(world, member, **VECTOR)
    done = confirmed(world, member, apply(world, member, "loan-settlement", {"source": "both"}))
    world.node.on_deduct = lambda order: PayReply("rejected", "B0100", "账户余额不足", None)
    send(world, member)
    shown = show(world, member, done)
    assert (shown["state"], shown["steps"][-1]["label"]) == ("uncollected", "没有扣成")
    assert owed(world, member, loan_id) == ("normal", 52_946_865)
    assert world.balance(member) == (5_600_000, 0)
    assert deduction(world, member).state == "rejected"
    assert [one["reason"] for one in told(world, member, "card_not_collected")] == ["卡里的钱不够"]
    world.node.on_deduct = None
    again = confirmed(world, member, apply(world, member, "loan-settlement", {"source": "card"}))
    send(world, member)
    tell(world)
    assert show(world, member, again)["state"] == "repaid"


def test_while_the_card_is_asked_the_plan_stands(world: World) -> None:
    """The co-borrower's fund may not repay meanwhile; the quote says so, and nothing of either is lost."""
    spouse = world.member(base_fen=10_000_000)
    member, loan_id = borrower(world, spouse.person)
    offset = {"way": "offset", "amount_fen": 2_000_000}
    before = apply(world, spouse, "fund-loan-withdrawal", offset)
    confirmed(world, member, apply(world, member, "partial-prepayment", PREPAY))
    refusals = quote(world, spouse, "fund-loan-withdrawal", {"way": "offset"})["refusals"]
    assert "fund_loan.collecting" in [refusal["code"] for refusal in refusals]
    application_id = before.get_json()["application_id"]
    path = f"/applications/{application_id}/confirm"
    late = post(world, spouse, path, faced(world, spouse, application_id))
    assert (late.status_code, late.get_json()["code"]) == (409, "loan.deduction_under_way")
    assert world.balance(spouse) == (FUND_FEN, 0)
    send(world, member)
    tell(world)
    assert owed(world, member, loan_id) == ("normal", 42_946_865)
    post(world, spouse, f"/applications/{application_id}/cancel", {})


def test_a_loan_that_the_co_borrower_settled_meanwhile_is_not_charged(world: World) -> None:
    """529,583.37 from the co-borrower's fund, between the borrower's asking and confirming."""
    spouse = world.member(base_fen=10_000_000)
    member, loan_id = borrower(world, spouse.person)
    asked = apply(world, member, "loan-settlement", {"source": "card"})
    offset = {"way": "offset", "amount_fen": WHOLE}
    confirmed(world, spouse, apply(world, spouse, "fund-loan-withdrawal", offset))
    assert owed(world, member, loan_id) == ("settled", 0)
    application_id = asked.get_json()["application_id"]
    late = post(
        world, member, f"/applications/{application_id}/confirm", faced(world, member, application_id)
    )
    assert (late.status_code, late.get_json()["code"]) == (409, "loan.settled")
    post(world, member, f"/applications/{application_id}/cancel", {})


@pytest.mark.parametrize("end", ["success", "failed", "statement", "absent"])
def test_a_lost_answer_is_asked_for_and_never_sent_anew(world: World, end: str) -> None:
    member, loan_id = borrower(world)
    done = confirmed(world, member, apply(world, member, "partial-prepayment", PREPAY))
    world.node.on_deduct = lambda order: PayReply("unknown", "answer.none", "", None)
    send(world, member)
    order = world.node.deducted[-1]
    assert deduction(world, member).state == "unknown"
    if end == "success":
        world.node.on_query = QueryReply("success", f"K{order.instruction_no}", "00000", "")
        ask(world, member)
        assert deduction(world, member).state == "accepted"
        world.node.changes.append(collected(order))
        ask(world, member)
    elif end == "failed":
        world.node.on_query = QueryReply("failed", None, "B0051", "")
        ask(world, member)
    else:
        world.node.on_query = QueryReply("no_record", None, "NOREC", "")
        ask(world, member)
        assert deduction(world, member).state == "unknown"  # the day is still open
        if end == "statement":
            world.node.changes.append(collected(order))
        world.node.day += timedelta(days=1)
        ask(world, member)
    send(world, member)
    came = end in ("success", "statement")
    assert len(world.node.deducted) == 1
    assert show(world, member, done)["state"] == ("repaid" if came else "uncollected")
    assert owed(world, member, loan_id)[1] == (42_946_865 if came else 52_946_865)


def test_a_crash_while_sending_is_asked_for(world: World) -> None:
    member, _ = borrower(world)
    confirmed(world, member, apply(world, member, "partial-prepayment", PREPAY))

    def crash(order: Any) -> PayReply:
        raise RuntimeError("power cut")

    world.node.on_deduct = crash
    with pytest.raises(RuntimeError):
        send(world, member)
    world.node.on_deduct = None
    world.later(minutes=5)
    world.product.deduction_jobs.take_up()
    send(world, member)
    assert (len(world.node.deducted), deduction(world, member).state) == (1, "unknown")
    tell(world)
    assert deduction(world, member).state == "collected"


def test_a_deduction_told_again_is_booked_once(world: World) -> None:
    member, loan_id = borrower(world)
    confirmed(world, member, apply(world, member, "partial-prepayment", PREPAY))
    send(world, member)
    tell(world)
    tell(world)
    tell(world, raw="<other/>", time="100001")
    world.product.settlement_jobs.take_changes([])
    assert owed(world, member, loan_id) == ("normal", 42_946_865)


def test_the_sum_is_of_the_day_it_was_ordered(world: World) -> None:
    """Collected after midnight: booked as of the day before, so that the sum is what was taken."""
    member, loan_id = borrower(world)
    done = confirmed(world, member, apply(world, member, "loan-settlement", {"source": "card"}))
    send(world, member)
    world.later(hours=20)
    tell(world, day=world.node.day + timedelta(days=1))
    row = world.one("SELECT state, settled_on FROM loan WHERE account_id = :a", a=member.account_id)
    assert (row.state, row.settled_on.isoformat()) == ("settled", "2026-11-23")
    paid = world.one(
        "SELECT booked_on, principal_fen + interest_fen AS fen FROM loan_repayment WHERE business_ref = :ref",
        ref=f"loan:{loan_id}:settle:{done['case_no']}",
    )
    assert (paid.booked_on.isoformat(), paid.fen) == ("2026-11-23", WHOLE)


def test_one_that_could_not_be_sent_on_its_day_is_given_up(world: World) -> None:
    member, loan_id = borrower(world)
    done = confirmed(world, member, apply(world, member, "loan-settlement", {"source": "card"}))
    world.node.on_deduct = lambda order: PayReply("not_sent", "link.unreachable", "", None)
    send(world, member)
    assert (show(world, member, done)["state"], deduction(world, member).state) == ("collecting", "ready")
    world.later(days=1)
    member.tokens = world.sign_in(member.person)[1]
    send(world, member)
    assert show(world, member, done)["state"] == "uncollected"
    assert owed(world, member, loan_id) == ("normal", 52_946_865)


def test_a_wrong_amount_or_a_reversal_moves_nothing(world: World) -> None:
    member, loan_id = borrower(world)
    confirmed(world, member, apply(world, member, "partial-prepayment", PREPAY))
    send(world, member)
    tell(world, amount_fen=10_002_166)
    tell(world, reversal=True, host_seq_no="R1")
    assert (deduction(world, member).state, owed(world, member, loan_id)[1]) == ("accepted", 52_946_865)
    tell(world)
    assert deduction(world, member).state == "collected"


@pytest.mark.parametrize("taken_back", [False, True])
def test_money_that_cannot_be_booked_stays_in_sight_and_is_booked_later(
    world: World, taken_back: bool
) -> None:
    """The plan was changed behind the deduction's back: the line is kept, the case waits, i52 and i54 tell of it.

    What the bank put back meanwhile is owed from the moment it is booked.
    """
    member, loan_id = borrower(world)
    done = confirmed(world, member, apply(world, member, "partial-prepayment", PREPAY))
    send(world, member)
    sql = "UPDATE loan SET state = :s, settled_on = :on, balance_fen = :b, repaid_principal_fen = :r WHERE account_id = :a"
    settled = {"s": "settled", "on": "2026-11-23", "b": 0, "r": 52_946_865}
    as_before = {"s": "normal", "on": None, "b": 52_946_865, "r": 0}
    with transaction(world.sessions) as session:
        session.execute(text(sql), {**settled, "a": member.account_id})
    tell(world)
    assert (deduction(world, member).state, show(world, member, done)["state"]) == ("unbooked", "collecting")
    assert "i52_nothing_collected_waits_for_the_books" in world.new_violations()
    if taken_back:
        tell(world, direction="debit")
    with transaction(world.sessions) as session:
        session.execute(text(sql), {**as_before, "a": member.account_id})
    world.later(minutes=11)
    world.product.deduction_jobs.take_up()
    assert show(world, member, done)["state"] == "repaid"
    assert owed(world, member, loan_id) == ("normal", 42_946_865)
    assert accounts(world, member.account_id) == {"119": 10_002_167 if taken_back else 0}
    world.new_violations()


def test_the_payer_is_the_borrower_and_the_order_the_loan_s(world: World) -> None:
    member, _ = borrower(world)
    confirmed(world, member, apply(world, member, "partial-prepayment", PREPAY))
    send(world, member)
    order = replace(world.node.deducted[-1])
    assert (order.payer_name, order.same_bank, order.settle_type) == (member.person.name, True, "1")
    assert order.summary.endswith(order.instruction_no)
    tell(world)
