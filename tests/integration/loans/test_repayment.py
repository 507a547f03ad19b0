"""Repaying a loan: the journals, the plan that follows, and what the facts say of it."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import text

from services.core.clock import SHANGHAI
from services.core.db import transaction
from services.core.errors import NotFound
from services.ledger.service import BalanceInsufficient
from services.loans.calculator import try_prepayment
from services.loans.cards import card_of, change_card
from services.loans.contract import RepaymentCard
from services.loans.errors import (
    InstalmentDueToday,
    InstalmentNotDue,
    LoanOverdue,
    LoanSettled,
    PrepaymentTooMuch,
    SameCard,
)
from services.loans.facts import LoanFact
from services.loans.queries import loan_facts, loan_held
from services.loans.rules import Change
from services.loans.service import (
    Order,
    Payer,
    fall_overdue,
    offset_from_fund,
    own_card,
    pay_instalment,
    pay_overdue,
    prepay_part,
    reprice,
    settle,
)
from services.loans.standing import standing_of
from tests.support.domain.loans import lend
from tests.support.domain.persons import card_number
from tests.support.domain.world import START, Member, World

DRAWN_TODAY = {"drawn_on": "2026-11-20", "months": 12, "principal_fen": 10_000_000}
"""100,000.00 for a year at 2.10 %, the first instalment on 2026-12-20."""


def at(text_: str) -> datetime:
    """Noon of a day in Shanghai."""
    return datetime.fromisoformat(f"{text_}T12:00:00").replace(tzinfo=SHANGHAI)


def fact(world: World, member: Member, day: str = "2026-11-23") -> LoanFact:
    """The member's loan as items see it."""
    with transaction(world.sessions) as session:
        found = loan_facts(
            session, world.cipher, member.account_id, at(day).date(), lambda kind, no: f"{kind}:{no}"
        )
    return found.loans[0]


def lines(world: World, ref: str) -> dict[str, int]:
    """The journal of a reference, debit positive."""
    statement = text(
        "SELECT gl_code, fen FROM journal JOIN posting USING (account_id, journal_id) WHERE business_ref = :ref"
    )
    with transaction(world.sessions) as session:
        return {row.gl_code: row.fen for row in session.execute(statement, {"ref": ref})}


def test_a_loan_with_its_history(world: World, member: Member) -> None:
    """Drawn at 3.25 % on 2021-03-20; 3.10 % from 2023, 2.85 % from 2025, 2.60 % from 2026 (domain facts §4.2)."""
    loan_id = lend(world, member)
    found = fact(world, member)
    assert (found.state, found.normal_months, found.months_left) == ("normal", 68, 292)
    assert (found.rate_ppm, found.next_due_on) == (26_000, "2026-12-20")
    assert found.role == "borrower"
    assert lines(world, f"loan:{loan_id}:draw") == {"121": 60_000_000, "101": -60_000_000}
    # First instalment at 3.25 %: 2,611.24 of which 600,000 × 3.25 %/12 = 1,625.00 is interest.
    assert lines(world, f"loan:{loan_id}:instalment:1") == {"101": 261_124, "121": -98_624, "401": -162_500}
    assert found.repaid_since("2026-10-20") == 2 * found.instalment_fen
    assert found.repaid_since("2026-10-21") == found.instalment_fen
    assert found.house_key == "house:430200000003GB00003F00051101"


def test_the_plan_in_force_pays_what_is_owed(world: World, member: Member) -> None:
    loan_id = lend(world, member)
    with transaction(world.sessions) as session:
        standing = standing_of(session, member.account_id, loan_id)
    assert sum(row.principal_fen for row in standing.planned) == standing.loan.balance_fen
    assert {row.principal_fen + row.interest_fen for row in standing.planned[:-1]} == {
        standing.level(START.date()).fen
    }


