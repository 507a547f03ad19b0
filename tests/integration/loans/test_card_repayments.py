"""Items 10 and 11 paid by card, over HTTP: collected, refused by the card, lost on the way, told twice, taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.core.clock import shanghai_day
from services.core.db import transaction
from services.loans.queries import loan_facts
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
from tests.support.domain.fakes import collected
from tests.support.domain.loans import lend
from tests.support.domain.persons import card_number
from tests.support.domain.world import Member, World

WHOLE = 52_946_865 + OWN_THREE_DAYS_FEN
"""529,468.65 and three days of interest, 114.72."""
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


@pytest.mark.parametrize("early", [False, True])
def test_what_the_bank_takes_back_is_owed_and_taken_again(world: World, early: bool) -> None:
    """Dr 119, Cr 101; the loan's books stand; the next round takes it again, Dr 101, Cr 119."""
    member, loan_id = borrower(world)
    confirmed(world, member, apply(world, member, "partial-prepayment", PREPAY))
    send(world, member)
    moves: list[Callable[[], None]] = [lambda: tell(world), lambda: tell(world, direction="debit")]
    for move in reversed(moves) if early else moves:
        move()
    assert owed(world, member, loan_id) == ("normal", 42_946_865)
    assert told(world, member, "deduction_taken_back")[0]["amount"] == "100021.67"
    assert accounts(world, member.account_id) == {"119": 10_002_167}
    world.later(hours=1)
    look(world)
    send(world, member)
    assert world.node.deducted[-1].amount_fen == 10_002_167
    tell(world)
    assert accounts(world, member.account_id) == {"119": 0}


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


def test_what_the_bank_put_back_was_not_repaid_out_of_one_s_own_pocket(world: World) -> None:
    """100,021.67 came from the card and went back to it: until it is taken again it cannot be drawn either."""
    member, _ = borrower(world)

    def repaid_own_fen() -> int:
        with transaction(world.sessions) as session:
            found = loan_facts(session, world.product.cipher, member.account_id, day, lambda kind, no: no)
        return found.loans[0].repaid_own_fen

    day = shanghai_day(world.clock.now())
    before_fen = repaid_own_fen()
    confirmed(world, member, apply(world, member, "partial-prepayment", PREPAY))
    send(world, member)
    tell(world)
    assert repaid_own_fen() == before_fen + 10_002_167
    tell(world, direction="debit")
    assert repaid_own_fen() == before_fen
    world.later(hours=1)
    look(world)
    send(world, member)
    tell(world)  # taken again
    assert repaid_own_fen() == before_fen + 10_002_167


def test_a_loan_whose_money_was_put_back_is_not_free_yet(world: World) -> None:
    """Settled in the books, owed all the same: no discharge, no certificate, no closing, until the card has paid again."""
    world.sharing.answers["estate.discharge"] = ("ok", {"state": "registered", "receipt_no": "R1"})
    world.sharing.answers["social.status"] = ("ok", {"status": "retired", "retired_on": "2026-10-01"})
    member, _ = borrower(world)
    world.consent(member)
    confirmed(world, member, apply(world, member, "loan-settlement", {"source": "card"}))
    send(world, member)
    tell(world)
    tell(world, direction="debit")

    def refused(item: str, form: dict[str, Any]) -> list[str]:
        return [refusal["code"] for refusal in quote(world, member, item, form)["refusals"]]

    def discharge() -> str:
        world.run_jobs(member.account_id, "loans.discharge")
        statement = "SELECT state FROM mortgage_discharge WHERE account_id = :a"
        return str(world.one(statement, a=member.account_id).state)

    retirement = {"card_id": str(member.card_id)}
    assert discharge() == "asked"
    assert "estate.discharge" not in [service for service, _ in world.sharing.asked]
    assert refused("loan-settled-certificate", {}) == ["settled_certificate.put_back"]
    assert refused("retirement-withdrawal", retirement) == ["loan.still_open"]
    world.later(hours=1)
    member.tokens = world.sign_in(member.person)[1]
    look(world)
    send(world, member)
    assert discharge() == "asked"
    tell(world)
    assert refused("loan-settled-certificate", {}) == []
    assert refused("retirement-withdrawal", retirement) == []
    world.later(minutes=11)
    world.product.discharges.take_up()
    assert discharge() == "registered"


def test_what_was_put_back_after_the_settlement_is_paid_by_another_card(world: World) -> None:
    """The card that settled the loan is closed: the borrower names another, which pays what the bank put back."""
    world.sharing.answers["social.status"] = ("ok", {"status": "retired", "retired_on": "2026-10-01"})
    member, loan_id = borrower(world)
    world.consent(member)
    confirmed(world, member, apply(world, member, "loan-settlement", {"source": "card"}))
    send(world, member)
    tell(world)
    form = {"card_no": card_number(9_301), "bank_code": "105000"}
    assert quote(world, member, "repayment-account-change", form)["refusals"][0]["code"] == "fund_loan.none_open"
    tell(world, direction="debit")
    retirement = {"card_id": str(member.card_id)}
    said = quote(world, member, "retirement-withdrawal", retirement)["refusals"][0]
    assert (said["code"], "还款账号变更" in said["text"]) == ("loan.still_open", True)
    changed = confirmed(world, member, apply(world, member, "repayment-account-change", form))
    assert changed["state"] == "completed"
    world.later(hours=1)
    member.tokens = world.sign_in(member.person)[1]
    look(world)
    send(world, member)
    order = world.node.deducted[-1]
    assert (order.payer_account_no, order.amount_fen) == (form["card_no"], WHOLE)
    tell(world)
    assert owed(world, member, loan_id) == ("settled", 0)
    assert accounts(world, member.account_id) == {"119": 0}
    assert quote(world, member, "retirement-withdrawal", retirement)["refusals"] == []
    assert world.new_violations() == {}


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
