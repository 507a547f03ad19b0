"""What the borrower's fund covers it pays, whatever held up the agreement's run: the card is not asked for a fen of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.contributions.service import post_contribution
from services.core.clock import SHANGHAI
from services.core.db import transaction
from tests.integration.loans.test_agreements import SMALL, cases, runs, sign_in, signed
from tests.integration.loans.test_agreements import state as agreement_state
from tests.integration.loans.test_card_instalments import (
    DUE_FEN,
    INTEREST_FEN,
    NO_MONEY,
    PRINCIPAL_FEN,
    state,
)
from tests.integration.loans.test_fund_loan_items import lines
from tests.support.domain.deductions import look, send, told
from tests.support.domain.fakes import movement
from tests.support.domain.loans import lend
from tests.support.domain.world import Member, World

HELD_FEN = 300_000
"""What a payment under way holds: it was asked for before the loan."""
FUND_FEN = 5_600_000


def agreed(world: World, member: Member, **loan: Any) -> UUID:
    """An agreement on the loan of SMALL; the repayment card is empty, for the fund pays."""
    world.consent(member)
    loan_id = lend(world, member, **SMALL | loan)
    signed(world, member)
    world.node.on_deduct = lambda order: NO_MONEY
    return loan_id


def blocked(world: World, **fund: Any) -> Member:
    """A member with a payment of 3,000.00 that the bank says nothing of."""
    member = world.member(**fund)
    world.approved(member, HELD_FEN)
    world.run_jobs(member.account_id, "settlement.dispatch")
    return member


def at(world: World, day: str, hour: int) -> None:
    """Move the clock to ten minutes past an hour."""
    moment = datetime.fromisoformat(day).replace(hour=hour, minute=10, tzinfo=SHANGHAI)
    world.later(seconds=(moment - world.clock.now()).total_seconds())


def all_look(world: World, member: Member, day: str, *hours: int) -> None:
    """The agreement's run looks, then the card's, and the bank is asked what there is to ask."""
    for hour in hours:
        at(world, day, hour)
        world.product.agreement_runs.take_up()
        look(world)
        send(world, member)


def contribute(world: World, member: Member, fen: int) -> None:
    """November's contribution comes in."""
    with transaction(world.sessions) as session:
        post_contribution(session, member.account_id, date(2026, 11, 1), fen, world.clock.now())


def from_fund(world: World, member: Member) -> list[tuple[int, str, str, int]]:
    """What the loan's history says of the fund: instalment, code, day, sum."""
    statement = text(
        "SELECT instalment_no, kind, booked_on, principal_fen + interest_fen + penalty_fen AS fen FROM loan_repayment"
        " WHERE account_id = :a AND source = 'fund' ORDER BY booked_at"
    )
    with transaction(world.sessions) as session:
        rows = session.execute(statement, {"a": member.account_id}).all()
    return [(row.instalment_no, row.kind, row.booked_on.isoformat(), row.fen) for row in rows]


def events(world: World, member: Member, topic: str) -> int:
    """How often something was to be told."""
    counted = "SELECT count(*) AS n FROM outbox_event WHERE account_id = :a AND topic = :topic"
    return int(world.one(counted, a=member.account_id, topic=topic).n)


def test_a_case_under_way_does_not_keep_the_fund_from_paying(world: World) -> None:
    """56,000.00, of which 3,000.00 are on hold: at the last hour of the 20th the fund pays 8,428.43, once."""
    member = blocked(world)
    loan_id = agreed(world, member)
    all_look(world, member, "2026-12-20", 0, 8, 17)
    assert (world.balance(member), runs(world, member)) == ((FUND_FEN - HELD_FEN, HELD_FEN), [])
    all_look(world, member, "2026-12-20", 18)
    paid = [(2, "05", "2026-12-20", DUE_FEN)]
    assert from_fund(world, member) == paid
    assert lines(world, member, f"loan:{loan_id}:instalment:2") == {
        "201": DUE_FEN,
        "121": -PRINCIPAL_FEN,
        "401": -INTEREST_FEN,
    }
    assert world.balance(member) == (FUND_FEN - HELD_FEN - DUE_FEN, HELD_FEN)
    all_look(world, member, "2026-12-20", 19, 23)
    all_look(world, member, "2026-12-21", 0, 8, 18)
    assert (from_fund(world, member), state(world, member)) == (paid, "normal")
    assert world.node.deducted == []
    said = told(world, member, "loan_repaid")
    assert [(one["amount"], one["owed"], one["balance"]) for one in said] == [
        ("8428.43", "83478.70", "44571.57")
    ]
    assert [events(world, member, topic) for topic in ("loan.repaid", "instalment.failed")] == [1, 0]
    all_look(world, member, "2027-01-20", 0, 8, 18, 19)
    assert from_fund(world, member) == [*paid, (3, "05", "2027-01-20", DUE_FEN)]
    assert (world.node.deducted, world.new_violations()) == ([], {})


def test_once_the_case_is_over_the_run_pays_the_next_month_and_not_this_one_again(world: World) -> None:
    member = blocked(world)
    agreed(world, member)
    all_look(world, member, "2026-12-20", 18)
    world.product.settlement_jobs.take_changes([movement(world.node.sent[-1])])
    all_look(world, member, "2026-12-20", 19, 23)
    assert (cases(world, member), runs(world, member)) == ([("paid", HELD_FEN)], [])
    all_look(world, member, "2027-01-20", 0, 8, 18)
    assert runs(world, member) == [("2027-01-20", "case", ["2027-01"])]
    assert cases(world, member)[1:] == [("repaid", DUE_FEN)]
    assert [row[0] for row in from_fund(world, member)] == [2, 3]
    assert world.balance(member) == (FUND_FEN - HELD_FEN - 2 * DUE_FEN, 0)


