"""Six items over HTTP: asked, applied for, paid and told; refused with a reason; a silent source goes to a person."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import text

from services.applications.models import Application
from services.contributions.service import post_contribution
from services.core.db import transaction
from services.core.errors import Conflict
from services.settlement.ports import PayReply
from tests.support.domain.fakes import movement
from tests.support.domain.loans import lend, loan_record
from tests.support.domain.persons import Person
from tests.support.domain.world import Member, World, idempotency

HOUSE = "430200000001GB00001F00010001"
HOME = {
    "certificate_no": "湘(2019)株洲市不动产权第0000001号",
    "house_no": HOUSE,
    "address": "天元区示例路1号",
}
CONTRACT = {
    "contract_no": "ZZSP2026001234",
    "house_no": HOUSE,
    "address": "天元区示例路1号",
    "city_code": "430200",
    "kind": "new",
    "signed_on": "2026-07-01",
    "price_fen": 80_000_000,
    "paid_fen": 30_000_000,
    "loan_fen": 50_000_000,
    "share_percent": 100,
    "buyers": [{"relation": "self"}],
    "trades_24m": 0,
}
LOAN = {
    "contract_no": "ICBC-ZZ-2019-000321",
    "bank_name": "工商银行",
    "kind": "commercial",
    "own_home": True,
    "normal": True,
    "repaid_12m_fen": 3_600_000,
    "monthly_fen": 300_000,
}
FILING = {
    "filing_no": "ZZDT2026000018",
    "house_no": HOUSE,
    "address": "天元区示例路1号",
    "accepted_on": "2026-08-25",
    "cost_fen": 42_000_000,
    "subsidy_fen": 10_000_000,
    "share_per_10000": 650,
}
BILL = {
    "bill_no": "WY2026000777",
    "house_no": HOUSE,
    "address": "天元区示例路1号",
    "year": 2026,
    "amount_fen": 216_000,
    "paid_on": "2026-10-20",
}
ABLE: Mapping[str, Mapping[str, Any]] = {
    "purchase-withdrawal": {"housing.contract": {"contracts": [CONTRACT]}},
    "commercial-loan-withdrawal": {"credit.loan": {"loans": [LOAN]}},
    "elevator-withdrawal": {"elevator.filing": {"filings": [FILING]}, "estate.ownership": {"houses": [HOME]}},
    "property-fee-withdrawal": {"property.bill": {"bills": [BILL]}, "estate.ownership": {"houses": [HOME]}},
    "retirement-withdrawal": {"social.status": {"status": "retired", "retired_on": "2026-10-09"}},
    "leaving-withdrawal": {"social.status": {"status": "unemployed"}},
}
"""What the registers say of somebody who may."""
MOST = {
    "purchase-withdrawal": 3_199_999,  # 32,000.00, of which 0.01 stays; 300,000.00 were paid
    "commercial-loan-withdrawal": 3_199_999,  # 36,000.00 were repaid
    "elevator-withdrawal": 2_080_000,  # (420,000 − 100,000) × 6.5 %
    "property-fee-withdrawal": 216_000,
}
FIELD = {
    "purchase-withdrawal": "house",
    "commercial-loan-withdrawal": "loan",
    "elevator-withdrawal": "house",
    "property-fee-withdrawal": "house",
}
_numbers = itertools.count(1)
AGAIN = {
    "purchase-withdrawal": "2027-11-23",
    "commercial-loan-withdrawal": "2027-11-23",
    "elevator-withdrawal": None,  # once a house
    "property-fee-withdrawal": "2027-01-01",
}
CLOSING = ("retirement-withdrawal", "leaving-withdrawal")


def told(world: World, answers: Mapping[str, Any], person: Person | None = None) -> None:
    """The registers answer so, about everybody or one person."""
    for service, data in answers.items():
        world.sharing.answers[f"{service} {person.id_no}" if person else service] = ("ok", data)


def another(value: Any, number: int) -> Any:
    """The same with house and contract numbers of its own: caps are counted over everybody who draws on one."""
    if isinstance(value, Mapping):
        return {
            name: f"{one}-{number}" if name in ("house_no", "contract_no") else another(one, number)
            for name, one in value.items()
        }
    return [another(one, number) for one in value] if isinstance(value, list) else value


def able(world: World, item: str) -> Member:
    """Somebody who may: 16 months of 2,000.00 make 32,000.00."""
    told(world, another(ABLE[item], next(_numbers)))
    more = {"state": "02", "sealed_on": "2026-03-01"} if item == "leaving-withdrawal" else {}
    member = world.member(months=16, **more)
    world.consent(member)
    return member


def quote(world: World, member: Member, item: str, form: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The item's answer over HTTP."""
    answer = world.client().post(f"/api/v1/items/{item}/quote", json=form or {}, headers=member.bearer)
    assert answer.status_code == 200, answer.get_json()
    found: dict[str, Any] = answer.get_json()
    return found


