"""Interest of a year for every account: the receipts, the books, and what a stop in the middle leaves to do."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text

from services.accounts.interest import Movement, accrue
from services.accounts.models import InterestReceipt, InterestRun
from services.accounts.settlement_interest import closing_interest, post_closing_interest, rates_of
from services.audit.service import CENTRE, broken_links
from services.closing.annual_interest import AnnualInterest, TooEarly, due_on
from services.core.clock import SHANGHAI
from services.core.db import transaction
from services.ledger.queries import fund_before, fund_changes
from services.ledger.service import lock_balance
from tests.support.domain.plans import kept_plans, one_connection
from tests.support.domain.world import Member, World

BEFORE, ON = date(2026, 6, 30), date(2027, 6, 30)
PERIODS_FROM = datetime(2027, 7, 1, 2, tzinfo=SHANGHAI)


def after_the_day(world: World) -> None:
    """On to 1 July 2027."""
    world.clock.move(PERIODS_FROM - world.clock.now())


def run_of(world: World, size: int = 2_000) -> AnnualInterest:
    """The yearly run, in sets of a size."""
    return AnnualInterest(world.sessions, world.clock, world.product.policies, size=size)


def receipt(world: World, member: Member) -> InterestReceipt | None:
    """The member's receipt of the year."""
    with transaction(world.sessions) as session:
        return session.get(InterestReceipt, (member.account_id, ON))


def by_the_rule(world: World, member: Member) -> int:
    """The interest of the year by the pure rule over the member's books; before the run."""
    with transaction(world.sessions) as session:
        found = [Movement(*move) for move in fund_changes(session, member.account_id, BEFORE)]
        opening = fund_before(session, member.account_id, BEFORE)
        rates = rates_of(session, world.product.policies)
    return accrue(opening, [one for one in found if one.on < ON], rates, BEFORE, ON, 360).interest_fen


def lines(world: World, member: Member) -> list[tuple[str, str, int, str]]:
    """The member's journals of interest."""
    statement = text(
        "SELECT business_ref, gl_code, fen, accounting_on::text FROM journal"
        " JOIN posting USING (account_id, journal_id)"
        " WHERE account_id = :a AND business_ref LIKE 'interest\\:%' ORDER BY 1, line_no"
    )
    with transaction(world.sessions) as session:
        return [tuple(row) for row in session.execute(statement, {"a": member.account_id})]  # type: ignore[misc]


def test_a_year_by_hand(world: World) -> None:
    """24 months of 2,000.00 before 2026-06-30, then four on the 15ths from July to October.

    48,000 × 365 = 17,520,000; 2,000 × (350 + 319 + 288 + 258) = 2,430,000; 19,950,000 × 1.5 % / 360 = 831.25.
    """
    member = world.member()
    after_the_day(world)
    done = run_of(world).run(ON)
    assert (done.accounts, done.interest_fen, done.finished) == (1, 83_125, True)
    assert lines(world, member) == [
        ("interest:2027-06-30:accrue", "411", 83_125, "2027-06-30"),
        ("interest:2027-06-30:accrue", "211", -83_125, "2027-06-30"),
        ("interest:2027-06-30:credit", "211", 83_125, "2027-06-30"),
        ("interest:2027-06-30:credit", "201", -83_125, "2027-06-30"),
    ]
    found = receipt(world, member)
    assert found is not None
    assert (found.from_on, found.fen_days, found.interest_fen) == (BEFORE, 1_995_000_000, 83_125)
    assert found.balance_fen == 5_683_125
    assert world.balance(member) == (5_683_125, 0)


def test_every_set_says_what_the_rule_says_of_each_account(world: World) -> None:
    members = [world.member(months=months, base_fen=1_000_003) for months in (0, 1, 5, 17, 28)]
    held = world.member()
    world.approved(held)  # 3,000.00 on hold since 2026-11-23
    members.append(held)
    expected = [by_the_rule(world, member) for member in members]
    after_the_day(world)
    done = run_of(world, size=2).run(ON)
    receipts = [receipt(world, member) for member in members]
    assert [one and one.interest_fen for one in receipts] == expected
    assert done.interest_fen == sum(expected)
    assert done.accounts == len(members)
    with transaction(world.sessions) as session:
        assert broken_links(session, CENTRE) == []


