"""Caps that members share, in the database: counted while pending, freed when it ends, and held when two ask at once."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import pytest

from services.core.db import transaction
from services.core.errors import DomainError
from services.items.engine import AmountOver, ItemRefused
from tests.integration.test_six_items import BILL, CONTRACT, FILING, HOME, LOAN, another, quote, told
from tests.support.domain.persons import Person
from tests.support.domain.world import Member, World

FEE, LOAN_ITEM = "property-fee-withdrawal", "commercial-loan-withdrawal"
ELSEWHERE: dict[str, dict[str, Any]] = {
    "purchase-withdrawal": {"house": "other", "price_fen": 2_000_000, "bought_on": "2026-06-01"},
    LOAN_ITEM: {"loan": "other", "repaid_fen": 2_000_000},
    "elevator-withdrawal": {"house": "other", "cost_fen": 2_000_000},
    FEE: {"house": "other", "bill_fen": 200_000},
}
"""Forms for a house or loan that no register shows for the one who asks."""


@dataclass
class Couple:
    """Two members married to each other, and what they say in their forms."""

    wife: Member
    husband: Member


_numbers = iter(range(10_001, 20_000))


@pytest.fixture
def couple(world: World) -> Couple:
    """Married, each with 56,000.00; one home with a bill of 5,000.00, one loan of which 36,000.00 were repaid."""
    return married(world, world.member(), world.member())


def married(world: World, wife: Member, husband: Member) -> Couple:
    """What the registers say of two."""
    number = next(_numbers)
    for one, other in ((wife, husband), (husband, wife)):
        world.consent(one)
        spouse = {"name": other.person.name, "id_no": other.person.id_no}
        answers = {
            "civil.marriage": {"status": "20", "spouse": spouse, "changes_24m": 0},
            "estate.ownership": {"houses": [another(HOME, number)]},
            "property.bill": {"bills": [another(BILL | {"amount_fen": 500_000}, number)]},
            "credit.loan": {"loans": [another(LOAN, number)]},
            "housing.contract": {"contracts": [another(CONTRACT, number)]},
            "elevator.filing": {"filings": [another(FILING, number)]},
        }
        told(world, answers, one.person)
    return Couple(wife, husband)


def form(world: World, member: Member, item: str, amount_fen: int) -> dict[str, Any]:
    """The form with the house or loan that the registers offer."""
    choices = quote(world, member, item)["choices"]
    known = {name: offered[0]["value"] for name, offered in choices.items()}
    return {"amount_fen": amount_fen, "card_id": str(member.card_id), **known}


def submit(world: World, member: Member, item: str, amount_fen: int) -> Any:
    """An application in a transaction of its own."""
    prepared = world.prepare(member, form(world, member, item, amount_fen), item)
    with transaction(world.sessions) as session:
        return world.product.engine.submit(session, member.account_id, prepared)


@pytest.mark.parametrize(("item", "cap_fen"), [(FEE, 300_000), (LOAN_ITEM, 3_600_000)])
def test_what_one_asked_for_is_gone_for_the_other(
    world: World, couple: Couple, item: str, cap_fen: int
) -> None:
    submitted = submit(world, couple.wife, item, cap_fen - 100_000)
    assert quote(world, couple.husband, item)["max_fen"] == 100_000
    with transaction(world.sessions) as session:
        world.product.engine.cancel(session, couple.wife.account_id, submitted.application_id)
    assert quote(world, couple.husband, item)["max_fen"] == cap_fen


@pytest.mark.parametrize(("item", "cap_fen"), [(FEE, 300_000), (LOAN_ITEM, 3_600_000)])
def test_the_whole_cap_is_refused_to_the_second(
    world: World, couple: Couple, item: str, cap_fen: int
) -> None:
    prepared = world.prepare(couple.husband, form(world, couple.husband, item, 100), item)
    submit(world, couple.wife, item, cap_fen)
    with pytest.raises(ItemRefused) as refused, transaction(world.sessions) as session:
        world.product.engine.submit(session, couple.husband.account_id, prepared)
    codes = {refusal["code"] for refusal in refused.value.extra["refusals"]}
    assert codes == {"property_fee.cap_used" if item == FEE else "commercial_loan.repaid_used"}


@pytest.mark.parametrize(("item", "cap_fen"), [(FEE, 300_000), (LOAN_ITEM, 3_600_000)])
def test_two_who_ask_at_once_get_one_cap(world: World, couple: Couple, item: str, cap_fen: int) -> None:
    """Both ask for two thirds of the cap in the same moment: exactly one gets it."""
    amount_fen = cap_fen * 2 // 3
    prepared = {
        member.account_id: world.prepare(member, form(world, member, item, amount_fen), item)
        for member in (couple.wife, couple.husband)
    }
    gate = threading.Barrier(2)
    outcomes: list[str] = []

    def ask(member: Member) -> None:
        gate.wait()
        try:
            with transaction(world.sessions) as session:
                world.product.engine.submit(session, member.account_id, prepared[member.account_id])
            outcomes.append("taken")
        except (AmountOver, ItemRefused) as refused:
            outcomes.append(refused.code)
        except DomainError as other:
            outcomes.append(f"unexpected {other.code}")

    threads = [threading.Thread(target=ask, args=(member,)) for member in (couple.wife, couple.husband)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["taken", "withdrawal.amount_over"]
    row = world.one(
        "SELECT sum(amount_fen) AS fen, count(*) AS n FROM application WHERE account_id IN (:a, :b)",
        a=couple.wife.account_id,
        b=couple.husband.account_id,
    )
    assert (row.fen, row.n) == (amount_fen, 1)


def test_somebody_else_has_a_cap_of_their_own(world: World, couple: Couple) -> None:
    submit(world, couple.wife, FEE, 300_000)
    number = next(_numbers)
    stranger = world.member()
    world.consent(stranger)
    answers = {
        "estate.ownership": {"houses": [another(HOME, number)]},
        "property.bill": {"bills": [another(BILL, number)]},
    }
    told(world, answers, stranger.person)
    assert quote(world, stranger, FEE)["max_fen"] == 216_000


@pytest.mark.parametrize("item", ELSEWHERE)
def test_what_one_drew_without_a_name_makes_a_person_look_at_the_other(
    world: World, couple: Couple, item: str
) -> None:
    """The wife says "another one" and a person decides; the husband's register names it: it may be the very same."""
    wife, husband = couple.wife, couple.husband
    named = form(world, husband, item, 100_000)
    assert quote(world, husband, item, named)["approval"] == "instant"
    unnamed = {"amount_fen": 100_000, "card_id": str(wife.card_id), **ELSEWHERE[item]}
    prepared = world.prepare(wife, unnamed, item)
    with transaction(world.sessions) as session:
        submitted = world.product.engine.submit(session, wife.account_id, prepared)
    assert submitted.quote["approval"] == "review"
    assert quote(world, husband, item, named)["approval"] == "review"
    with transaction(world.sessions) as session:
        world.product.engine.cancel(session, wife.account_id, submitted.application_id)
    assert quote(world, husband, item, named)["approval"] == "instant"