def apply(world: World, member: Member, item: str, form: Mapping[str, Any]) -> Any:
    """The answer to an application over HTTP."""
    return world.client().post(
        f"/api/v1/items/{item}/applications", json=form, headers={**member.bearer, **idempotency()}
    )


def filled(member: Member, item: str, asked: Mapping[str, Any], amount_fen: int = 100_000) -> dict[str, Any]:
    """A form with the first answer that the registers offer."""
    form: dict[str, Any] = {"card_id": str(member.card_id)}
    if item not in CLOSING:
        form["amount_fen"] = amount_fen
    for name, choices in asked["choices"].items():
        form[name] = choices[0]["value"]
    return form


def confirmed(world: World, member: Member, answer: Any) -> Application:
    """The face passed and the member confirmed, over HTTP."""
    assert answer.status_code == 201, answer.get_json()
    application_id = answer.get_json()["application_id"]
    with transaction(world.sessions) as session:
        row = session.get_one(Application, (member.account_id, application_id))
    face = world.passed_face(member, row)
    done = world.client().post(
        f"/api/v1/applications/{application_id}/confirm",
        json={"face_session_id": str(face)},
        headers={**member.bearer, **idempotency()},
    )
    assert done.status_code == 201, done.get_json()
    return row


def paid(world: World, member: Member) -> None:
    """The bank takes the order, pays it, and says so."""
    world.run_jobs(member.account_id, "settlement.dispatch")
    world.product.settlement_jobs.take_changes([movement(world.node.sent[-1])])


def shown(world: World, member: Member, application: Application) -> dict[str, Any]:
    """The application over HTTP."""
    path = f"/api/v1/applications/{application.application_id}"
    found: dict[str, Any] = world.client().get(path, headers=member.bearer).get_json()
    return found


@pytest.mark.parametrize("item", MOST)
def test_who_may_draws_and_is_paid(world: World, item: str) -> None:
    member = able(world, item)
    asked = quote(world, member, item)
    assert (asked["allowed"], asked["max_fen"], asked["approval"]) == (True, MOST[item], "instant")
    assert asked["asks"] == [FIELD[item], "amount_fen", "card_id"]  # the registers know the rest
    answer = apply(world, member, item, filled(member, item, asked, MOST[item]))
    application = confirmed(world, member, answer)
    paid(world, member)
    receipt = shown(world, member, application)
    assert (receipt["state"], receipt["next_available_on"]) == ("paid", AGAIN[item])
    assert world.node.sent[-1].bus_type == "02"
    assert world.balance(member) == (3_200_000 - MOST[item], 0)


@pytest.mark.parametrize("item", CLOSING)
def test_closing_pays_everything_with_interest_and_closes(world: World, item: str) -> None:
    """Interest by hand: months of 2,000.00 came in on the 15th; 1.50 %, 360 days, from 30 June or later."""
    member = able(world, item)
    asked = quote(world, member, item)
    # Retired: paid 2025-07 … 2026-10, so 12 months (24,000) stood on 30 June 2026; days to 23 November: 146 of 24,000,
    # and 2,000 each from 15 July (131), 15 August (100), 15 September (69), 15 October (39).
    # 3,504,000 + 262,000 + 200,000 + 138,000 + 78,000 = 4,182,000 yuan-days × 1.5 % / 360 = 174.25.
    # Left, sealed on 1 March 2026: all 32,000 stood on 30 June: 146 × 32,000 × 1.5 % / 360 = 194.67 (194.666…).
    interest_fen = {"retirement-withdrawal": 17_425, "leaving-withdrawal": 19_467}[item]
    assert (asked["allowed"], asked["max_fen"]) == (True, 3_200_000 + interest_fen)
    assert asked["asks"] == ["card_id"]
    application = confirmed(world, member, apply(world, member, item, filled(member, item, asked)))
    assert world.balance(member) == (0, 3_200_000 + interest_fen)
    assert account(world, member) == ("05", {"retirement-withdrawal": "03", "leaving-withdrawal": "99"}[item])
    paid(world, member)
    order = world.node.sent[-1]
    assert (order.bus_type, order.capital_fen, order.interest_fen) == ("03", 3_200_000, interest_fen)
    assert shown(world, member, application)["state"] == "paid"
    assert world.balance(member) == (0, 0)
    with pytest.raises(Conflict) as closed, transaction(world.sessions) as session:
        post_contribution(
            session, member.account_id, world.clock.now().date().replace(day=1), 1, world.clock.now()
        )
    assert closed.value.code == "account.closed"
    assert quote(world, member, item)["refusals"][0]["code"] == "account.not_usable"