def test_an_instalment_is_paid_on_its_day_and_once(world: World, member: Member) -> None:
    """100,000.00 at 2.10 % for 12 months: M = 8,428.43; 175.00 of it interest (100,000 × 2.1 %/12)."""
    loan_id = lend(world, member, **DRAWN_TODAY)
    payer = own_card(member.account_id)
    with pytest.raises(InstalmentNotDue), transaction(world.sessions) as session:
        pay_instalment(session, member.account_id, loan_id, payer, at("2026-12-19"))
    with transaction(world.sessions) as session:
        pay_instalment(session, member.account_id, loan_id, payer, at("2026-12-20"))
    assert lines(world, f"loan:{loan_id}:instalment:1") == {"101": 842_843, "121": -825_343, "401": -17_500}
    with pytest.raises(InstalmentNotDue), transaction(world.sessions) as session:
        pay_instalment(session, member.account_id, loan_id, payer, at("2026-12-20"))


def test_overdue_moves_to_122_and_comes_back_with_its_penalty(world: World, member: Member) -> None:
    """Ten days late: penalty 8,428.43 × 2.1 % / 360 × 1.5 × 10 = 7.3749 → 7.37."""
    loan_id = lend(world, member, **DRAWN_TODAY)
    with transaction(world.sessions) as session:
        assert fall_overdue(session, member.account_id, loan_id, at("2026-12-20")) == 0
        assert fall_overdue(session, member.account_id, loan_id, at("2026-12-21")) == 1
        assert fall_overdue(session, member.account_id, loan_id, at("2026-12-21")) == 0
    assert lines(world, f"loan:{loan_id}:overdue:1") == {"122": 825_343, "121": -825_343}
    found = fact(world, member, "2026-12-30")
    assert (found.is_overdue, found.overdue_principal_fen, found.penalty_fen) == (True, 825_343, 737)
    assert found.normal_months == 0
    order = Order("A1", own_card(member.account_id))
    with pytest.raises(LoanOverdue), transaction(world.sessions) as session:
        prepay_part(session, member.account_id, loan_id, order, 1_000_000, "term", at("2026-12-30"))
    with transaction(world.sessions) as session:
        pay_overdue(session, member.account_id, loan_id, own_card(member.account_id), at("2026-12-30"))
    assert lines(world, f"loan:{loan_id}:instalment:1") == {
        "101": 842_843 + 737,
        "122": -825_343,
        "401": -17_500 - 737,
    }
    assert fact(world, member, "2026-12-30").state == "normal"


def test_partial_prepayment_makes_a_new_plan(world: World, member: Member) -> None:
    """Ten days after the due date: 20,011.67 pay 20,000.00 and 11.67 (20,000 × 2.1 %/360 × 10)."""
    loan_id = lend(world, member, **DRAWN_TODAY)
    order = Order("300261130000001", own_card(member.account_id))
    with transaction(world.sessions) as session:
        found = prepay_part(
            session, member.account_id, loan_id, order, 2_001_167, "instalment", at("2026-11-30")
        )
    assert (found.principal_fen, found.interest_fen) == (2_000_000, 1_167)
    assert lines(world, f"loan:{loan_id}:prepay:300261130000001") == {
        "101": 2_001_167,
        "121": -2_000_000,
        "401": -1_167,
    }
    with transaction(world.sessions) as session:
        standing = standing_of(session, member.account_id, loan_id)
    assert standing.loan.balance_fen == 8_000_000
    # 80,000.00 for 12 months at 2.10 %: 8,428.4289 × 0.8 = 6,742.74.
    assert [len(standing.planned), standing.level(at("2026-11-30").date()).fen] == [12, 674_274]


@pytest.mark.parametrize("change", ["term", "instalment"])
@pytest.mark.parametrize("method", ["01", "02"])
def test_a_trial_from_the_facts_is_what_is_booked(
    world: World, member: Member, change: Change, method: str
) -> None:
    """The facts carry the rates, the level and the days that the rows have."""
    loan_id = lend(world, member, method=method)
    tried = try_prepayment(fact(world, member), 10_000_000, START.date(), change)
    order = Order("T1", own_card(member.account_id))
    with transaction(world.sessions) as session:
        booked = prepay_part(
            session, member.account_id, loan_id, order, 10_000_000, change, world.clock.now()
        )
    assert tried == booked
    after = fact(world, member)
    assert (after.months_left, after.instalment_fen) == (len(tried.after), tried.after[0].amount_fen)
    assert try_prepayment(after, 1_000_000, START.date(), change).before == tried.after


