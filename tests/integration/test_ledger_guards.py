"""What the database itself refuses: unbalanced journals, changed rows, negative balances, gaps in the audit chain."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from runtime.embedded_pg import plain
from services.applications.case_numbers import CaseNumbers
from services.audit.service import broken_links, record
from services.contributions.service import post_contribution
from services.core.db import transaction
from services.core.errors import DomainError
from services.core.ids import new_id
from services.ledger.queries import balance_of, fund_movements
from services.ledger.service import BalanceInsufficient, Entry, Line, post
from tests.support.databases import Database
from tests.support.domain.world import Member, World

JOURNAL = text(
    "INSERT INTO journal (account_id, journal_id, business_ref, kind, summary, accounting_on, created_at)"
    " VALUES (:a, :j, :ref, 'test', '', '2026-11-23', now())"
)
POSTING = text(
    "INSERT INTO posting (account_id, journal_id, line_no, gl_code, fen) VALUES (:a, :j, :n, :code, :fen)"
)


def entry(ref: str, *lines: tuple[str, int]) -> Entry:
    """A journal to post."""
    return Entry(ref, "test", "测试", tuple(Line(code, fen) for code, fen in lines))


@pytest.mark.parametrize(
    "lines", [[(1, 100)], [(1, 100), (2, -99)], [(1, -1), (2, -1)], [(1, 5), (2, -4), (3, -2)]]
)
def test_an_unbalanced_journal_cannot_be_committed(
    world: World, member: Member, lines: list[tuple[int, int]]
) -> None:
    """Refused at COMMIT, whoever wrote it."""
    key = {"a": member.account_id, "j": new_id()}
    rows = [{**key, "n": number, "code": "101", "fen": fen} for number, fen in lines]

    def write() -> None:
        with transaction(world.sessions) as session:
            session.execute(JOURNAL, {**key, "ref": f"bad:{key['j']}"})
            session.execute(POSTING, rows)

    with pytest.raises(DBAPIError, match="does not balance"):
        write()
    assert world.one("SELECT count(*) AS n FROM journal WHERE journal_id = :j", j=key["j"]).n == 0


def test_a_line_slipped_into_an_old_journal_cannot_be_committed(world: World, member: Member) -> None:
    """Append-only means that a journal is closed with its transaction."""
    old = world.one("SELECT journal_id FROM journal WHERE account_id = :a LIMIT 1", a=member.account_id)
    with pytest.raises(DBAPIError, match="does not balance"), transaction(world.sessions) as session:
        session.execute(
            POSTING, {"a": member.account_id, "j": old.journal_id, "n": 9, "code": "101", "fen": 1}
        )


def test_the_ledger_refuses_an_unbalanced_entry_before_it_writes(world: World, member: Member) -> None:
    with pytest.raises(ValueError, match="does not balance"), transaction(world.sessions) as session:
        post(session, member.account_id, entry("x", ("101", 5), ("201", -4)), world.clock.now())


@pytest.mark.parametrize("table", ["journal", "posting", "audit_entry", "transition"])
@pytest.mark.parametrize(
    "act", ["UPDATE {} SET account_id = account_id", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_the_application_may_not_change_what_is_written_once(
    world: World, member: Member, table: str, act: str
) -> None:
    world.submit(member)
    with pytest.raises(DBAPIError, match="permission denied"), transaction(world.sessions) as session:
        session.execute(text(act.format(table)))


@pytest.mark.parametrize("table", ["journal", "posting", "audit_entry", "transition"])
@pytest.mark.parametrize("act", ["UPDATE {} SET account_id = account_id", "DELETE FROM {}"])
def test_not_even_the_owner_may(world: World, member: Member, table: str, act: str) -> None:
    """The triggers stand above the grants."""
    world.submit(member)
    with (
        psycopg.connect(plain(world.database.urls.owner)) as owner,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
    ):
        owner.execute(act.format(table))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "lines", [[("201", 5_600_001), ("101", -5_600_001)], [("219", 1), ("201", -1)]], ids=["fund", "hold"]
)
def test_no_posting_makes_a_balance_negative(
    world: World, member: Member, lines: list[tuple[str, int]]
) -> None:
    before = world.balance(member)
    with pytest.raises(BalanceInsufficient), transaction(world.sessions) as session:
        post(session, member.account_id, entry("too-much", *lines), world.clock.now())
    assert world.balance(member) == before == (5_600_000, 0)


def test_the_last_fen_can_be_posted(world: World, member: Member) -> None:
    lines = (("201", 5_600_000), ("101", -5_600_000))
    with transaction(world.sessions) as session:
        post(session, member.account_id, entry("all", *lines), world.clock.now())
    assert world.balance(member) == (0, 0)


@pytest.mark.parametrize("column", ["balance_fen", "held_fen", "frozen_fen"])
def test_the_database_holds_no_negative_balance(world: World, member: Member, column: str) -> None:
    with pytest.raises(IntegrityError), transaction(world.sessions) as session:
        session.execute(
            text(f"UPDATE member_balance SET {column} = -1 WHERE account_id = :a"), {"a": member.account_id}
        )


def test_a_business_reference_posts_once(world: World, member: Member) -> None:
    posting = entry("once", ("101", 7), ("201", -7))
    with transaction(world.sessions) as session:
        post(session, member.account_id, posting, world.clock.now())
    with pytest.raises(IntegrityError), transaction(world.sessions) as session:
        post(session, member.account_id, posting, world.clock.now())
    assert world.balance(member) == (5_600_007, 0)


def test_a_month_is_contributed_once(world: World, member: Member) -> None:
    with pytest.raises(IntegrityError), transaction(world.sessions) as session:
        post_contribution(session, member.account_id, date(2026, 10, 1), 1, world.clock.now())
    assert world.balance(member) == (5_600_000, 0)


def test_transfers_at_once_leave_the_sum_at_zero(world: World, member: Member) -> None:
    """Formance's coherent state: 40 postings by 8 threads, then balance = Σ postings and the whole ledger is zero."""

    def move(number: int) -> None:
        fen = 100 if number % 2 else -100
        with transaction(world.sessions) as session:
            lines = (("101", fen), ("201", -fen))
            post(session, member.account_id, entry(f"parallel:{number}", *lines), world.clock.now())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(move, range(40)))
    assert world.balance(member) == (5_600_000, 0)
    total = world.one("SELECT sum(fen) AS fen FROM posting WHERE account_id = :a", a=member.account_id)
    assert total.fen == 0


