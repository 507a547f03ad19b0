"""Statements that are prepared: sent without a cursor, with the answers, faults and transactions of one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from runtime.embedded_pg import plain
from services.core.crypto import FieldCipher
from services.core.db import Sessions, make_engine, make_sessions, one_look, transaction
from services.core.ids import new_id
from services.core.scope import see_member, see_no_more, see_nobody
from services.core.sql import Statement
from services.ledger.batch import planned_for_sets
from tests.support.databases import Database
from tests.support.domain.world import World
from wechat.followers import Followers, LeaverList
from wechat.token_store import DatabaseTokenStore

UNTIL_PREPARED = 7
_SAME = Statement("SELECT :value AS value, 7 % 4 AS odd, CAST(:value AS text) IS NULL AS none")
_JSON = Statement("SELECT CAST(:value AS jsonb) AS value", json=("value",))
_LONGER = Statement("SELECT :fen + 1 AS fen")
_ADD = Statement("INSERT INTO wechat_callback_seen (key, seen_at) VALUES (:key, now())")
_THERE = Statement("SELECT key FROM wechat_callback_seen WHERE key = ANY(:keys) ORDER BY key")
_WIDE = Statement("SELECT word FROM wide")
_OWN = Statement("SELECT account_id FROM provident_fund_account WHERE account_id = ANY(:keys)")


@pytest.fixture
def sessions(database: Database) -> Iterator[Sessions]:
    """Of one connection, so that what is prepared stays prepared."""
    engine = make_engine(database.urls.app, pool_size=1)
    yield make_sessions(engine)
    engine.dispose()


@pytest.fixture
def cursors(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One for each cursor that is opened."""
    opened: list[int] = []
    plain = psycopg.Connection.cursor

    def counted(connection: Any, *args: Any, **named: Any) -> Any:
        opened.append(1)
        return plain(connection, *args, **named)

    monkeypatch.setattr(psycopg.Connection, "cursor", counted)
    return opened


def again(session: Session, statement: Statement, values: dict[str, Any]) -> None:
    """Send it until it is prepared."""
    for _ in range(UNTIL_PREPARED):
        statement.all(session, values)


def add_both(sessions: Sessions, first: str, second: str) -> None:
    """Two keys in one transaction."""
    with transaction(sessions) as session:
        _ADD.run(session, {"key": first})
        _ADD.run(session, {"key": second})


def ask_on_a_cut_connection(sessions: Sessions, superuser_url: str) -> None:
    """The server ends our connection in the middle of a transaction."""
    with transaction(sessions) as session:
        driver = session.connection().connection.driver_connection
        assert driver is not None
        with psycopg.connect(superuser_url, autocommit=True) as strong:
            strong.execute("SELECT pg_terminate_backend(%s)", [driver.info.backend_pid])
        _LONGER.first(session, {"fen": 2})


@pytest.mark.parametrize(
    "value",
    [
        "汇缴 100%",
        b"\x00\xff",
        UUID(int=7),
        date(2027, 7, 1),
        datetime(2027, 7, 1, 3, tzinfo=UTC),
        True,
        2**40,
    ],
)
def test_a_prepared_statement_answers_as_before_and_opens_no_cursor(
    sessions: Sessions, cursors: list[int], value: object
) -> None:
    with transaction(sessions) as session:
        before = _SAME.first(session, {"value": value})
        again(session, _SAME, {"value": value})
        cursors.clear()
        assert _SAME.all(session, {"value": value}) == [before]
        assert _SAME.first(session, {"value": value}).value == value
        assert _SAME.run(session, {"value": value}) == 1
    assert (before.value, before.odd, before.none) == (value, 3, False)
    assert cursors == []


def test_json_and_rows_that_are_not_there(sessions: Sessions, cursors: list[int]) -> None:
    written = {"fen": 1, "who": "李"}
    with transaction(sessions) as session:
        again(session, _JSON, {"value": written})
        again(session, _THERE, {"keys": ["nobody"]})
        cursors.clear()
        assert _JSON.first(session, {"value": written}).value == written
        assert _THERE.first(session, {"keys": ["nobody"]}) is None
        assert _THERE.all(session, {"keys": ["nobody"]}) == []
    assert cursors == []


def test_a_number_too_long_for_the_prepared_type_is_still_right(sessions: Sessions) -> None:
    with transaction(sessions) as session:
        again(session, _LONGER, {"fen": 2})
        assert [_LONGER.first(session, {"fen": fen}).fen for fen in (2, 2**31, 2**62, -(2**40))] == [
            3,
            2**31 + 1,
            2**62 + 1,
            1 - 2**40,
        ]


