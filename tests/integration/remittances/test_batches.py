"""A month of an employer: from the file and the money to the members' funds, once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from services.audit.service import CENTRE, broken_links
from services.contributions.service import months_paid
from services.core.db import transaction
from services.ledger.batch import books_day
from services.remittances.faults import AlreadyFiled, EmployerUnknown, NotNow
from services.remittances.models import Employer
from services.remittances.posting import Posting
from tests.support.domain.plans import kept_plans, one_connection
from tests.support.domain.remittances import Unit
from tests.support.domain.world import World

BEFORE = 400_000
AFTER = BEFORE + 200_000
"""Two months of 2,000.00, and one more."""


def posting(world: World, size: int) -> Posting:
    """The posting, in sets of a size."""
    return Posting(world.sessions, world.clock, world.product.policies, size=size)


def journals(world: World, unit: Unit) -> list[tuple[str, str, str, int]]:
    """The first person's journals of November."""
    statement = text(
        "SELECT business_ref, summary, gl_code, fen FROM journal JOIN posting USING (account_id, journal_id)"
        " WHERE account_id = :a AND business_ref LIKE 'contribution\\:2026-11%' ORDER BY created_at, 1, line_no"
    )
    with transaction(world.sessions) as session:
        return [tuple(row) for row in session.execute(statement, {"a": unit.accounts[0]})]  # type: ignore[misc]


def test_a_month_by_hand(world: World, unit: Unit) -> None:
    """Three people, 10,000.00 at 10 % each side: 2,000.00 a head, 6,000.00 in all."""
    filed = unit.file()
    assert (filed.state, filed.people, filed.total_fen, filed.faults) == ("waiting", 3, 600_000, ())
    before = unit.clearing_fen()
    assert unit.pay(600_000, f"汇缴{filed.batch_no}") == "remittance_paid"
    assert unit.clearing_fen() - before == 600_000
    assert unit.funds() == [BEFORE] * 3
    assert unit.post(filed.batch_id) == "posted"
    assert unit.clearing_fen() == before
    assert unit.funds() == [AFTER] * 3
    reference = f"contribution:2026-11:{filed.batch_no}"
    assert journals(world, unit) == [
        (reference, "2026年11月汇缴", "21902", 200_000),
        (reference, "2026年11月汇缴", "201", -200_000),
    ]
    with transaction(world.sessions) as session:
        assert months_paid(session, unit.accounts[0])[0] == date(2026, 11, 1)
        assert session.get_one(Employer, unit.employer_id).paid_through == date(2026, 11, 1)
        assert broken_links(session, CENTRE) == broken_links(session, unit.employer_id) == []


def test_nothing_is_posted_without_its_money(world: World, unit: Unit) -> None:
    filed = unit.file()
    assert posting(world, 10).run(filed.batch_id) == "waiting"
    assert unit.pay(599_999, filed.batch_no) == "remittance_part"
    assert posting(world, 10).run(filed.batch_id) == "waiting"
    assert unit.funds() == [BEFORE] * 3
    assert unit.pay(1, filed.batch_no) == "remittance_paid"
    assert unit.post(filed.batch_id) == "posted"


def test_money_too_much_stays_on_the_clearing_account(world: World, unit: Unit) -> None:
    filed, before = unit.file(), unit.clearing_fen()
    assert unit.pay(600_500, filed.batch_no) == "remittance_over"
    assert unit.post(filed.batch_id) == "posted"
    assert unit.clearing_fen() - before == 500


def test_money_of_a_known_payer_waits_for_a_file_that_fits(world: World, unit: Unit) -> None:
    assert unit.pay(600_000, "公积金") == "remittance_open"
    filed = unit.file()
    assert (filed.state, filed.received_fen) == ("funded", 600_000)
    assert unit.post(filed.batch_id) == "posted"


def test_money_that_fits_no_file_waits(world: World, unit: Unit) -> None:
    filed = unit.file()
    assert unit.pay(123_456) == "remittance_open"
    assert unit.state(filed.batch_id) == "waiting"
    assert unit.pay(600_000) == "remittance_paid"
    assert unit.post(filed.batch_id) == "posted"


def test_money_of_a_stranger_is_nobody_s(unit: Unit) -> None:
    assert unit.pay(600_000, counter_account_no="999999999") == "unmatched"


def test_what_the_bank_takes_back_before_the_posting_waits_again(world: World, unit: Unit) -> None:
    filed, before = unit.file(), unit.clearing_fen()
    unit.pay(600_000, filed.batch_no)
    assert unit.pay(600_000, filed.batch_no, direction="debit") == "remittance_back"
    assert unit.state(filed.batch_id) == "waiting"
    assert unit.clearing_fen() == before
    assert posting(world, 10).run(filed.batch_id) == "waiting"
    unit.pay(600_000, filed.batch_no)
    assert unit.post(filed.batch_id) == "posted"
    assert unit.pay(600_000, filed.batch_no, direction="debit") == "break"
    assert unit.funds() == [AFTER] * 3


