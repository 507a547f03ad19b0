"""The second net: what the member zone's role sees of a database, whatever a query forgets to say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from runtime.embedded_pg import plain
from services.applications.service import load
from services.core.db import make_sessions, transaction
from services.core.errors import NotFound
from services.core.scope import across_members, begin_words, scope, see_member, see_no_more, see_nobody
from services.items.usage import drawn_by_fen, unnamed_count
from services.members.identity import account_of_mac
from tests.support.domain.loans import lend
from tests.support.domain.world import Member, World

_NOT_BY_ACCOUNT = {"face_frame_hash", "face_picture_hash", "item_usage"}
_TABLES = text(
    "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = 'account_id' AND a.attnotnull"
)


@contextmanager
def seen_by(member: Member | None) -> Iterator[None]:
    """As inside a request of a member, or of nobody yet."""
    see_nobody()
    try:
        if member is not None:
            see_member(member.account_id)
        yield
    finally:
        see_no_more()


def accounts(world: World, table: str) -> set[UUID]:
    """Whose rows a query without any filter brings."""
    with transaction(world.sessions) as session:
        return set(session.scalars(text(f"SELECT DISTINCT account_id FROM {table}")))


@pytest.fixture
def two(world: World) -> tuple[Member, Member]:
    """Two members with money on its way, papers and loans."""
    pair = world.member(), world.member()
    for member in pair:
        world.approved(member)
        lend(world, member)
    return pair


def test_the_first_net_holds_where_all_rows_are_seen(world: World) -> None:
    """As in a worker: an application is looked for under its own account, and nowhere else."""
    mine, other = world.member(), world.member()
    case = world.submit(mine)
    with transaction(world.sessions) as session:
        assert load(session, mine.account_id, case.application_id).case_no == case.case_no
        with pytest.raises(NotFound):
            load(session, other.account_id, case.application_id)


def test_a_query_without_a_filter_brings_ones_own_rows(world: World, two: tuple[Member, Member]) -> None:
    mine, other = two
    with transaction(world.sessions) as session:
        tables = set(session.scalars(_TABLES)) - _NOT_BY_ACCOUNT
    full = {table for table in tables if {mine.account_id, other.account_id} <= accounts(world, table)}
    assert full >= {
        *(
            "member",
            "member_balance",
            "provident_fund_account",
            "payee_card",
            "journal",
            "posting",
            "audit_entry",
        ),
        *(
            "application",
            "transition",
            "binding",
            "device",
            "consent",
            "face_session",
            "payment_instruction",
            "loan",
        ),
    }
    with seen_by(mine):
        assert {table for table in tables if accounts(world, table) - {mine.account_id}} == set()
        assert {table for table in full if accounts(world, table) != {mine.account_id}} == set()
    with seen_by(None):
        assert {table for table in tables if accounts(world, table)} == set()


def test_a_connection_that_says_nothing_sees_nothing(world: World, two: tuple[Member, Member]) -> None:
    """A program of the web that forgets to begin as it should."""
    with psycopg.connect(plain(world.database.urls.web)) as connection:
        assert connection.execute("SELECT count(*) FROM posting").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM member").fetchone() == (0,)


def test_a_request_says_whose_rows_it_may_see(world: World, two: tuple[Member, Member]) -> None:
    """Nobody before the session is read, the member from then on, nothing said once it is over."""
    said: list[str | None] = []

    def note(*_: object) -> None:
        said.append(scope())

    mine, _ = two
    event.listen(world.database.web_engine, "begin", note)
    try:
        assert world.client().get("/api/v1/account", headers=mine.bearer).status_code == 200
        assert world.client().get("/readyz").status_code == 200
    finally:
        event.remove(world.database.web_engine, "begin", note)
    assert said == ["", str(mine.account_id), ""]
    assert scope() is None


def test_what_is_anothers_cannot_be_written(world: World, two: tuple[Member, Member]) -> None:
    mine, other = two
    change = text("UPDATE payee_card SET bank_name = 'x' WHERE account_id = :a")
    give = text("UPDATE payee_card SET account_id = :a WHERE account_id = :m")
    with seen_by(mine):
        with transaction(world.sessions) as session:
            assert session.execute(change, {"a": other.account_id}).rowcount == 0  # type: ignore[attr-defined]
        with (
            pytest.raises(ProgrammingError, match="row-level security"),
            transaction(world.sessions) as session,
        ):
            session.execute(give, {"a": other.account_id, "m": mine.account_id})


def test_one_request_leaves_nothing_to_the_next(world: World, two: tuple[Member, Member]) -> None:
    """On one connection: the scope ends with its transaction, also with one that failed."""
    mine, other = two
    engine = world.database.web_engine
    sessions = make_sessions(engine)
    with seen_by(mine), pytest.raises(DBAPIError), transaction(sessions) as session:
        session.execute(text("SELECT 1/0"))
    for member, expected in ((None, set()), (other, {other.account_id})):
        with seen_by(member), transaction(sessions) as session:
            assert set(session.scalars(text("SELECT account_id FROM member"))) == expected
    with transaction(sessions) as session:
        assert session.scalar(text("SELECT count(*) FROM member")) == 0


def test_across_members_only_inside(world: World, two: tuple[Member, Member]) -> None:
    mine, other = two
    with seen_by(mine):
        with across_members():
            assert {mine.account_id, other.account_id} <= accounts(world, "member")
        assert accounts(world, "member") == {mine.account_id}


def test_workers_see_everybody(world: World, two: tuple[Member, Member]) -> None:
    assert {member.account_id for member in two} <= accounts(world, "posting")


def test_a_loan_is_its_co_borrowers_too(world: World) -> None:
    owner, partner = world.member(), world.member()
    stranger = world.member()
    loan = lend(world, owner)
    with transaction(world.sessions) as session:
        row = world.one("SELECT * FROM member WHERE account_id = :a", a=partner.account_id)
        session.execute(
            text(
                "INSERT INTO loan_co_borrower (account_id, loan_id, number, relation, name_sealed, id_no_sealed, id_no_mac)"
                " VALUES (:a, :l, 1, 'spouse', :n, :i, :m)"
            ),
            {
                "a": owner.account_id,
                "l": loan,
                "n": row.name_sealed,
                "i": row.id_no_sealed,
                "m": row.id_no_mac,
            },
        )
    path = f"/api/v1/loans/{loan}"
    assert world.client().get(path, headers=partner.bearer).status_code == 200
    assert world.client().get(path, headers=stranger.bearer).status_code == 404
    with seen_by(stranger):
        assert accounts(world, "loan") == set()
        with transaction(world.sessions) as session:
            assert session.scalars(text("SELECT loan_id FROM loan FOR UPDATE")).all() == []
    with seen_by(partner):
        assert accounts(world, "loan") == {owner.account_id}
        assert accounts(world, "payee_card") == {partner.account_id}
        with transaction(world.sessions) as session:  # a query that locks sees by the right to write
            locked = session.scalars(text("SELECT loan_id FROM loan FOR UPDATE")).all()
        assert locked == [loan]


def test_what_is_counted_with_others_is_counted_for_the_web_too(world: World) -> None:
    """A cap shared with a spouse: the role that sees nobody else still knows what they drew."""
    mine, spouse = world.member(), world.member()
    world.approved(spouse)
    mac = world.one("SELECT id_no_mac FROM member WHERE account_id = :a", a=spouse.account_id).id_no_mac
    with seen_by(mine), transaction(world.sessions) as session:
        assert account_of_mac(session, mac) == spouse.account_id
        assert drawn_by_fen(session, spouse.account_id, "rent-withdrawal", 2026) == 300_000
        assert drawn_by_fen(session, spouse.account_id, "rent-withdrawal", 2025) == 0
        assert drawn_by_fen(session, spouse.account_id, "elevator-withdrawal", 2026) == 0
        assert unnamed_count(session, [mine.account_id, spouse.account_id], ["rent-withdrawal"]) == 1
        assert unnamed_count(session, [mine.account_id], ["rent-withdrawal"]) == 0
        assert unnamed_count(session, [spouse.account_id], ["elevator-withdrawal"]) == 0


def test_a_scope_is_a_member_or_a_word_of_ours() -> None:
    """What goes with BEGIN is never somebody's text."""
    see_nobody()
    try:
        see_member("'; DROP TABLE member; --")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="badly formed"):
            begin_words()
    finally:
        see_no_more()


def test_the_web_has_no_business_with_staff(world: World) -> None:
    with psycopg.connect(plain(world.database.urls.web)) as connection:
        for table in ("staff", "staff_session"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(f"SELECT 1 FROM {table}")