def test_a_fault_is_the_same_fault_and_the_next_transaction_goes_on(sessions: Sessions) -> None:
    own = str(new_id())
    with transaction(sessions) as session:
        for number in range(UNTIL_PREPARED):
            assert _ADD.run(session, {"key": f"{own}{number}"}) == 1
    with pytest.raises(IntegrityError):
        add_both(sessions, f"{own}new", f"{own}0")
    with transaction(sessions) as session:
        assert _THERE.all(session, {"keys": [f"{own}new"]}) == []
        assert _ADD.run(session, {"key": f"{own}new"}) == 1


def test_a_prepared_statement_begins_a_transaction_that_can_be_taken_back(sessions: Sessions) -> None:
    own = str(new_id())
    with transaction(sessions) as session:
        for number in range(UNTIL_PREPARED):
            _ADD.run(session, {"key": f"{own}{number}"})
    with sessions() as session:
        _ADD.run(session, {"key": f"{own}gone"})
        session.rollback()
    with transaction(sessions) as session:
        assert _THERE.all(session, {"keys": [f"{own}gone"]}) == []


def test_a_prepared_statement_sees_whose_rows_the_transaction_says(world: World) -> None:
    mine, other = world.member(), world.member()
    keys = {"keys": [mine.account_id, other.account_id]}
    engine = make_engine(world.database.urls.web, pool_size=1)
    sessions, seen = make_sessions(engine), []
    try:
        for member in (mine, other) * UNTIL_PREPARED:
            see_nobody()
            see_member(member.account_id)
            with transaction(sessions) as session:
                seen.append([row.account_id for row in _OWN.all(session, keys)] == [member.account_id])
    finally:
        see_no_more()
        engine.dispose()
    assert seen == [True] * (2 * UNTIL_PREPARED)


def test_a_connection_that_is_cut_is_not_used_again(sessions: Sessions, database: Database) -> None:
    with transaction(sessions) as session:
        again(session, _LONGER, {"fen": 2})
        again(session, _SAME, {"value": "x"})
    with pytest.raises(OperationalError) as fault:
        ask_on_a_cut_connection(sessions, plain(database.urls.superuser))
    assert fault.value.connection_invalidated
    with transaction(sessions) as session:
        assert _LONGER.first(session, {"fen": 2}).fen == 3


def look(sessions: Sessions) -> list[Any]:
    """A look without a transaction around it."""
    with one_look(sessions) as session:
        return _WIDE.all(session, {})


def test_a_table_that_changes_underneath_costs_a_look_one_failure(
    sessions: Sessions, database: Database
) -> None:
    with psycopg.connect(plain(database.urls.owner)) as owner:
        owner.execute("CREATE TABLE wide (word varchar(4))")
        owner.execute("INSERT INTO wide VALUES ('here')")
        owner.execute("GRANT SELECT ON wide TO anju_app")
    for _ in range(UNTIL_PREPARED):
        assert [row.word for row in look(sessions)] == ["here"]
    with psycopg.connect(plain(database.urls.owner)) as owner:
        owner.execute("ALTER TABLE wide ALTER word TYPE text")
    with pytest.raises(DBAPIError):
        look(sessions)
    assert [row.word for row in look(sessions)] == ["here"]


def test_what_senders_look_up_on_their_way_leaves_everything_prepared(
    sessions: Sessions, cursors: list[int]
) -> None:
    """A look that ended in a rollback would let go of all that its connection has prepared, with each message sent."""
    leavers = LeaverList(Followers(FieldCipher({1: bytes(32)}, 1, bytes(32))), sessions)
    tokens = DatabaseTokenStore(sessions)
    for _ in range(UNTIL_PREPARED):
        assert not leavers.has_left("o-nobody")
        assert tokens.get("nothing") is None
        with transaction(sessions) as session:
            assert _LONGER.first(session, {"fen": 2}).fen == 3
    cursors.clear()
    assert not leavers.has_left("o-nobody")
    assert tokens.get("nothing") is None
    with transaction(sessions) as session:
        assert _LONGER.first(session, {"fen": 2}).fen == 3
    assert cursors == []


def test_nothing_prepared_is_used_inside_sets(sessions: Sessions, cursors: list[int]) -> None:
    with transaction(sessions) as session:
        again(session, _LONGER, {"fen": 2})
        cursors.clear()
        with planned_for_sets(session):
            assert _LONGER.first(session, {"fen": 2}).fen == 3
    assert len(cursors) == 1
