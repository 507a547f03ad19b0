"""Statements: read once for everybody who waits, applied once, and what is never booked is asked for in the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from threading import Event, Thread

import pytest

from services.core.db import transaction
from services.core.jobs import defer
from services.settlement import jobs as settlement_jobs
from services.settlement.jobs import statement_pause_s
from services.settlement.ports import AccountChange, NodeUnavailable, PayReply, QueryReply
from tests.support.domain.fakes import movement
from tests.support.domain.world import Member, World

AMOUNT, OPENING = 300_000, 5_600_000


def send(world: World, member: Member) -> None:
    """Run what waits to be sent."""
    world.run_jobs(member.account_id, "settlement.dispatch", rounds=1)


def ask(world: World, member: Member) -> None:
    """Run what waits to be asked."""
    world.run_jobs(member.account_id, "settlement.follow_up", rounds=1)


@pytest.fixture
def applied(world: World, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many movements each part of a statement still brought."""
    parts: list[int] = []
    take = world.product.settlement_jobs.take_changes

    def counted(changes: list[AccountChange]) -> None:
        parts.append(len(changes))
        take(changes)

    monkeypatch.setattr(world.product.settlement_jobs.statements, "_apply", counted)
    return parts


def test_of_a_statement_only_new_movements_are_applied(world: World, applied: list[int]) -> None:
    members = [world.member() for _ in range(3)]
    for member in members:
        world.approved(member, AMOUNT)
        send(world, member)
    told = world.node.sent[0]
    world.product.settlement_jobs.take_changes([movement(told)])
    world.node.changes += [movement(order) for order in world.node.sent]
    ask(world, members[1])
    assert applied == [2]
    assert all(world.balance(member) == (OPENING - AMOUNT, 0) for member in members)
    world.product.settlement_jobs.read_since(world.node.day)
    assert applied == [2, 0]


def test_a_closed_day_is_fetched_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[date] = []
    statement = world.node.statement
    monkeypatch.setattr(world.node, "statement", lambda day: fetched.append(day) or statement(day))
    first = world.node.day
    world.node.day += timedelta(days=1)
    for _ in range(3):
        world.product.settlement_jobs.read_since(first)
    assert fetched == [first, world.node.day, world.node.day, world.node.day]


def test_while_one_reads_another_does_not(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many wait for the same lines: the first brings them, the others ask again later and conclude nothing."""
    reading, go_on = Event(), Event()

    def slow(day: date) -> list[AccountChange]:
        reading.set()
        assert go_on.wait(10)
        return []

    monkeypatch.setattr(world.node, "statement", slow)
    first = Thread(target=world.product.settlement_jobs.read_since, args=(world.node.day,))
    first.start()
    assert reading.wait(10)
    with pytest.raises(NodeUnavailable):
        world.product.settlement_jobs.read_since(world.node.day)
    go_on.set()
    first.join()
    world.product.settlement_jobs.read_since(world.node.day)


def test_an_accepted_payment_that_failed_after_all_comes_back(world: World, member: Member) -> None:
    """Accepted is not paid: the closed day's statement has no line, and the bank's final word is no."""
    application = world.approved(member, AMOUNT)
    send(world, member)
    world.node.on_query = QueryReply("failed", None, "B0051", "")
    ask(world, member)
    assert world.node.queried == [], "while the day is open the statement is enough"
    assert world.state(application) == ("accepted", "accepted")
    world.node.day += timedelta(days=1)
    ask(world, member)
    assert world.state(application) == ("returned", "rejected")
    assert world.balance(member) == (OPENING, 0)


@pytest.mark.parametrize("outcome", ["success", "pending", "no_record", "unknown"])
def test_an_accepted_payment_without_line_and_without_a_final_no_stays_on_hold(
    world: World, member: Member, outcome: str
) -> None:
    """Somebody has to look at it: the bank said yes, and neither paid nor refused."""
    application = world.approved(member, AMOUNT)
    send(world, member)
    world.node.day += timedelta(days=1)
    world.node.on_query = QueryReply(outcome, None, "", "")  # type: ignore[arg-type]
    ask(world, member)
    assert world.state(application) == ("accepted", "accepted")
    assert world.balance(member) == (OPENING - AMOUNT, AMOUNT)
    assert "settlement.follow_up" in world.waiting_jobs(member.account_id)


@pytest.mark.parametrize(
    ("age_s", "heard", "pause_s"),
    [(0, True, 60), (240, True, 60), (400, True, 100), (86_400, True, 900), (86_400, False, 60)],
)
def test_the_older_an_accepted_payment_the_rarer_its_statement_is_read(
    age_s: float, heard: bool, pause_s: float
) -> None:
    assert statement_pause_s(age_s, heard=heard) == pause_s


def test_two_who_defer_the_same_job_at_once_make_one(world: World, member: Member) -> None:
    """A sweep and a worker plan the same step: the second finds it planned, and its own work is not undone."""

    def plan(then: Callable[[], None]) -> None:
        with transaction(world.sessions) as session:
            defer(session, "test.race", "test", queueing_lock="race:1", account_id=member.account_id)
            then()
            defer(session, "test.other", "test", account_id=member.account_id)

    second = Thread(target=plan, args=(lambda: None,))

    def meanwhile() -> None:
        second.start()
        second.join(0.3)  # it waits for the first to commit

    plan(meanwhile)
    second.join()
    assert sorted(world.waiting_jobs(member.account_id)) == ["test.other", "test.other", "test.race"]
    world.one(
        "WITH gone AS (DELETE FROM procrastinate_jobs WHERE queue_name = 'test' RETURNING 1) SELECT count(*) FROM gone"
    )


def test_many_that_wait_for_the_bank_do_not_hide_one_that_a_crash_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep looks at a part at a time; those that are planned already do not fill it."""
    monkeypatch.setattr(settlement_jobs, "_BATCH", 1)
    waiting, left = world.member(), world.member()
    world.node.on_pay = lambda order: PayReply("unknown", "TIMEOUT", "", None)
    for member in (waiting, left):
        world.approved(member, AMOUNT)
    send(world, waiting)  # unknown, and to be asked for
    world._take_jobs(left.account_id, ("settlement.dispatch",))  # the crash took the job along
    world.later(minutes=5)
    for _ in range(200):
        world.product.settlement_jobs.take_up()
        if "settlement.dispatch" in world.waiting_jobs(left.account_id):
            break
    assert "settlement.dispatch" in world.waiting_jobs(left.account_id)
    assert world.waiting_jobs(waiting.account_id).count("settlement.follow_up") == 1


def test_an_order_that_arrives_after_the_first_answer_is_not_given_up(
    world: World, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No record, then the order reaches the bank and is pending over night: the answer from before is worth nothing."""
    world.node.on_pay = lambda order: PayReply("unknown", "TIMEOUT", "", None)
    application = world.approved(member, AMOUNT)
    send(world, member)
    answers = [QueryReply("no_record", None, "NOREC", ""), QueryReply("pending", None, "2", "")]

    def query(instruction_no: str, sent_on: date) -> QueryReply:
        world.node.day = sent_on + timedelta(days=1)  # the bank closes its day behind the first answer
        return answers.pop(0)

    monkeypatch.setattr(world.node, "query", query)
    ask(world, member)
    assert answers == []
    assert world.state(application) == ("unknown", "unknown")
    assert world.balance(member) == (OPENING - AMOUNT, AMOUNT)
