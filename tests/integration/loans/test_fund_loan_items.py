"""Repaying the centre's loan over HTTP: part, all, or to the card; plan and balance to the fen, refused, twice, at once."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.applications.models import Application
from services.core.db import transaction
from services.loans.models import MortgageDischarge
from services.loans.service import fall_overdue
from services.loans.standing import standing_of
from tests.support.domain.fakes import movement
from tests.support.domain.loans import lend
from tests.support.domain.persons import Person
from tests.support.domain.world import Member, World, idempotency

VECTOR = {"drawn_on": "2026-11-20", "months": 300, "principal_fen": 52_946_865}
"""What 600,000.00 at 2.60 % for 30 years owe after 60 instalments (domain facts §4.3): M = 2,402.04."""
FUND_FEN = 56_000_000
"""28 months of 20,000.00."""
OWN_THREE_DAYS_FEN = 11_472
"""529,468.65 × 2.60 % × 3 / 360 = 114.718 → 114.72."""
_numbers = itertools.count(1)


def borrower(world: World, *co_borrowers: Person, **loan: Any) -> tuple[Member, UUID]:
    """A member with 560,000.00 and the loan of the vector."""
    member = world.member(base_fen=10_000_000)
    contract_no = f"ZZGJJ2026{next(_numbers):06d}"
    return member, lend(world, member, *co_borrowers, **{"contract_no": contract_no, **VECTOR, **loan})


def post(world: World, member: Member, path: str, form: Mapping[str, Any], **headers: str) -> Any:
    """A POST with a key of its own unless one is given."""
    key = headers or idempotency()
    return world.client().post(f"/api/v1{path}", json=form, headers={**member.bearer, **key})


def quote(world: World, member: Member, item: str, form: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The item's answer."""
    answer = post(world, member, f"/items/{item}/quote", form or {})
    assert answer.status_code == 200, answer.get_json()
    return dict(answer.get_json())


def apply(world: World, member: Member, item: str, form: Mapping[str, Any]) -> Any:
    """The answer to an application."""
    return post(world, member, f"/items/{item}/applications", form)


def faced(world: World, member: Member, application_id: str) -> dict[str, str]:
    """The body of a confirmation: a face that passed for this application."""
    with transaction(world.sessions) as session:
        row = session.get_one(Application, (member.account_id, UUID(application_id)))
    return {"face_session_id": str(world.passed_face(member, row))}


def confirmed(world: World, member: Member, answer: Any) -> dict[str, Any]:
    """Submitted, faced and confirmed."""
    assert answer.status_code == 201, answer.get_json()
    application_id = answer.get_json()["application_id"]
    done = post(
        world, member, f"/applications/{application_id}/confirm", faced(world, member, application_id)
    )
    assert done.status_code == 201, done.get_json()
    return dict(done.get_json())


def plan(world: World, member: Member, loan_id: UUID) -> list[dict[str, Any]]:
    """The instalments ahead, over HTTP."""
    found = world.client().get(f"/api/v1/loans/{loan_id}/plan", headers=member.bearer).get_json()
    return [row for row in found["instalments"] if row["state"] == "planned"]


def owed(world: World, member: Member, loan_id: UUID) -> tuple[str, int]:
    """State and principal of the loan, over HTTP."""
    found = world.client().get(f"/api/v1/loans/{loan_id}", headers=member.bearer).get_json()
    return found["state"], found["balance_fen"]


def lines(world: World, member: Member, ref: str) -> dict[str, int]:
    """A journal of the member, debit positive."""
    statement = text(
        "SELECT gl_code, fen FROM journal JOIN posting USING (account_id, journal_id)"
        " WHERE account_id = :a AND business_ref = :ref"
    )
    with transaction(world.sessions) as session:
        rows = session.execute(statement, {"a": member.account_id, "ref": ref})
        return {row.gl_code: row.fen for row in rows}


