"""Agreements over HTTP: signed, changed, ended; the runs on their days, made up for, and never twice."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from sqlalchemy import text

from services.core.db import transaction
from tests.integration.loans.test_fund_loan_items import apply, confirmed, lines, owed, post, quote
from tests.integration.test_second_binding import bind_stranger
from tests.support.domain.deductions import told
from tests.support.domain.fakes import movement
from tests.support.domain.loans import lend
from tests.support.domain.world import Member, World

ITEM = "repayment-agreement"
BANK_LOAN: dict[str, Any] = {
    "contract_no": "ICBC-ZZ-2019-000777",
    "bank_name": "工商银行",
    "kind": "commercial",
    "own_home": True,
    "normal": True,
    "repaid_12m_fen": 3_600_000,
    "monthly_fen": 300_000,
}
YEARLY = "commercial-loan-withdrawal"
_numbers = itertools.count(1)
SMALL = {"drawn_on": "2026-10-20", "months": 12, "principal_fen": 10_000_000}
"""100,000.00 at 2.10 % for a year: 8,428.43 on 2026-11-20 (paid), then on 2026-12-20, of which 160.56 interest."""


def tell_of_bank_loan(world: World, **change: Any) -> None:
    """The registers know one loan of a test: what anybody draws on a loan is counted together."""
    if world.sharing.answers["credit.loan"] == ("ok", {"loans": []}):
        BANK_LOAN["contract_no"] = f"ICBC-ZZ-2019-{next(_numbers):06d}"
    world.sharing.answers["credit.loan"] = ("ok", {"loans": [BANK_LOAN | change]})


def sign_in(world: World, member: Member) -> None:
    """The clock has moved on."""
    member.tokens = world.sign_in(member.person)[1]


def with_bank_loan(world: World, **change: Any) -> Member:
    """56,000.00 in the fund and a bank's loan of 3,000.00 a month."""
    tell_of_bank_loan(world, **change)
    member = world.member()
    world.consent(member)
    return member


def signed(world: World, member: Member, **form: Any) -> dict[str, Any]:
    """An agreement in force."""
    done = confirmed(world, member, apply(world, member, ITEM, form))
    assert done["state"] == "completed"
    return done


def run(world: World) -> None:
    """The job looks, twice: the second time changes nothing."""
    world.product.agreement_runs.take_up()
    world.product.agreement_runs.take_up()


def runs(world: World, member: Member) -> list[tuple[str, str, list[str]]]:
    """What the runs did: day, outcome, months."""
    statement = text(
        "SELECT due_on, outcome, months FROM agreement_run WHERE account_id = :a ORDER BY due_on"
    )
    with transaction(world.sessions) as session:
        rows = session.execute(statement, {"a": member.account_id}).all()
    return [(row.due_on.isoformat(), row.outcome, row.months) for row in rows]


def state(world: World, member: Member) -> tuple[str, str | None]:
    """State of the agreement, the one in force first, and why it ended."""
    row = world.one(
        "SELECT state, ended_why FROM loan_agreement WHERE account_id = :a ORDER BY state LIMIT 1",
        a=member.account_id,
    )
    return row.state, row.ended_why


def cases(world: World, member: Member) -> list[tuple[str, int]]:
    """States and sums of the withdrawal cases."""
    statement = text(
        "SELECT state, amount_fen FROM application WHERE account_id = :a AND kind = 'withdrawal' ORDER BY created_at"
    )
    with transaction(world.sessions) as session:
        return [(row.state, row.amount_fen) for row in session.execute(statement, {"a": member.account_id})]


def pay(world: World, member: Member) -> None:
    """The bank pays."""
    world.run_jobs(member.account_id, "settlement.dispatch")
    world.product.settlement_jobs.take_changes([movement(world.node.sent[-1])])


def test_a_bank_s_loan_is_paid_for_on_the_20th_of_each_month(world: World) -> None:
    member = with_bank_loan(world)
    asked = quote(world, member, ITEM)
    assert (asked["allowed"], asked["asks"], len(asked["cards"])) == (True, ["loan", "card_id"], 1)
    signed(world, member, card_id=str(member.card_id))
    run(world)
    assert runs(world, member) == []  # signed on 23 November; the 20th was before
    world.later(days=27)  # 20 December
    run(world)
    assert cases(world, member) == [("approved", 300_000)]
    pay(world, member)
    assert cases(world, member) == [("paid", 300_000)]
    assert runs(world, member) == [("2026-12-20", "case", ["2026-12"])]
    assert world.balance(member) == (5_300_000, 0)
    world.later(days=1)
    run(world)
    assert len(cases(world, member)) == 1
    assert world.new_violations() == {}


def test_what_was_missed_is_made_up_for(world: World) -> None:
    """Not looked at from November to 20 February: December, January and February in one case of 9,000.00."""
    member = with_bank_loan(world)
    signed(world, member, card_id=str(member.card_id))
    world.sharing.answers["credit.loan"] = ("unavailable", {})
    world.later(days=27)
    run(world)
    assert (runs(world, member), cases(world, member)) == ([], [])
    world.later(days=63)  # 21 February 2027
    tell_of_bank_loan(world)
    run(world)
    assert cases(world, member) == [("approved", 900_000)]
    assert runs(world, member) == [("2027-02-20", "case", ["2026-12", "2027-01", "2027-02"])]
    pay(world, member)