def test_what_one_drew_by_name_leaves_the_other_s_as_it_is(world: World, couple: Couple) -> None:
    """Counted by its key, so nobody has to look."""
    submit(world, couple.wife, LOAN_ITEM, 1_000_000)
    assert quote(world, couple.husband, LOAN_ITEM)["approval"] == "instant"


@pytest.mark.parametrize("item", ELSEWHERE)
@pytest.mark.parametrize(
    ("status", "approval"), [("10", "instant"), ("40", "instant"), ("20", "review"), ("90", "review")]
)
def test_a_household_that_the_register_leaves_open_is_looked_at(
    world: World, couple: Couple, item: str, status: str, approval: str
) -> None:
    """What the spouse drew counts; who that is, the register does not say."""
    wife = couple.wife
    told(world, {"civil.marriage": {"status": status, "spouse": None, "changes_24m": 0}}, wife.person)
    found = quote(world, wife, item, form(world, wife, item, 100_000))
    assert (found["allowed"], found["approval"]) == (True, approval)


def wide(value: Any) -> Any:
    """A record whose numbers of houses and contracts are written in full width, with spaces and in small letters."""
    if isinstance(value, list):
        return [wide(one) for one in value]
    if not isinstance(value, dict):
        return value
    numbers = {name: one for name, one in value.items() if name in ("house_no", "contract_no")}
    spelt = {
        name: " ".join(chr(ord(sign) + 0xFEE0) for sign in one.lower()) for name, one in numbers.items()
    }
    return {name: wide(one) for name, one in value.items()} | spelt


@pytest.mark.parametrize(("item", "cap_fen"), [(FEE, 300_000), (LOAN_ITEM, 3_600_000)])
def test_a_house_is_one_house_however_a_register_spells_its_number(
    world: World, couple: Couple, item: str, cap_fen: int
) -> None:
    submit(world, couple.wife, item, cap_fen - 100_000)
    names = [name for name in world.sharing.answers if name.endswith(couple.husband.person.id_no)]
    for name in names:
        status, data = world.sharing.answers[name]
        world.sharing.answers[name] = (status, wide(data))
    assert quote(world, couple.husband, item)["max_fen"] == 100_000


def test_a_spouse_is_found_however_the_register_writes_the_x(world: World) -> None:
    """What the wife drew without a name counts; a small x made her nobody's account."""
    person = next(one for one in iter(Person, None) if one.id_no.endswith("X"))
    couple = married(world, world.member(person), world.member())
    wife, husband = couple.wife, couple.husband
    spouse = {"name": person.name, "id_no": f" {person.id_no.lower()}"}
    told(world, {"civil.marriage": {"status": "20", "spouse": spouse, "changes_24m": 0}}, husband.person)
    unnamed = {"amount_fen": 100_000, "card_id": str(wife.card_id), **ELSEWHERE[LOAN_ITEM]}
    prepared = world.prepare(wife, unnamed, LOAN_ITEM)
    with transaction(world.sessions) as session:
        world.product.engine.submit(session, wife.account_id, prepared)
    named = form(world, husband, LOAN_ITEM, 100_000)
    assert quote(world, husband, LOAN_ITEM, named)["approval"] == "review"