@pytest.mark.parametrize(
    ("change", "months", "first_fen", "last_fen"),
    [
        ("instalment", 300, 194_837, None),
        ("term", 227, 240_204, 97_995),
    ],
)
def test_a_part_is_repaid_from_the_fund(
    world: World, change: str, months: int, first_fen: int, last_fen: int | None
) -> None:
    """100,021.67 three days on: 100,000.00 of principal and 21.67 (× 2.60 % × 3/360); then §4.3's vectors."""
    member, loan_id = borrower(world)
    form = {"amount_fen": 10_002_167, "change": change}
    asked = quote(world, member, "partial-prepayment", form)
    assert (asked["allowed"], asked["verb"], asked["approval"]) == (True, "还", "instant")
    assert asked["asks"] == ["loan", "source", "change", "amount_fen"]
    tried = {line["label"]: line for line in asked["preview"]}
    assert tried["这次还"]["text"] == "其中本金 100,000.00 元，到今天的利息 21.67 元"
    assert tried["以后每月还"]["amount_fen"] == first_fen
    assert tried["以后每月还"]["text"] == "现在每月还 2,402.04 元"

    done = confirmed(world, member, apply(world, member, "partial-prepayment", form))
    assert (done["state"], done["amount_fen"], done["card"]) == ("repaid", 10_002_167, None)
    assert [step["label"] for step in done["steps"]] == ["提交", "刷脸", "批准", "还进贷款"]
    assert {step["state"] for step in done["steps"]} == {"done"}
    ahead = plan(world, member, loan_id)
    assert (len(ahead), ahead[0]["amount_fen"]) == (months, first_fen)
    assert last_fen is None or ahead[-1]["amount_fen"] == last_fen
    assert sum(row["principal_fen"] for row in ahead) == 42_946_865
    assert owed(world, member, loan_id) == ("normal", 42_946_865)
    assert world.balance(member) == (FUND_FEN - 10_002_167, 0)
    booked = lines(world, member, f"loan:{loan_id}:prepay:{done['case_no']}")
    assert booked == {"201": 10_002_167, "121": -10_000_000, "401": -2_167}
    assert world.node.sent == []
    world.run_jobs(member.account_id)
    told = [notice.fields for notice in world.channels["sms"].sent if notice.template == "loan_repaid"]
    assert [(one["amount"], one["owed"], one["balance"]) for one in told] == [
        ("100021.67", "429468.65", "459978.33")
    ]


def test_a_loan_is_settled_and_the_mortgage_discharged(world: World) -> None:
    """529,468.65 and 114.72 of interest; the registry is silent, takes it in, and registers it."""
    member, loan_id = borrower(world)
    whole = 52_946_865 + OWN_THREE_DAYS_FEN
    asked = quote(world, member, "loan-settlement")
    assert (asked["allowed"], asked["max_fen"], asked["asks"]) == (True, whole, ["loan", "source"])
    world.sharing.answers["estate.discharge"] = ("unavailable", {})
    done = confirmed(world, member, apply(world, member, "loan-settlement", {}))
    assert (done["state"], done["amount_fen"]) == ("repaid", whole)
    assert owed(world, member, loan_id) == ("settled", 0)
    assert world.balance(member) == (FUND_FEN - whole, 0)
    booked = lines(world, member, f"loan:{loan_id}:settle:{done['case_no']}")
    assert booked == {"201": whole, "121": -52_946_865, "401": -OWN_THREE_DAYS_FEN}

    def step() -> tuple[str, str]:
        path = f"/api/v1/applications/{done['application_id']}"
        last = world.client().get(path, headers=member.bearer).get_json()["steps"][-1]
        return last["label"], last["state"]

    assert step() == ("解除抵押", "current")
    for answer, state in (
        (None, "current"),
        ({"state": "accepted", "receipt_no": "DY1"}, "current"),
        ({"state": "registered", "receipt_no": "DY1"}, "done"),
    ):
        if answer:
            world.sharing.answers["estate.discharge"] = ("ok", answer)
        world.product.discharges.take_up()
        world.run_jobs(member.account_id)
        world.later(minutes=61)
        member.tokens = world.sign_in(member.person)[1]
        assert step() == ("解除抵押", state)
    questions = [request for service, request in world.sharing.asked if service == "estate.discharge"]
    assert [request.params["receipt_no"] for request in questions] == ["", "", "DY1"]
    assert questions[0].params["settled_on"] == "2026-11-23"
    world.product.discharges.take_up()
    assert "loans.discharge" not in world.waiting_jobs(member.account_id)
    with transaction(world.sessions) as session:
        row = session.get_one(MortgageDischarge, (member.account_id, loan_id))
    assert (row.state, row.asked_times, row.ask_again_at) == ("registered", 3, None)
    assert quote(world, member, "loan-settlement")["refusals"][0]["code"] == "fund_loan.none_open"


def test_settling_is_to_the_day_of_the_confirmation(world: World) -> None:
    """5,000.00 at 2.10 %: late on the 23rd three days are 0.875 → 0.88, after midnight four days 1.1666 → 1.17."""
    member, loan_id = borrower(world, months=12, principal_fen=500_000)
    world.later(hours=13, minutes=55)
    member.tokens = world.sign_in(member.person)[1]
    answer = apply(world, member, "loan-settlement", {})
    assert answer.get_json()["amount_fen"] == 500_088
    world.later(minutes=10)
    done = confirmed(world, member, answer)
    assert (done["state"], done["amount_fen"]) == ("repaid", 500_117)
    assert owed(world, member, loan_id) == ("settled", 0)