def test_a_hundred_yuan_stay_in_the_fund(world: World) -> None:
    """2,000.00 are there, 100.00 stay: 1,900.00 for a month of 3,000.00."""
    tell_of_bank_loan(world)
    member = world.member(months=1)
    world.consent(member)
    signed(world, member, card_id=str(member.card_id))
    world.later(days=27)
    run(world)
    assert cases(world, member) == [("approved", 190_000)]
    assert world.balance(member) == (10_000, 190_000)
    pay(world, member)


def test_a_payment_that_came_back_is_made_again(world: World) -> None:
    member = with_bank_loan(world)
    signed(world, member, card_id=str(member.card_id))
    world.later(days=27)
    run(world)
    pay(world, member)
    back = movement(world.node.sent[-1], direction="credit", host_seq_no="R77", day=world.node.day)
    world.product.settlement_jobs.take_changes([back])
    assert cases(world, member) == [("returned", 300_000)]
    world.later(days=31)  # 20 January 2027
    run(world)
    assert runs(world, member)[-1] == ("2027-01-20", "case", ["2026-12", "2027-01"])
    pay(world, member)


def test_money_by_agreement_waits_as_any_other_after_a_second_binding(world: World) -> None:
    """Somebody binds with the member's code on 20 December before the run: nothing goes for a day, then December does."""
    member = with_bank_loan(world)
    signed(world, member, card_id=str(member.card_id))
    world.later(days=27)
    bind_stranger(world, member)
    world.later(hours=23, minutes=59)
    run(world)
    assert (runs(world, member), cases(world, member)) == ([], [])
    world.later(minutes=2)
    run(world)
    assert cases(world, member) == [("approved", 300_000)]
    assert runs(world, member) == [("2026-12-20", "case", ["2026-12"])]
    pay(world, member)


def test_what_an_agreement_will_pay_is_judged_when_it_is_signed(world: World) -> None:
    """3,000.00 a month to the card of the form, though the signing itself moves nothing."""
    member = with_bank_loan(world)
    signed(world, member, card_id=str(member.card_id))
    row = world.one("SELECT facts FROM risk_decision WHERE account_id = :a", a=member.account_id)
    assert (row.facts["amount_fen"], row.facts["standing"]) == (300_000, True)


def test_where_its_payment_would_wait_a_person_looks_at_an_agreement(world: World) -> None:
    """20,001.00 a month, signed just after a second binding: one payment like that would wait a day."""
    member = with_bank_loan(world, monthly_fen=2_000_100)
    bind_stranger(world, member)
    asked = apply(world, member, ITEM, {"card_id": str(member.card_id)})
    assert confirmed(world, member, asked)["state"] == "in_review"


@pytest.mark.parametrize("action", ["sign", "change"])
def test_a_bank_s_agreement_is_not_signed_without_a_face(world: World, action: str) -> None:
    member = with_bank_loan(world)
    if action == "change":
        signed(world, member, card_id=str(member.card_id))
    asked = apply(world, member, ITEM, {"action": action, "card_id": str(member.card_id)})
    path = f"/applications/{asked.get_json()['application_id']}"
    answer = post(world, member, f"{path}/card-sms", {})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "route.face_needed")
    assert "每个月自动转钱" in answer.get_json()["detail"]
    ways = world.client().get(f"/api/v1{path}/other-ways", headers=member.bearer).get_json()["ways"]
    assert [way["code"] for way in ways if way["available"]] == ["counter"]


def test_an_agreement_is_ended_and_the_centre_s_signed_without_a_face(world: World) -> None:
    """Neither sends money to a card."""
    member, owner = with_bank_loan(world), world.member()
    world.consent(owner)
    lend(world, owner, **SMALL)
    signed(world, member, card_id=str(member.card_id))
    for one, form in ((member, {"action": "end"}), (owner, {})):
        asked = apply(world, one, ITEM, form)
        path = f"/applications/{asked.get_json()['application_id']}/card-sms"
        assert post(world, one, path, {}).status_code == 202


def test_the_member_is_told_of_what_was_signed_and_changed(world: World) -> None:
    member, owner = with_bank_loan(world), world.member()
    world.consent(owner)
    lend(world, owner, **SMALL)
    at, bank = "11月23日10:00", {"label": "工商银行房贷", "what": "每月自动转到您的卡"}
    signed(world, member, card_id=str(member.card_id))
    assert told(world, member, "agreement_signed") == [{"time": at, **bank}]
    signed(world, member, action="change", card_id=str(member.card_id))
    assert told(world, member, "agreement_changed") == [{"time": at, **bank}]
    signed(world, owner)
    own = {"time": at, "label": "建设银行公积金贷款", "what": "还款日自动用公积金还"}
    assert told(world, owner, "agreement_signed") == [own]