def test_a_run_that_was_cut_off_goes_on_and_pays_nobody_twice(world: World) -> None:
    members = [world.member() for _ in range(5)]
    after_the_day(world)
    cut = run_of(world, size=2)
    cut.begin(ON)
    assert cut.step(ON).accounts == 2
    done = run_of(world, size=2).run(ON)
    assert (done.accounts, done.interest_fen) == (5, 5 * 83_125)
    assert run_of(world).run(ON) == done
    assert {world.balance(member) for member in members} == {(5_683_125, 0)}


def test_two_runs_at_once_share_the_work(world: World) -> None:
    for _ in range(4):
        world.member()
    after_the_day(world)
    one, other = run_of(world, size=1), run_of(world, size=1)
    one.begin(ON)
    other.begin(ON)
    for _ in range(3):
        one.step(ON)
        other.step(ON)
    assert one.step(ON).finished
    with transaction(world.sessions) as session:
        run = session.get_one(InterestRun, ON)
        assert (run.accounts, run.interest_fen) == (4, 4 * 83_125)


def test_what_was_closed_between_the_day_and_the_run_has_its_year(world: World) -> None:
    """On 1 July: the year, 831.25; then one day on 56,831.25, × 1.5 % / 360 = 2.3680, so 2.37."""
    member = world.member()
    after_the_day(world)
    with transaction(world.sessions) as session:
        lock_balance(session, member.account_id)
        found = post_closing_interest(session, world.product.policies, member.account_id, world.clock.now())
    assert found.interest_fen == 83_125 + 237
    assert {line[3] for line in lines(world, member)} == {"2027-06-30", "2027-07-01"}
    done = run_of(world).run(ON)
    assert done.interest_fen == 0
    assert world.balance(member)[0] == 5_600_000 + 83_125 + 237


def test_after_the_run_only_the_days_since_are_owed(world: World) -> None:
    member = world.member()
    after_the_day(world)
    run_of(world).run(ON)
    with transaction(world.sessions) as session:
        found = closing_interest(session, world.product.policies, member.account_id, date(2027, 7, 1))
    assert (found.from_on, found.interest_fen) == (ON, 237)


def test_an_account_without_money_has_a_receipt_and_no_journal(world: World) -> None:
    member = world.member(months=0)
    after_the_day(world)
    run_of(world).run(ON)
    found = receipt(world, member)
    assert found is not None
    assert found.interest_fen == 0
    assert lines(world, member) == []


@pytest.mark.parametrize(
    ("on", "words"),
    [
        (date(2027, 6, 30), "过完"),
        (date(2027, 6, 29), "6 月 30 日"),
        (date(2026, 6, 30), "移交"),
    ],
)
def test_not_before_its_day_nor_for_years_of_the_old_books(world: World, on: date, words: str) -> None:
    world.clock.move(datetime(2027, 6, 30, 23, 59, tzinfo=SHANGHAI) - world.clock.now())
    with pytest.raises(TooEarly) as refused:
        run_of(world).begin(on)
    assert words in refused.value.detail


def test_years_are_settled_in_their_order(world: World) -> None:
    """In 2028 without 2027: the year before comes first, and earns in the next."""
    member = world.member()
    world.clock.move(datetime(2028, 7, 1, 2, tzinfo=SHANGHAI) - world.clock.now())
    with pytest.raises(TooEarly) as refused:
        run_of(world).begin(date(2028, 6, 30))
    assert "2027-06-30" in refused.value.detail
    run_of(world).run(ON)
    run_of(world).run(date(2028, 6, 30))
    # 56,831.25 × 366 days × 1.5 % / 360 = 866.6765
    assert world.balance(member)[0] == 5_683_125 + 86_668


def test_which_year_is_due(world: World) -> None:
    with transaction(world.sessions) as session:
        policy = world.product.policies.on(session, ON)
    assert due_on(date(2027, 6, 30), policy) is None
    assert due_on(ON + timedelta(days=1), policy) == ON
    assert due_on(date(2028, 6, 30), policy) == ON


def test_each_set_is_planned_for_its_accounts(world: World) -> None:
    """A plan that is kept for any set is made for ten accounts: thousands take it minutes."""
    for _ in range(8):
        world.member()
    after_the_day(world)
    with one_connection(world) as sessions:
        AnnualInterest(sessions, world.clock, world.product.policies, size=1).run(ON)
        assert kept_plans(sessions, "interest_receipt") == 0
        assert kept_plans(sessions, "FROM interest_run") > 0