def test_at_night_a_person_looks_at_a_large_repayment(world: World) -> None:
    """A payment would wait; a sum to the day cannot, so it goes to review, and nothing is booked."""
    member, loan_id = borrower(world)
    world.later(hours=14, minutes=5)
    member.tokens = world.sign_in(member.person)[1]
    done = confirmed(world, member, apply(world, member, "loan-settlement", {}))
    assert (done["state"], owed(world, member, loan_id)) == ("in_review", ("normal", 52_946_865))
    assert world.balance(member) == (FUND_FEN, 0)


def test_the_fund_repays_what_it_may_or_settles(world: World) -> None:
    """冲还: a part of 10,002.17 (10,000.00 and 2.17); the next year all of it."""
    member, loan_id = borrower(world)
    form = {"way": "offset", "change": "instalment", "amount_fen": 1_000_217}
    asked = quote(world, member, "fund-loan-withdrawal", form)
    assert (asked["max_fen"], asked["verb"]) == (52_946_865 + OWN_THREE_DAYS_FEN, "还")
    assert asked["asks"] == ["loan", "way", "change", "amount_fen"]
    done = confirmed(world, member, apply(world, member, "fund-loan-withdrawal", form))
    assert done["state"] == "repaid"
    assert owed(world, member, loan_id) == ("normal", 51_946_865)
    again = quote(world, member, "fund-loan-withdrawal", form)["refusals"][0]
    assert (again["code"], again["next_on"]) == ("fund_loan.too_soon", "2027-11-23")


def test_a_fund_that_covers_it_settles(world: World) -> None:
    member, loan_id = borrower(world)
    whole = 52_946_865 + OWN_THREE_DAYS_FEN
    form = {"way": "offset", "amount_fen": whole}
    done = confirmed(world, member, apply(world, member, "fund-loan-withdrawal", form))
    assert (done["amount_fen"], owed(world, member, loan_id)) == (whole, ("settled", 0))
    assert done["steps"][-1]["key"] == "discharge"


def test_a_fund_never_falls_below_one_fen(world: World) -> None:
    """56,000.00 in the fund: 55,999.99 may go to the loan, 56,000.00 may not."""
    member = world.member()
    lend(world, member, **VECTOR)
    form = {"way": "offset", "amount_fen": 5_599_999}
    assert quote(world, member, "fund-loan-withdrawal", form)["max_fen"] == 5_599_999
    over = apply(world, member, "fund-loan-withdrawal", form | {"amount_fen": 5_600_000})
    assert (over.status_code, over.get_json()["code"]) == (409, "withdrawal.amount_over")
    confirmed(world, member, apply(world, member, "fund-loan-withdrawal", form))
    assert world.balance(member) == (1, 0)


def test_what_was_repaid_goes_to_the_card_once_for_both(world: World) -> None:
    """Twelve of 8,504.26 … are repaid out of the pocket; the borrower draws all, nothing is left for the spouse."""
    spouse = world.member()
    member, _ = borrower(world, spouse.person, drawn_on="2025-11-20", months=60, principal_fen=10_000_000)
    repaid = world.one(
        "SELECT repaid_principal_fen + repaid_interest_fen AS fen FROM loan WHERE account_id = :a",
        a=member.account_id,
    ).fen
    asked = quote(world, member, "fund-loan-withdrawal")
    assert (asked["max_fen"], asked["asks"]) == (repaid, ["loan", "way", "amount_fen", "card_id"])
    form = {"way": "card", "amount_fen": repaid, "card_id": str(member.card_id)}
    done = confirmed(world, member, apply(world, member, "fund-loan-withdrawal", form))
    world.run_jobs(member.account_id, "settlement.dispatch")
    world.product.settlement_jobs.take_changes([movement(world.node.sent[-1])])
    path = f"/api/v1/applications/{done['application_id']}"
    assert world.client().get(path, headers=member.bearer).get_json()["state"] == "paid"
    assert world.balance(member) == (FUND_FEN - repaid, 0)
    left = quote(world, spouse, "fund-loan-withdrawal")
    assert left["refusals"][0]["code"] == "fund_loan.repaid_used"
    assert quote(world, spouse, "fund-loan-withdrawal", {"way": "offset"})["allowed"] is True