def account(world: World, member: Member) -> tuple[str, str | None]:
    """State and reason of closing."""
    row = world.one(
        "SELECT state, close_reason FROM provident_fund_account WHERE account_id = :a", a=member.account_id
    )
    return row.state, row.close_reason


@pytest.mark.parametrize("item", CLOSING)
@pytest.mark.parametrize("when", ["rejected", "came_back"])
def test_an_account_opens_again_when_its_money_comes_back(world: World, item: str, when: str) -> None:
    member = able(world, item)
    before = account(world, member)
    application = confirmed(world, member, apply(world, member, item, {"card_id": str(member.card_id)}))
    whole = world.balance(member)[1]
    if when == "rejected":
        world.node.on_pay = lambda order: PayReply("rejected", "E1001", "no", None)
        world.run_jobs(member.account_id, "settlement.dispatch")
    else:
        paid(world, member)
        world.later(days=1)
        back = movement(world.node.sent[-1], direction="credit", host_seq_no="R1", day=world.node.day)
        world.product.settlement_jobs.take_changes([back])
        member.tokens = world.sign_in(member.person)[1]
    assert shown(world, member, application)["state"] == "returned"
    assert (account(world, member), world.balance(member)) == (before, (whole, 0))
    world.node.on_pay = None
    again = quote(world, member, item)
    assert again["allowed"] is True
    assert again["max_fen"] == whole  # interest of the day is booked already, or nothing stood there since


@pytest.mark.parametrize(
    ("item", "answers", "code"),
    [
        (
            "purchase-withdrawal",
            {"housing.contract": {"contracts": [CONTRACT | {"paid_fen": 0}]}},
            "purchase.nothing_paid",
        ),
        ("commercial-loan-withdrawal", {"credit.loan": {"loans": []}}, "commercial_loan.none_found"),
        ("elevator-withdrawal", {"elevator.filing": {"filings": []}}, "elevator.not_filed"),
        ("property-fee-withdrawal", {"estate.ownership": {"houses": []}}, "property_fee.no_home"),
        ("retirement-withdrawal", {"social.status": {"status": "employed"}}, "retirement.not_retired"),
        ("leaving-withdrawal", {"social.status": {"status": "employed"}}, "leaving.employed"),
    ],
)
def test_who_may_not_hears_why(world: World, item: str, answers: Mapping[str, Any], code: str) -> None:
    member = able(world, item)
    told(world, answers)
    asked = quote(world, member, item)
    assert asked["allowed"] is False
    assert [refusal["code"] for refusal in asked["refusals"]] == [code]
    answer = apply(world, member, item, filled(member, item, {"choices": {}}))
    assert (answer.status_code, answer.get_json()["code"]) == (409, "item.refused")
    assert world.balance(member) == (3_200_000, 0)


def test_the_centre_s_own_loan_on_the_house_counts_though_the_contract_names_none(world: World) -> None:
    """800,000.00 − 780,000.00 of our loan = 20,000.00; another house's loan takes nothing off."""
    member = able(world, "purchase-withdrawal")
    house_no = f"{HOUSE}-own{next(_numbers)}"
    contract = CONTRACT | {"house_no": house_no, "loan_fen": 0}
    told(world, {"housing.contract": {"contracts": [contract]}})
    for contract_no, other, max_fen in (("A", "-other", 3_199_999), ("B", "", 2_000_000)):
        house = {**loan_record()["house"], "house_no": house_no + other}
        lend(world, member, contract_no=f"{house_no}{contract_no}"[-30:], principal_fen=78_000_000, house=house)
        assert quote(world, member, "purchase-withdrawal")["max_fen"] == max_fen


SILENT = {
    "purchase-withdrawal": ("housing.contract", {"price_fen": 2_000_000, "bought_on": "2026-06-01"}),
    "commercial-loan-withdrawal": ("credit.loan", {"repaid_fen": 800_000}),
    "elevator-withdrawal": ("elevator.filing", {"cost_fen": 900_000}),
    "property-fee-withdrawal": ("property.bill", {"bill_fen": 180_000}),
    "retirement-withdrawal": ("social.status", {}),
    "leaving-withdrawal": ("social.status", {}),
}


