"""Quotas in PostgreSQL: counted for each API and day, warned at 80 %, stopped at the limit, WeChat's own word first."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete

from sandbox.assembly import Sandbox
from services.core.clock import SHANGHAI, FixedClock, SystemClock
from services.core.db import Sessions, make_sessions
from tests.contract.wechat.conftest import MemoryTokenStore
from tests.support.databases import Database, DatabaseServer
from wechat.client import WeChatClient
from wechat.config import WeChatConfig
from wechat.errors import QuotaReached, WeChatFailure
from wechat.quotas import DatabaseQuotas, WeChatQuota

CALL = "message/template/send"
LATE = datetime(2026, 11, 23, 23, 59, 30, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def one_database(database_server: DatabaseServer) -> Iterator[Database]:
    with database_server.clone("quotas") as database:
        yield database


@pytest.fixture
def sessions(one_database: Database) -> Sessions:
    sessions = make_sessions(one_database.engine)
    with sessions.begin() as session:
        session.execute(delete(WeChatQuota))
    return sessions


def _quotas(sessions: Sessions, at: FixedClock | None = None, appid: str = "wx1") -> DatabaseQuotas:
    return DatabaseQuotas(sessions, at or FixedClock(LATE), appid, {CALL: 10})


def test_at_the_limit_only_urgent_calls_go_on(sessions: Sessions, caplog: pytest.LogCaptureFixture) -> None:
    first, second = _quotas(sessions), _quotas(sessions)
    with caplog.at_level(logging.WARNING):
        allowed = [quotas.may_call(CALL, urgent=False) for quotas in [first, second] * 5]
    assert allowed == [True] * 10
    assert [record.getMessage() for record in caplog.records] == [
        f"wechat quota at 80%: {CALL}",
        f"wechat quota at its limit, urgent calls only: {CALL}",
    ]
    assert not first.may_call(CALL, urgent=False)
    assert second.may_call(CALL, urgent=True)
    assert [(use.call, use.used, use.percent) for use in first.today()] == [(CALL, 12, 120)]
    assert _quotas(sessions, appid="wx2").may_call(CALL, urgent=False)


def test_a_day_ends_at_midnight_in_shanghai(sessions: Sessions) -> None:
    clock = FixedClock(LATE)
    quotas = _quotas(sessions, clock)
    quotas.stop(CALL)
    assert not quotas.may_call(CALL, urgent=True)
    clock.move(timedelta(seconds=29))
    assert not quotas.may_call(CALL, urgent=True)
    clock.move(timedelta(seconds=1))
    assert quotas.may_call(CALL, urgent=False)


def test_a_pause_lasts_a_minute(sessions: Sessions) -> None:
    clock = FixedClock(LATE - timedelta(hours=1))
    quotas = _quotas(sessions, clock)
    quotas.pause(CALL)
    assert not quotas.may_call(CALL, urgent=True)
    assert quotas.may_call("menu/get", urgent=False)
    clock.move(timedelta(seconds=60))
    assert quotas.may_call(CALL, urgent=False)


def test_clearing_begins_anew(sessions: Sessions) -> None:
    quotas = _quotas(sessions)
    quotas.stop(CALL)
    quotas.clear()
    assert quotas.may_call(CALL, urgent=False)
    assert quotas.today()[0].used == 1


@pytest.mark.parametrize("errcode", [45009, 45011])
def test_after_wechat_says_stop_nothing_is_sent(
    sandbox: Sandbox,
    sessions: Sessions,
    config: WeChatConfig,
    tokens: MemoryTokenStore,
    clock: SystemClock,
    errcode: int,
) -> None:
    client = WeChatClient(config, tokens, clock, DatabaseQuotas(sessions, clock, config.appid))
    sandbox.world.faults.order("wechat", "getcallbackip", "errcode", args={"errcode": errcode})
    with pytest.raises(WeChatFailure, match=str(errcode)):
        client.get("getcallbackip")
    before = len(sandbox.store.entries("received", "wechat"))
    with pytest.raises(QuotaReached):
        client.get("getcallbackip")
    assert len(sandbox.store.entries("received", "wechat")) == before