def test_prepayments_that_cannot_be(world: World, member: Member) -> None:
    loan_id = lend(world, member, **DRAWN_TODAY)
    order = Order("A2", own_card(member.account_id))
    for day, amount, fault in (
        ("2026-11-30", 10_100_000, PrepaymentTooMuch),
        ("2026-12-20", 1_000_000, InstalmentDueToday),
        ("2026-12-21", 1_000_000, LoanOverdue),
    ):
        with pytest.raises(fault):
            try_prepayment(fact(world, member, day), amount, at(day).date(), "term")
        with pytest.raises(fault), transaction(world.sessions) as session:
            prepay_part(session, member.account_id, loan_id, order, amount, "term", at(day))


def test_full_settlement(world: World, member: Member) -> None:
    """100,000.00 and ten days of interest, 58.33 (100,000 × 2.1 %/360 × 10 = 58.3333)."""
    loan_id = lend(world, member, **DRAWN_TODAY)
    order = Order("A3", own_card(member.account_id))
    assert fact(world, member, "2026-11-30").settle_today_fen == 10_005_833
    with transaction(world.sessions) as session:
        settle(session, member.account_id, loan_id, order, at("2026-11-30"))
    assert lines(world, f"loan:{loan_id}:settle:A3") == {"101": 10_005_833, "121": -10_000_000, "401": -5_833}
    found = fact(world, member, "2026-11-30")
    assert (found.state, found.settled_on, found.settle_today_fen) == ("settled", "2026-11-30", 0)
    assert (found.months_left, found.next_due_on) == (0, None)
    with pytest.raises(LoanSettled), transaction(world.sessions) as session:
        settle(session, member.account_id, loan_id, order, at("2026-12-01"))


def test_settlement_takes_what_is_overdue_with_it(world: World, member: Member) -> None:
    """On 2026-12-30, the first instalment ten days late.

    By hand: principal 100,000.00; its instalment's interest 175.00 and penalty 7.37; ten days on the rest,
    91,746.57 × 2.1 %/360 × 10 = 53.52.
    """
    loan_id = lend(world, member, **DRAWN_TODAY)
    with transaction(world.sessions) as session:
        due = settle(
            session, member.account_id, loan_id, Order("A4", own_card(member.account_id)), at("2026-12-30")
        )
    assert due.amount_fen == 10_000_000 + 17_500 + 737 + 5_352
    assert lines(world, f"loan:{loan_id}:settle:A4") == {
        "101": due.amount_fen,
        "121": -9_174_657,
        "122": -825_343,
        "401": -17_500 - 737 - 5_352,
    }


def test_offset_from_the_fund_pays_a_part_and_leaves_one_fen(world: World, member: Member) -> None:
    """The fund holds 56,000.00, the loan 100,000.00: 55,999.99 go into the loan, 201 against 121 and 401."""
    loan_id = lend(world, member, **DRAWN_TODAY)
    order = Order("A5", Payer("fund", member.account_id))
    with transaction(world.sessions) as session:
        taken = offset_from_fund(
            session, member.account_id, loan_id, order, 5_600_000, 1, "term", at("2026-11-30")
        )
    assert taken == 5_599_999
    booked = lines(world, f"loan:{loan_id}:prepay:A5")
    assert booked["201"] == 5_599_999
    assert booked["121"] + booked["401"] == -5_599_999
    assert world.balance(member) == (1, 0)
    assert fact(world, member, "2026-11-30").repaid_own_fen == 0
    with pytest.raises(BalanceInsufficient), transaction(world.sessions) as session:
        offset_from_fund(session, member.account_id, loan_id, order, 1, 1, "term", at("2026-11-30"))