@pytest.mark.parametrize("item", SILENT)
@pytest.mark.parametrize("status", ["unavailable", "not_found"])
def test_a_silent_source_sends_the_case_to_a_person(world: World, item: str, status: str) -> None:
    member = able(world, item)
    service, more = SILENT[item]
    world.sharing.answers[service] = (status, {})
    asked = quote(world, member, item)
    assert (asked["allowed"], asked["approval"]) == (True, "review")
    assert set(more) <= set(asked["asks"])  # what the state could not say
    form = filled(member, item, asked) | more
    application = confirmed(world, member, apply(world, member, item, form))
    assert shown(world, member, application)["state"] == "in_review"
    assert world.balance(member) == (3_200_000, 0)
    assert account(world, member)[1] is None


@pytest.mark.parametrize("item", ["purchase-withdrawal", "commercial-loan-withdrawal"])
def test_what_no_register_knows_has_to_be_filled_in(world: World, item: str) -> None:
    member = able(world, item)
    world.sharing.answers[SILENT[item][0]] = ("unavailable", {})
    answer = apply(world, member, item, filled(member, item, {"choices": {}}))
    assert (answer.status_code, answer.get_json()["code"]) == (422, "field.missing")


def test_a_house_that_nobody_offered_is_refused(world: World) -> None:
    member = able(world, "elevator-withdrawal")
    form = {"house": "0" * 32, "amount_fen": 1_000, "card_id": str(member.card_id)}
    answer = apply(world, member, "elevator-withdrawal", form)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "field.invalid")


def test_no_number_of_a_house_or_loan_is_kept_with_the_case(world: World) -> None:
    member = able(world, "commercial-loan-withdrawal")
    asked = quote(world, member, "commercial-loan-withdrawal")
    apply(world, member, "commercial-loan-withdrawal", filled(member, "commercial-loan-withdrawal", asked))
    kept = world.one(
        "SELECT facts::text || form::text || quote::text AS kept FROM application WHERE account_id = :a",
        a=member.account_id,
    ).kept
    assert "ICBC" not in kept
    assert asked["choices"]["loan"][0]["text"].startswith("工商银行房贷（合同尾号 ")


def test_over_fifty_thousand_a_person_looks_and_nothing_is_cut_off(world: World) -> None:
    told(world, another(ABLE["purchase-withdrawal"], next(_numbers)))
    member = world.member(months=28)  # 56,000.00
    world.consent(member)
    most = quote(world, member, "purchase-withdrawal")
    assert (most["max_fen"], most["approval"]) == (5_599_999, "review")
    less = quote(world, member, "purchase-withdrawal", {"amount_fen": 5_000_000})
    assert (less["max_fen"], less["approval"]) == (5_599_999, "instant")


def test_frozen_money_keeps_an_account_open(world: World) -> None:
    member = able(world, "retirement-withdrawal")
    answer = apply(world, member, "retirement-withdrawal", {"card_id": str(member.card_id)})
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE member_balance SET frozen_fen = 1 WHERE account_id = :a"), {"a": member.account_id}
        )
        row = session.get_one(Application, (member.account_id, answer.get_json()["application_id"]))
    face = world.passed_face(member, row)
    with pytest.raises(Conflict):
        world.confirm(member, row, face)
    assert (account(world, member)[0], world.balance(member)) == ("01", (3_200_000, 0))
    assert [r["code"] for r in quote(world, member, "retirement-withdrawal")["refusals"]] == [
        "application.in_flight",
        "closing.frozen",
    ]


def test_an_older_consent_named_fewer_departments(world: World) -> None:
    told(world, ABLE["retirement-withdrawal"])
    member = world.member(months=16)
    world.consent(member)
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE consent SET text_version = '2026-11' WHERE account_id = :a"),
            {"a": member.account_id},
        )
    answer = world.client().post("/api/v1/items/retirement-withdrawal/quote", json={}, headers=member.bearer)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "consent.required")
    assert world.sharing.asked == []


@pytest.mark.parametrize(("bank", "number", "settle"), [("105000", "", "1"), ("102000", "102100099996", "2")])
def test_another_bank_is_paid_by_its_number_in_the_payment_system(
    world: World, bank: str, number: str, settle: str
) -> None:
    member = world.member(bank=bank)
    world.approved(member)
    world.run_jobs(member.account_id, "settlement.dispatch")
    order = world.node.sent[-1]
    assert (order.same_bank, order.interbank_no, order.settle_type) == (number == "", number, settle)