def test_with_a_loan_of_the_centre_s_the_bank_s_is_not_paid_for_any_more(world: World) -> None:
    member = with_bank_loan(world)
    signed(world, member, card_id=str(member.card_id))
    lend(world, member, **SMALL)
    world.later(days=27)
    run(world)
    assert (state(world, member), cases(world, member)) == (("ended", "fund_loan"), [])


@pytest.mark.parametrize("why", ["loan_settled", "consent_withdrawn", "account_closed", "member"])
def test_an_agreement_ends(world: World, why: str) -> None:
    member = with_bank_loan(world)
    signed(world, member, card_id=str(member.card_id))
    if why == "member":
        asked = quote(world, member, ITEM, {"action": "end"})
        assert asked["asks"] == ["action"]
        signed(world, member, action="end")
    world.later(days=27)
    sign_in(world, member)
    if why == "loan_settled":
        world.sharing.answers["credit.loan"] = ("ok", {"loans": []})
    if why == "consent_withdrawn":
        for consent in world.client().get("/api/v1/consents", headers=member.bearer).get_json()["consents"]:
            world.client().delete(f"/api/v1/consents/{consent['consent_id']}", headers=member.bearer)
    if why == "account_closed":
        with transaction(world.sessions) as session:
            session.execute(
                text("UPDATE provident_fund_account SET state = '03' WHERE account_id = :a"),
                {"a": member.account_id},
            )
    run(world)
    assert (state(world, member), cases(world, member)) == (("ended", why), [])


def test_the_centre_s_loan_is_repaid_on_its_due_day(world: World) -> None:
    """8,428.43 on 20 December: after the first instalment 91,746.57 are owed, interest 160.56, principal 8,267.87."""
    member = world.member()
    world.consent(member)
    loan_id = lend(world, member, **SMALL)
    asked = quote(world, member, ITEM)
    assert (asked["allowed"], asked["asks"]) == (True, ["loan"])
    signed(world, member)
    world.later(days=27)
    sign_in(world, member)
    run(world)
    assert cases(world, member) == [("repaid", 842_843)]
    assert runs(world, member) == [("2026-12-20", "case", ["2026-12"])]
    assert lines(world, member, f"loan:{loan_id}:instalment:2") == {
        "201": 842_843,
        "121": -826_787,
        "401": -16_056,
    }
    assert owed(world, member, loan_id) == ("normal", 9_174_657 - 826_787)
    assert world.balance(member) == (5_600_000 - 842_843, 0)
    assert world.new_violations() == {}


def test_an_instalment_paid_late_is_of_the_month_it_was_due_in(world: World) -> None:
    """December's is made up for on 5 January, January's is paid on its day: two months, each once."""
    member = world.member()
    world.consent(member)
    lend(world, member, contract_no="ZZGJJ2026880001", **SMALL)
    signed(world, member)
    world.later(days=43)
    run(world)
    assert runs(world, member) == [("2027-01-05", "case", ["2026-12"])]
    world.later(days=15)
    run(world)
    assert runs(world, member)[1:] == [("2027-01-20", "case", ["2027-01"])]
    assert [one for one, _ in cases(world, member)] == ["repaid", "repaid"]
    assert world.new_violations() == {}


def test_what_fell_overdue_in_three_months_is_of_these_three(world: World) -> None:
    member = world.member()
    world.consent(member)
    lend(world, member, contract_no="ZZGJJ2026880002", **SMALL)
    signed(world, member)
    world.later(days=94)
    run(world)
    assert runs(world, member) == [("2027-02-25", "case", ["2026-12", "2027-01", "2027-02"])]
    assert world.new_violations() == {}


def test_a_fund_too_small_pays_nothing(world: World) -> None:
    """4,000.00 do not pay 8,428.43; the instalment stays with the repayment card."""
    member = world.member(months=2)
    world.consent(member)
    lend(world, member, **SMALL)
    signed(world, member)
    world.later(days=27)
    run(world)
    assert (runs(world, member), cases(world, member)) == ([("2026-12-20", "short", [])], [])


def test_an_agreement_over_a_settled_loan_ends(world: World) -> None:
    member = world.member(base_fen=10_000_000)
    world.consent(member)
    lend(world, member, **SMALL)
    signed(world, member)
    confirmed(world, member, apply(world, member, "loan-settlement", {}))
    world.later(days=1)
    run(world)
    assert state(world, member) == ("ended", "loan_settled")


def test_who_may_not(world: World) -> None:
    member = with_bank_loan(world, kind="combined")
    assert quote(world, member, ITEM)["refusals"][0]["code"] == "agreement.no_loan"
    member = with_bank_loan(world)
    assert quote(world, member, ITEM, {"action": "end"})["refusals"][0]["code"] == "agreement.none"
    signed(world, member, card_id=str(member.card_id))
    again = apply(world, member, ITEM, {"card_id": str(member.card_id)})
    assert again.get_json()["refusals"][0]["code"] == "agreement.exists"
    assert [one["value"] for one in quote(world, member, ITEM)["choices"]["action"]] == ["change", "end"]
    signed(world, member, action="change", card_id=str(member.card_id))
    assert state(world, member) == ("active", None)


def test_nothing_is_out_of_balance(world: World) -> None:
    assert world.new_violations() == {}