def test_offset_settles_when_the_fund_covers_it(world: World, member: Member) -> None:
    loan_id = lend(world, member, **(DRAWN_TODAY | {"principal_fen": 1_000_000}))
    order = Order("A6", Payer("fund", member.account_id))
    with transaction(world.sessions) as session:
        taken = offset_from_fund(
            session, member.account_id, loan_id, order, 5_600_000, 1, "term", at("2026-11-30")
        )
    assert taken == 1_000_583  # ten days of 10,000.00 at 2.10 %: 5.8333
    assert fact(world, member, "2026-11-30").state == "settled"


def test_a_co_borrower_sees_the_loan_and_pays_from_their_own_fund(world: World, member: Member) -> None:
    spouse = world.member()
    loan_id = lend(world, member, spouse.person, **DRAWN_TODAY)
    assert fact(world, spouse, "2026-11-30").role == "co_borrower"
    order = Order("A7", Payer("fund", spouse.account_id))
    with transaction(world.sessions) as session:
        offset_from_fund(session, member.account_id, loan_id, order, 100_001, 1, "term", at("2026-11-30"))
    assert world.balance(spouse) == (5_500_000, 0)
    assert world.balance(member) == (5_600_000, 0)


def test_nobody_else_sees_the_loan(world: World, member: Member) -> None:
    loan_id = lend(world, member, **DRAWN_TODAY)
    stranger = world.member()
    with pytest.raises(NotFound), transaction(world.sessions) as session:
        loan_held(session, stranger.account_id, loan_id)


def test_the_repayment_card_changes_and_the_old_one_stays_on_record(world: World, member: Member) -> None:
    loan_id = lend(world, member, **DRAWN_TODAY)
    card = RepaymentCard("102000", "工商银行", card_number(4_022))
    with transaction(world.sessions) as session:
        change_card(session, world.cipher, member.account_id, loan_id, card, at("2026-11-24"))
    with transaction(world.sessions) as session:
        assert card_of(session, member.account_id, loan_id).tail4 == card.card_no[-4:]
    row = world.one(
        "SELECT count(*) AS cards, count(ended_at) AS ended FROM loan_card WHERE loan_id = :id", id=loan_id
    )
    assert (row.cards, row.ended) == (2, 1)
    with pytest.raises(SameCard), transaction(world.sessions) as session:
        change_card(session, world.cipher, member.account_id, loan_id, card, at("2026-11-25"))


def test_a_new_rate_from_1_january(world: World, member: Member) -> None:
    """2.10 % → 1.80 %: the January interest is split, 11 days of the old rate and 19 of the new."""
    loan_id = lend(world, member, **DRAWN_TODAY)
    with transaction(world.sessions) as session:
        pay_instalment(session, member.account_id, loan_id, own_card(member.account_id), at("2026-12-20"))
    with transaction(world.sessions) as session:
        assert reprice(session, member.account_id, loan_id, 18_000, 2027, at("2026-12-31"))
    with transaction(world.sessions) as session:
        assert not reprice(session, member.account_id, loan_id, 18_000, 2027, at("2026-12-31"))
        january = standing_of(session, member.account_id, loan_id).planned[0]
    # 91,746.57 × (2.1 % × 11 + 1.8 % × 19) / 360 = 58.8706 + 87.1590 = 146.03
    assert (january.interest_fen, january.rate_ppm, january.version) == (14_603, 18_000, 2)


def test_a_takeover_may_be_in_arrears_or_settled(world: World) -> None:
    late, done = world.member(), world.member()
    lend(world, late, unpaid=2)
    lend(world, done, settled_on="2026-09-10", method="02")
    assert fact(world, late).state == "overdue"
    settled = fact(world, done)
    assert (settled.state, settled.settled_on, settled.balance_fen) == ("settled", "2026-09-10", 0)