def test_a_run_that_was_killed_goes_on_and_posts_nobody_twice(world: World) -> None:
    unit = Unit(world, people=5)
    filed = unit.file()
    unit.pay(1_000_000, filed.batch_no)
    assert posting(world, 2).step(filed.batch_id) == "posting"
    assert unit.funds() == [AFTER, AFTER, BEFORE, BEFORE, BEFORE]
    assert posting(world, 2).run(filed.batch_id) == "posted"
    assert posting(world, 2).run(filed.batch_id) == "posted"
    assert unit.funds() == [AFTER] * 5


def test_a_set_that_is_cut_off_leaves_nothing(
    world: World, unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    filed = unit.file()
    unit.pay(600_000, filed.batch_no)

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("services.remittances.stepping.note_set", cut)
    with pytest.raises(KeyboardInterrupt):
        posting(world, 2).run(filed.batch_id)
    monkeypatch.undo()
    assert unit.funds() == [BEFORE] * 3
    assert unit.state(filed.batch_id) == "funded"
    assert unit.post(filed.batch_id) == "posted"


def test_the_sweep_finds_what_a_crash_left(world: World, unit: Unit) -> None:
    filed = unit.file()
    unit.pay(600_000, filed.batch_no)
    with transaction(world.sessions) as session:
        session.execute(text("DELETE FROM procrastinate_jobs WHERE task_name = 'remittances.post'"))
    world.product.remittance_jobs.take_up()
    waiting = "SELECT count(*) AS n FROM procrastinate_jobs WHERE args->>'batch_id' = :b AND status = 'todo'"
    assert world.one(waiting, b=str(filed.batch_id)).n == 0
    world.later(minutes=1)
    world.product.remittance_jobs.take_up()
    assert world.one(waiting, b=str(filed.batch_id)).n == 1
    assert unit.post(filed.batch_id) == "posted"


def test_a_file_is_taken_once(unit: Unit) -> None:
    unit.file()
    with pytest.raises(AlreadyFiled):
        unit.file()
    with pytest.raises(AlreadyFiled):
        unit.file(encoding="gb18030")


def test_an_employer_nobody_knows(unit: Unit) -> None:
    with pytest.raises(EmployerUnknown):
        unit.file(单位账号="98000000000000")


def test_a_batch_called_off_gives_its_money_to_the_next(unit: Unit, world: World) -> None:
    filed = unit.file()
    unit.pay(300_000, filed.batch_no)
    assert world.product.remittances.cancel(filed.batch_no, actor="staff:anna").state == "cancelled"
    with pytest.raises(NotNow):
        world.product.remittances.cancel(filed.batch_no, actor="staff:anna")
    again = unit.file(text=unit.sheet().replace("\n", "\r\n"))
    assert again.state == "waiting"
    assert unit.pay(300_000, again.batch_no) == "remittance_paid"  # with the 3,000.00 that was there
    assert unit.post(again.batch_id) == "posted"


def test_two_sums_without_a_number_pay_the_only_batch_that_waits(unit: Unit) -> None:
    filed = unit.file()
    assert unit.pay(250_000) == "remittance_open"
    assert unit.pay(350_000) == "remittance_paid"
    assert unit.post(filed.batch_id) == "posted"


def test_records_that_changed_before_the_money_came_hold_the_batch(unit: Unit, world: World) -> None:
    filed = unit.file()
    change = text("UPDATE provident_fund_account SET state = :state WHERE account_id = :a")
    with transaction(world.sessions) as session:
        session.execute(change, {"state": "02", "a": unit.accounts[1]})
    world.later(minutes=11)
    unit.pay(600_000, filed.batch_no)
    assert unit.post(filed.batch_id) == "held"
    shown = world.product.remittances.show(filed.batch_no)
    assert [(one.line_no, one.code) for one in shown.faults] == [(0, "people_more"), (2, "account_sealed")]
    with transaction(world.sessions) as session:
        session.execute(change, {"state": "01", "a": unit.accounts[1]})
    assert world.product.remittances.recheck(filed.batch_no, actor="staff:anna").state == "funded"
    assert unit.post(filed.batch_id) == "posted"
    assert unit.funds() == [AFTER] * 3


def test_an_account_closed_in_the_middle_is_left_out_and_said(unit: Unit, world: World) -> None:
    filed, before = unit.file(), unit.clearing_fen()
    unit.pay(600_000, filed.batch_no)
    run = posting(world, 1)
    assert run.step(filed.batch_id) == "posting"
    with transaction(world.sessions) as session:
        close = (
            "UPDATE provident_fund_account SET state = '05', closed_on = '2026-11-23' WHERE account_id = :a"
        )
        session.execute(text(close), {"a": unit.accounts[1]})
    assert run.run(filed.batch_id) == "posted"
    assert unit.funds() == [AFTER, BEFORE, AFTER]
    assert unit.clearing_fen() - before == 200_000
    faults = world.product.remittances.show(filed.batch_no).faults
    assert [(one.line_no, one.code) for one in faults] == [(2, "left_out")]
    with transaction(world.sessions) as session:  # closed with money in it: only for this test
        opened = "UPDATE provident_fund_account SET state = '01', closed_on = NULL WHERE account_id = :a"
        session.execute(text(opened), {"a": unit.accounts[1]})


def test_bound_members_are_told_once(world: World) -> None:
    unit = Unit(world, people=0)
    member = world.member(employer=unit.name, months=2)
    number = world.one(
        "SELECT account_no FROM provident_fund_account WHERE account_id = :a", a=member.account_id
    ).account_no
    unit.hire()
    unit.entries.append(type(unit.entries[0])(number, member.person.id_no))
    unit.accounts.append(member.account_id)
    filed = unit.file()
    unit.pay(400_000, filed.batch_no)
    unit.post(filed.batch_id)
    world.run_jobs(member.account_id)
    while world.one("SELECT told FROM remittance_batch WHERE batch_id = :b", b=filed.batch_id).told < 2:
        world.product.remittance_jobs.take_up()
    world.product.remittance_jobs.take_up()
    assert world.waiting_jobs(member.account_id) == ["notices.handle_event"]
    assert world.waiting_jobs(unit.accounts[0]) == []
    payload = world.one(
        "SELECT payload FROM outbox_event WHERE account_id = :a AND topic = 'contribution.posted'",
        a=member.account_id,
    ).payload
    assert payload == {"month": "2026-11", "amount_fen": 200_000, "balance_fen": AFTER}


def test_a_set_is_of_the_day_a_single_journal_would_be_of(world: World) -> None:
    """10 o'clock on 23 November: the 23rd, unless the bank has cut over to the 24th; before the first day, as it is."""
    now = world.clock.now()
    opened = text("INSERT INTO business_day (day, state, opened_at) VALUES (:day, 'open', :at)")
    with world.sessions() as session:
        assert books_day(session, now) == date(2026, 11, 23)
        session.execute(opened, {"day": date(2026, 11, 24), "at": now})
        assert books_day(session, now + timedelta(days=1)) == date(2026, 11, 24)
        assert books_day(session, now + timedelta(days=2)) == date(2026, 11, 25)
        assert books_day(session, now) == date(2026, 11, 23)
        session.rollback()
        session.execute(opened, {"day": date(2026, 11, 23), "at": now})
        session.execute(text("UPDATE business_day SET state = 'closing', closing_at = :at"), {"at": now})
        session.execute(opened, {"day": date(2026, 11, 24), "at": now})
        assert books_day(session, now) == date(2026, 11, 24)
        session.rollback()


def test_months_filed_together_and_paid_the_other_way_round(world: World) -> None:
    """A new employer's October and November, November's money first: December is next, not November again."""
    unit = Unit(world, people=0)
    unit.hire(months=0)
    october, november = unit.file(month="2026-10"), unit.file()
    assert (october.faults, november.faults) == ((), ())
    for filed in (november, october):
        assert unit.pay(200_000, filed.batch_no) == "remittance_paid"
        assert unit.post(filed.batch_id) == "posted"
    with transaction(world.sessions) as session:
        assert session.get_one(Employer, unit.employer_id).paid_through == date(2026, 11, 1)


def test_money_of_a_cancelled_batch_is_taken_back_from_where_it_went(world: World, unit: Unit) -> None:
    """It names the batch it was sent for, and pays for another: that one waits again, and nobody is credited."""
    first = unit.file()
    assert unit.pay(200_000, first.batch_no) == "remittance_part"
    world.product.remittances.cancel(first.batch_no, actor="staff:anna")
    second = unit.file()
    assert unit.pay(400_000) == "remittance_paid"
    assert unit.state(second.batch_id) == "funded"
    assert unit.pay(200_000, first.batch_no, direction="debit", reversal=True) == "remittance_back"
    assert unit.state(second.batch_id) == "waiting"
    assert unit.post(second.batch_id) == "waiting"
    assert unit.funds() == [BEFORE] * 3


def test_each_set_is_planned_for_its_lines(world: World) -> None:
    """As a year's interest is: the sixth of seven sets would be the first with a kept plan."""
    unit = Unit(world, people=7)
    filed = unit.file()
    unit.pay(7 * 200_000, f"汇缴{filed.batch_no}")
    with one_connection(world) as sessions:
        Posting(sessions, world.clock, world.product.policies, size=1).run(filed.batch_id)
        assert kept_plans(sessions, "INTO contribution") == 0
        assert kept_plans(sessions, "FROM remittance_batch") > 0
