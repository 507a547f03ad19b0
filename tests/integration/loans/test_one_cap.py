"""One cap of a bank's loan, over HTTP: by agreement, once a year, and by both who owe it, drawn once in all."""

from __future__ import annotations

from uuid import UUID

from services.applications.service import load
from services.core.db import transaction
from tests.integration.loans.test_agreements import (
    YEARLY,
    cases,
    pay,
    run,
    runs,
    sign_in,
    signed,
    tell_of_bank_loan,
    with_bank_loan,
)
from tests.integration.loans.test_fund_loan_items import apply, confirmed, quote
from tests.support.domain.desk import DeskWorld
from tests.support.domain.world import Member, World


def approve(world: World, member: Member, application_id: str, amount: str) -> None:
    """One at the desk proposes a yes, another confirms it."""
    desk = DeskWorld(world)
    anna, boris = desk.colleague().sign_in(), desk.colleague().sign_in()
    with transaction(world.sessions) as session:
        case = load(session, member.account_id, UUID(application_id))
    assert anna.act(case, "claim").status_code == 303
    assert anna.act(case, "opinion", verdict="approve", amount=amount).status_code == 303
    assert boris.act(case, "decision", outcome="confirm").status_code == 303


def test_what_the_agreement_drew_is_not_drawn_again_once_a_year(world: World) -> None:
    """36,000.00 were repaid in twelve months; a month of 3,000.00 came by agreement: 33,000.00 are left for the year."""
    member = with_bank_loan(world)
    signed(world, member, card_id=str(member.card_id))
    assert quote(world, member, YEARLY)["max_fen"] == 3_600_000
    world.later(days=27)
    sign_in(world, member)
    run(world)
    pay(world, member)
    assert quote(world, member, YEARLY)["max_fen"] == 3_300_000


def test_a_month_of_a_couple_s_loan_is_paid_to_one_of_them(world: World) -> None:
    """Both owe the bank 3,000.00 a month and both have signed: December comes once, and January too."""
    wife, husband = with_bank_loan(world), with_bank_loan(world)
    for one in (wife, husband):
        signed(world, one, card_id=str(one.card_id))
    world.later(days=27)
    run(world)
    paid = [fen for one in (wife, husband) for _, fen in cases(world, one)]
    assert paid == [300_000]
    first = wife if cases(world, wife) else husband
    pay(world, first)
    world.later(days=31)
    run(world)
    paid = [fen for one in (wife, husband) for _, fen in cases(world, one)]
    assert sorted(paid) == [300_000, 300_000]
    assert world.new_violations() == {}


def test_what_was_drawn_for_the_year_is_not_made_up_for(world: World) -> None:
    """Signed on 23 November, drawn for the year by the spouse on 20 December: the run begins with January."""
    wife, husband = with_bank_loan(world), with_bank_loan(world)
    signed(world, wife, card_id=str(wife.card_id))
    world.later(days=26)
    sign_in(world, husband)
    drawn = apply(world, husband, YEARLY, {"amount_fen": 1_000_000, "card_id": str(husband.card_id)})
    assert drawn.status_code == 201, drawn.text
    world.later(days=1)  # 20 December
    run(world)
    assert cases(world, wife) == []
    world.later(days=31)  # 20 January 2027
    run(world)
    assert cases(world, wife) == [("approved", 300_000)]
    assert runs(world, wife)[-1] == ("2027-01-20", "case", ["2027-01"])
    pay(world, wife)


def test_what_was_drawn_while_the_register_was_silent_is_not_made_up_for(world: World) -> None:
    """Signed on 23 November; on 19 December the register is silent and the year is drawn: the run begins with January."""
    member = with_bank_loan(world)
    signed(world, member, card_id=str(member.card_id))
    world.later(days=26)
    sign_in(world, member)
    world.sharing.answers["credit.loan"] = ("unavailable", {})
    form = {"repaid_fen": 3_600_000, "amount_fen": 1_000_000, "card_id": str(member.card_id)}
    drawn = confirmed(world, member, apply(world, member, YEARLY, form))
    assert drawn["state"] == "in_review"
    approve(world, member, drawn["application_id"], "10000.00")
    pay(world, member)
    tell_of_bank_loan(world)
    world.later(days=32)  # 20 January 2027
    run(world)
    assert runs(world, member)[-1] == ("2027-01-20", "case", ["2027-01"])
    assert cases(world, member) == [("paid", 1_000_000), ("approved", 300_000)]
    pay(world, member)
