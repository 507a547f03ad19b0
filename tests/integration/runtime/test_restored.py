"""After a restore: no number comes round again, and no money moves before the bank has told what left since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import text

from runtime.cli import standing
from runtime.embedded_pg import plain
from runtime.standing.restored import go_on_from, next_number
from services.agreements.card_runs import CardRuns
from services.applications.case_numbers import CaseNumbers
from services.core.clock import SHANGHAI
from services.core.db import transaction
from services.core.errors import Unavailable
from services.transfers.numbers import next_letter_no
from tests.contract.api.reading import problem
from tests.integration.loans.test_agreements import cases, run, runs, signed, with_bank_loan
from tests.support.databases import DatabaseServer
from tests.support.domain.bank_days import ClosingWorld, close_break, of_somebody
from tests.support.domain.cases import apply, confirm
from tests.support.domain.desk import DeskWorld
from tests.support.domain.world import START, Member, World

TODAY, YESTERDAY, TOMORROW = date(2026, 11, 23), date(2026, 11, 22), date(2026, 11, 24)
UNTIL = START - timedelta(hours=1)


@pytest.fixture
def world(database_server: DatabaseServer) -> Iterator[World]:
    """A database of its own: a restore concerns everybody."""
    with database_server.clone("restored") as database:
        yield World(database)


def go_on(world: World, until: datetime = UNTIL, at: datetime | None = None) -> date:
    with transaction(world.sessions) as session:
        return go_on_from(session, until, at or world.clock.now())


def number(world: World, module: str = "01", day: date = TODAY) -> str:
    """What a process that starts now gives out first."""
    return CaseNumbers(world.sessions).next(module, day)


def test_numbers_go_on_beyond_everything_used_since(world: World) -> None:
    """At 10:00:00, 36,000 seconds into the day: 1,000,000 + 3,600,000; for modules not yet used that day, too."""
    assert number(world) == "012611230000001"
    go_on(world)
    assert number(world) == "012611234600000"
    assert number(world, "53") == "532611234600000"
    assert number(world, day=TOMORROW) == "012611240000001"


def test_a_second_restore_to_before_the_first_goes_further(world: World) -> None:
    """Its copy knows nothing of the first; an hour is 360,000 numbers."""
    go_on(world)
    with transaction(world.sessions) as session:
        session.execute(text("DELETE FROM case_counter"))
    world.later(hours=1)
    go_on(world, UNTIL - timedelta(minutes=30))
    assert number(world) == "012611234960000"


def test_called_again_nothing_is_lowered(world: World) -> None:
    go_on(world)
    assert number(world) == "012611234600000"
    go_on(world)
    assert number(world) == "012611234600050"
    with transaction(world.sessions) as session:
        assert session.scalar(text("SELECT count(*) FROM restored_books")) == 1


def test_the_last_second_of_a_day_still_has_seven_digits() -> None:
    assert next_number(datetime(2026, 11, 23, 23, 59, 59, tzinfo=SHANGHAI)) == 9_639_900
    assert next_number(datetime(2026, 11, 22, 16, 0, tzinfo=UTC)) == 1_000_000


def test_days_that_are_over_give_no_number(world: World) -> None:
    """The instant was on Monday at 00:10, a case of Sunday may have been numbered just after it; now it is Tuesday."""
    go_on(world, datetime(2026, 11, 23, 0, 10, tzinfo=SHANGHAI), START + timedelta(days=1))
    for day in (YESTERDAY, TODAY):
        with pytest.raises(Unavailable) as caught:
            number(world, day=day)
        assert caught.value.code == "case.full_today"
    assert number(world, day=TOMORROW) == "012611244600000"


def test_letters_have_no_room_and_wait_for_tomorrow(world: World) -> None:
    go_on(world)
    with transaction(world.sessions) as session, pytest.raises(Unavailable) as caught:
        next_letter_no(session, "C43020", TODAY)
    assert caught.value.code == "transfer.full_today"
    with transaction(world.sessions) as session:
        assert next_letter_no(session, "C43020", TOMORROW) == "C430202611240001"


def test_the_last_number_of_a_day_is_the_last(world: World) -> None:
    with transaction(world.sessions) as session:
        session.execute(text("INSERT INTO case_counter VALUES ('01', '2026-11-23', 9999999)"))
    stock = CaseNumbers(world.sessions)
    assert stock.next("01", TODAY) == "012611239999999"
    with pytest.raises(Unavailable):
        stock.next("01", TODAY)


def test_money_rests_until_the_bank_has_told_and_people_have_closed_what_it_told(world: World) -> None:
    """A withdrawal that left after the instant comes up in the statement; over its break the day does not close."""
    days, member = ClosingWorld(world), world.member()
    waiting = world.submit(member)
    other = world.member()
    world.consent(other)
    lost = replace(of_somebody(days.today, 300_000), direction="debit", remark="012611230000077")
    days.bank.book(lost)
    assert go_on(world) == TODAY
    form = {"amount_fen": 100_000, "card_id": str(other.card_id)}
    problem(apply(world, other, "rent-withdrawal", form), 503, "centre.books_behind")
    problem(confirm(world, member, str(waiting.application_id)), 503, "centre.books_behind")
    assert (world.state(waiting)[0], world.balance(member)) == ("verifying", (5_600_000, 0))

    days.next_day()
    assert days.run() == []
    assert days.kinds() == ["bank_only"]
    fresh = _signed_in(world, other)
    problem(apply(world, fresh, "rent-withdrawal", form), 503, "centre.books_behind")
    desk = DeskWorld(world)
    anna, boris = desk.colleague(), desk.colleague()
    close_break(anna, boris, days.breaks()[0].break_id)
    assert days.run() == [TODAY]
    assert apply(world, fresh, "rent-withdrawal", form).status_code == 201


def test_a_certificate_is_no_money(world: World) -> None:
    member = world.member()
    go_on(world)
    assert apply(world, member, "contribution-certificate", {}).status_code == 201


def test_agreed_runs_wait_and_are_made_up_for(world: World) -> None:
    """3,000.00 fall due on 20 December, a Sunday; on the 22nd the books are a restored copy, and a while later they know."""
    member = with_bank_loan(world)
    signed(world, member, card_id=str(member.card_id))
    world.later(days=29)
    go_on(world, world.clock.now() - timedelta(hours=1))
    run(world)
    assert (runs(world, member), cases(world, member)) == ([], [])
    _close(world, date(2026, 12, 22))
    run(world)
    assert cases(world, member) == [("approved", 300_000)]


def test_cards_are_not_charged_meanwhile(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[date] = []
    monkeypatch.setattr(CardRuns, "_due", lambda _self, on: asked.append(on) or [])
    world.later(hours=10)
    go_on(world)
    world.product.card_runs.take_up()
    assert asked == []
    _close(world, TODAY)
    world.product.card_runs.take_up()
    assert asked == [TODAY]


def test_the_bank_ahead_of_us_is_waited_for(world: World) -> None:
    with transaction(world.sessions) as session:
        assert go_on_from(session, UNTIL, world.clock.now(), TOMORROW) == TOMORROW
        assert go_on_from(session, UNTIL, world.clock.now()) == TOMORROW


def test_the_command_does_both(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(standing, "load_settings", lambda: world.product.settings)
    monkeypatch.setattr(standing, "build", lambda _settings: world.product)
    assert standing.main(["go-on", "--until", "2026-11-23T09:00:00+08:00"]) == 0
    assert "money rests until 2026-11-23 is closed" in capsys.readouterr().out
    assert number(world) == "012611234600000"


def _close(world: World, day: date) -> None:
    """As if the day had gone through its end: the guards of its states are switched off."""
    with psycopg.connect(plain(world.database.urls.superuser), autocommit=True) as connection:
        connection.execute("SET session_replication_role = 'replica'")
        connection.execute(
            "INSERT INTO business_day VALUES (%s, 'closed', now(), now(), now(), NULL, 0, 0, 0, 0)", (day,)
        )
        following = day + timedelta(days=1)
        connection.execute(
            "INSERT INTO business_day (day, state, opened_at) VALUES (%s, 'open', now())", (following,)
        )


def _signed_in(world: World, member: Member) -> Member:
    member.tokens = world.sign_in(member.person)[1]
    return member

