"""Token and replay store in PostgreSQL: shared, renewed by one at a time, marks that fall with their effect."""

import threading
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from services.core.db import Sessions, make_sessions
from tests.support.databases import Database
from wechat.replay_store import DatabaseReplayStore
from wechat.token_store import DatabaseTokenStore, StoredToken

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)


@pytest.fixture
def sessions(database: Database) -> Sessions:
    return make_sessions(database.engine)


def test_a_token_is_kept_replaced_and_dropped_by_value(sessions: Sessions) -> None:
    store, other = DatabaseTokenStore(sessions), DatabaseTokenStore(sessions)
    assert store.get("wx1/access_token") is None
    store.put("wx1/access_token", StoredToken("t" * 512, NOW))
    assert other.get("wx1/access_token") == StoredToken("t" * 512, NOW)
    other.put("wx1/access_token", StoredToken("newer", NOW))
    store.drop("wx1/access_token", "t" * 512)
    assert store.get("wx1/access_token") == StoredToken("newer", NOW)
    store.drop("wx1/access_token", "newer")
    assert store.get("wx1/access_token") is None


def test_the_lock_holds_others_off_by_name(sessions: Sessions) -> None:
    first, second = DatabaseTokenStore(sessions), DatabaseTokenStore(sessions)
    order: list[str] = []

    def wait() -> None:
        with second.locked("a"):
            order.append("second")

    with first.locked("a"):
        waiting = threading.Thread(target=wait)
        waiting.start()
        with second.locked("b"):
            order.append("other name")
        time.sleep(0.2)
        order.append("first")
    waiting.join(5)
    assert order == ["other name", "first", "second"]


def test_a_mark_is_made_once(session: Session) -> None:
    store = DatabaseReplayStore(session)
    assert store.first_time("a" * 64, NOW)
    assert not store.first_time("a" * 64, NOW)
    assert store.first_time("b" * 64, NOW)


def test_a_mark_falls_with_the_transaction(sessions: Sessions) -> None:
    with sessions() as broken:
        assert DatabaseReplayStore(broken).first_time("c" * 64, NOW)
        broken.rollback()
    with sessions.begin() as again:
        assert DatabaseReplayStore(again).first_time("c" * 64, NOW)


def test_the_answer_stays_with_its_mark(session: Session) -> None:
    store = DatabaseReplayStore(session)
    store.first_time("d" * 64, NOW)
    assert store.answer_of("d" * 64) is None
    store.keep_answer("d" * 64, "sealed")
    session.expire_all()
    assert store.answer_of("d" * 64) == "sealed"
    assert store.answer_of("e" * 64) is None