def test_pages_of_movements_hold_every_movement_once_and_in_order(world: World, member: Member) -> None:
    """28 contributions, and one booked after them for a day long before: keys and accounting days differ in order."""
    with transaction(world.sessions) as session:
        late = entry("late", ("101", 5), ("201", -5))
        post(session, member.account_id, late, world.clock.now() - timedelta(days=365))
    seen, before = [], None
    with transaction(world.sessions) as session:
        while page := fund_movements(session, member.account_id, limit=5, before=before):
            seen += page
            before = page[-1].journal_id
    assert len({movement.journal_id for movement in seen}) == len(seen) == 29
    days = [movement.on for movement in seen]
    assert days == sorted(days, reverse=True)
    assert days[0] == date(2026, 10, 15)


def test_an_account_without_postings_has_nothing(world: World) -> None:
    with transaction(world.sessions) as session:
        balance = balance_of(session, new_id())
    assert (balance.balance_fen, balance.held_fen, balance.frozen_fen) == (0, 0, 0)


def chain(world: World, member: Member, *acts: str) -> None:
    """Acts on the member's audit chain."""
    for act in acts:
        with transaction(world.sessions) as session:
            record(
                session,
                member.account_id,
                act,
                actor="test",
                subject="s",
                at=world.clock.now(),
                detail={"n": 1},
            )


@pytest.fixture
def own_world(database: Database) -> World:
    """A world whose invariants may break."""
    return World(database)


def test_a_whole_chain_has_no_broken_link(world: World, member: Member) -> None:
    chain(world, member, "a", "b", "c")
    with transaction(world.sessions) as session:
        assert broken_links(session, member.account_id) == []


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE audit_entry SET detail = '{\"n\": 2}' WHERE seq = 3",
        "UPDATE audit_entry SET actor = 'nobody' WHERE seq = 3",
        "UPDATE audit_entry SET at = at + interval '1 second' WHERE seq = 3",
        "DELETE FROM audit_entry WHERE seq = 3",
        "DELETE FROM audit_entry WHERE seq = (SELECT max(seq) FROM audit_entry)",
        "UPDATE audit_entry SET hash = previous_hash WHERE seq = 3",
    ],
)
def test_whoever_gets_round_the_triggers_is_found(own_world: World, forgery: str) -> None:
    """The chain is checked against itself and against its head."""
    member = own_world.member()
    chain(own_world, member, "a", "b", "c")
    with psycopg.connect(plain(own_world.database.urls.superuser)) as thief:
        thief.execute("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only")
        thief.execute(forgery)  # type: ignore[arg-type]
    with transaction(own_world.sessions) as session:
        assert broken_links(session, member.account_id)


def test_writers_of_one_chain_queue_up(world: World, member: Member) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: chain(world, member, f"act{number}"), range(24)))
    with transaction(world.sessions) as session:
        assert broken_links(session, member.account_id) == []
    acts = world.one(
        "SELECT count(*) AS n FROM audit_entry WHERE account_id = :a AND action LIKE 'act%'",
        a=member.account_id,
    )
    assert acts.n == 24


def test_fifty_confirmations_of_one_case_move_the_money_once(world: World, member: Member) -> None:
    application = world.submit(member, 1_000_000)
    face = world.passed_face(member, application)

    def confirm(_: int) -> str:
        try:
            return world.confirm(member, application, face).state
        except DomainError as error:
            return error.code

    with ThreadPoolExecutor(14) as pool:
        outcomes = list(pool.map(confirm, range(50)))
    assert outcomes.count("approved") == 1
    assert set(outcomes) == {"approved", "application.state_changed"}
    assert world.balance(member) == (4_600_000, 1_000_000)
    assert world.waiting_jobs(member.account_id).count("settlement.dispatch") == 1


def test_fifty_submissions_of_one_member_open_one_case(world: World, member: Member) -> None:
    world.consent(member)
    prepared = world.prepare(member, {"amount_fen": 100_000, "card_id": str(member.card_id)})

    def submit(_: int) -> str:
        try:
            with transaction(world.sessions) as session:
                return world.product.engine.submit(session, member.account_id, prepared).state
        except DomainError as error:
            return error.code

    with ThreadPoolExecutor(14) as pool:
        outcomes = list(pool.map(submit, range(50)))
    assert outcomes.count("verifying") == 1
    assert set(outcomes) == {"verifying", "item.refused"}
    assert (
        world.one("SELECT count(*) AS n FROM application WHERE account_id = :a", a=member.account_id).n == 1
    )


def test_case_numbers_are_unique_among_threads_and_processes(world: World) -> None:
    """15 digits: module, YYMMDD, seven more; two processes share the counter."""
    makers = [CaseNumbers(world.sessions), CaseNumbers(world.sessions)]
    day = date(2027, 1, 2)
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda n: makers[n % 2].next("20", day), range(200)))
    assert len(set(numbers)) == 200
    assert all(number.startswith("20270102") and len(number) == 15 for number in numbers)