def test_who_may_not(world: World) -> None:
    spouse = world.member(base_fen=10_000_000)
    member, loan_id = borrower(world, spouse.person)
    for item in ("partial-prepayment", "loan-settlement"):
        assert quote(world, spouse, item)["refusals"][0]["code"] == "fund_loan.not_borrower"
        stranger = world.member()
        assert quote(world, stranger, item)["refusals"][0]["code"] == "fund_loan.none_open"
        form = {"loan": str(loan_id), "amount_fen": 1_000_000} if item == "partial-prepayment" else {}
        refused = apply(world, stranger, item, form)
        assert (refused.status_code, refused.get_json()["code"]) == (409, "item.refused")
    big = apply(world, member, "partial-prepayment", {"amount_fen": 55_000_000})
    assert big.get_json()["refusals"][0]["code"] == "prepayment.settles"
    small = apply(world, member, "partial-prepayment", {"amount_fen": 999_999})
    assert small.get_json()["refusals"][0]["code"] == "prepayment.under_minimum"
    world.later(days=28)  # 2026-12-21: the first instalment was not paid
    member.tokens = world.sign_in(member.person)[1]
    with transaction(world.sessions) as session:
        fall_overdue(session, member.account_id, loan_id, world.clock.now())
    late = quote(world, member, "partial-prepayment")["refusals"][0]
    assert late["code"] == "fund_loan.overdue"
    # One day of penalty: 2,402.04 × 2.60 %/360 × 1.5 = 0.26.
    assert "2,402.30 元" in late["text"]
    assert quote(world, member, "loan-settlement")["allowed"] is True


def test_a_fund_too_small_to_settle(world: World) -> None:
    member = world.member()
    lend(world, member, **VECTOR)
    refusal = quote(world, member, "loan-settlement", {"source": "fund"})["refusals"][0]
    assert refusal["code"] == "settlement.balance_short"
    # 529,583.37 less 55,999.99.
    assert "还差 473,583.38 元" in refusal["text"]


def test_the_same_submission_and_confirmation_twice_is_one(world: World) -> None:
    member, loan_id = borrower(world)
    form, key = {"amount_fen": 2_000_000, "change": "term"}, idempotency()
    first = post(world, member, "/items/partial-prepayment/applications", form, **key)
    second = post(world, member, "/items/partial-prepayment/applications", form, **key)
    assert first.get_json()["application_id"] == second.get_json()["application_id"]
    other = apply(world, member, "loan-settlement", {})
    assert (other.status_code, other.get_json()["refusals"][0]["code"]) == (409, "application.in_flight")
    application_id = first.get_json()["application_id"]
    body, key = faced(world, member, application_id), idempotency()
    path = f"/applications/{application_id}/confirm"
    assert [post(world, member, path, body, **key).status_code for _ in range(2)] == [201, 201]
    anew = post(world, member, path, body)
    assert (anew.status_code, anew.get_json()["code"]) == (409, "application.state_changed")
    assert world.balance(member) == (FUND_FEN - 2_000_000, 0)
    with transaction(world.sessions) as session:
        assert standing_of(session, member.account_id, loan_id).loan.plan_version == 2


def together(*acts: Callable[[], Any]) -> list[int]:
    """Run all at the same moment; the status of each."""
    start, ends = threading.Barrier(len(acts)), [0] * len(acts)

    def run(place: int) -> None:
        start.wait()
        ends[place] = acts[place]().status_code

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return ends


def test_two_borrowers_of_one_loan_at_once(world: World) -> None:
    """Both are ready to settle; one does, the other keeps the money and may still withdraw the case."""
    spouse = world.member(base_fen=10_000_000)
    member, loan_id = borrower(world, spouse.person)
    whole = 52_946_865 + OWN_THREE_DAYS_FEN
    cases = [
        (member, apply(world, member, "loan-settlement", {})),
        (spouse, apply(world, spouse, "fund-loan-withdrawal", {"way": "offset", "amount_fen": whole})),
    ]
    ready = [(who, one.get_json()["application_id"]) for who, one in cases]
    bodies = [faced(world, who, application_id) for who, application_id in ready]

    def act(place: int) -> Callable[[], Any]:
        who, application_id = ready[place]
        return lambda: post(world, who, f"/applications/{application_id}/confirm", bodies[place])

    ends = together(act(0), act(1))
    assert sorted(ends) == [201, 409]
    assert owed(world, member, loan_id) == ("settled", 0)
    winner, loser = ends.index(201), ends.index(409)
    assert world.balance(ready[winner][0]) == (FUND_FEN - whole, 0)
    assert world.balance(ready[loser][0]) == (FUND_FEN, 0)
    who, application_id = ready[loser]
    cancelled = post(world, who, f"/applications/{application_id}/cancel", {})
    assert cancelled.get_json()["state"] == "cancelled"


def test_the_exchange_is_never_asked_about_a_repayment(world: World) -> None:
    """The loan is ours: no consent, and no question to anybody."""
    member, _ = borrower(world)
    before = len(world.sharing.asked)
    quote(world, member, "partial-prepayment")
    assert len(world.sharing.asked) == before


def test_nothing_is_out_of_balance(world: World) -> None:
    assert world.new_violations() == {}