def test_what_is_on_hold_is_not_the_loan_s(world: World) -> None:
    """10,000.00, of which 3,000.00 are on hold and 0.01 stays: 6,999.99 from the fund, 1,428.44 asked of the card."""
    member = blocked(world, months=5)
    agreed(world, member)
    all_look(world, member, "2026-12-20", 0, 18)
    assert [order.amount_fen for order in world.node.deducted] == [142_844]
    assert (from_fund(world, member), world.balance(member)) == ([], (700_000, HELD_FEN))


def test_a_contribution_after_a_short_run_lets_the_fund_pay(world: World) -> None:
    """4,000.00 at the run: the card is asked for 4,428.44 at eight; with 10,000.00 more the fund pays all."""
    member = world.member(months=2)
    agreed(world, member)
    all_look(world, member, "2026-12-20", 0, 8, 9)
    assert runs(world, member) == [("2026-12-20", "short", [])]
    assert [order.amount_fen for order in world.node.deducted] == [DUE_FEN - 399_999] == [442_844]
    contribute(world, member, 1_000_000)
    all_look(world, member, "2026-12-20", 10, 18, 23)
    all_look(world, member, "2026-12-21", 0, 8, 18)
    assert from_fund(world, member) == [(2, "05", "2026-12-20", DUE_FEN)]
    assert world.balance(member) == (1_400_000 - DUE_FEN, 0)
    assert (len(world.node.deducted), state(world, member)) == (1, "normal")
    assert events(world, member, "loan.repaid") == 1
    all_look(world, member, "2027-01-20", 0)
    assert runs(world, member)[1:] == [("2027-01-20", "short", [])]


def test_the_fund_leaves_what_has_to_stay(world: World) -> None:
    """8,428.43 do not pay 8,428.43, for 0.01 stays: the card is asked for that; 8,428.44 do."""
    short, enough = world.member(months=2), world.member(months=2)
    for member, fen in ((short, DUE_FEN), (enough, DUE_FEN + 1)):
        agreed(world, member)
        contribute(world, member, fen - 400_000)
    put_off(world, short, enough)
    all_look(world, short, "2026-12-20", 18)
    send(world, enough)
    assert [order.amount_fen for order in world.node.deducted] == [1]
    assert (world.balance(short), world.balance(enough)) == ((DUE_FEN, 0), (1, 0))


def put_off(world: World, *members: Member) -> None:
    """Their agreements' runs cannot be looked at for long: they failed too often."""
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE loan_agreement SET look_again_at = '2026-12-24' WHERE account_id = ANY(:a)"),
            {"a": [member.account_id for member in members]},
        )


def test_what_is_overdue_is_paid_with_its_penalty_once_the_fund_covers_it(world: World) -> None:
    """Short on the 20th; on the 21st one day of penalty, 8,428.43 × 2.10 %/360 × 1.5 = 0.74, from the fund."""
    member = world.member(months=2)
    loan_id = agreed(world, member)
    all_look(world, member, "2026-12-20", 0, 8, 18)
    all_look(world, member, "2026-12-21", 0, 8)
    assert (state(world, member), world.node.deducted[-1].amount_fen) == ("overdue", DUE_FEN + 74)
    asked = len(world.node.deducted)
    contribute(world, member, 1_000_000)
    all_look(world, member, "2026-12-21", 10, 18)
    assert from_fund(world, member) == [(2, "05", "2026-12-21", DUE_FEN + 74)]
    assert lines(world, member, f"loan:{loan_id}:instalment:2") == {
        "201": DUE_FEN + 74,
        "122": -PRINCIPAL_FEN,
        "401": -INTEREST_FEN - 74,
    }
    assert (state(world, member), len(world.node.deducted)) == ("normal", asked)
    all_look(world, member, "2026-12-22", 0, 8, 18)
    assert (len(from_fund(world, member)), events(world, member, "loan.repaid")) == (1, 1)


def test_without_the_consent_it_rests_on_the_fund_pays_nothing(world: World) -> None:
    member = blocked(world)
    agreed(world, member)
    at(world, "2026-12-20", 18)
    sign_in(world, member)
    client = world.client()
    for consent in client.get("/api/v1/consents", headers=member.bearer).get_json()["consents"]:
        client.delete(f"/api/v1/consents/{consent['consent_id']}", headers=member.bearer)
    look(world)
    send(world, member)
    assert [order.amount_fen for order in world.node.deducted] == [DUE_FEN]
    assert (from_fund(world, member), world.balance(member)) == ([], (FUND_FEN - HELD_FEN, HELD_FEN))


def test_the_last_instalment_has_the_mortgage_discharged(world: World) -> None:
    """Of two months one is left: settled on the 20th; the question names the case that signed the agreement."""
    member = blocked(world)
    loan_id = agreed(world, member, months=2, principal_fen=1_000_000)
    all_look(world, member, "2026-12-20", 0, 18)
    assert state(world, member) == "settled"
    row = world.one(
        "SELECT d.state, g.application_id = d.application_id AS signed, a.case_no = d.case_no AS named"
        " FROM mortgage_discharge d JOIN loan_agreement g USING (account_id)"
        " JOIN application a ON a.account_id = g.account_id AND a.application_id = g.application_id"
        " WHERE d.loan_id = :l",
        l=loan_id,
    )
    assert (row.state, row.signed, row.named) == ("asked", True, True)
    assert "loans.discharge" in world.waiting_jobs(member.account_id)
    world.product.settlement_jobs.take_changes([movement(world.node.sent[-1])])
    all_look(world, member, "2026-12-21", 0)
    assert agreement_state(world, member) == ("ended", "loan_settled")
