"""Every row of the table of error codes against the double: how many calls it costs and what it does."""

import logging

import pytest

from sandbox.assembly import Sandbox
from services.core.clock import SystemClock
from tests.contract.wechat.conftest import MemoryTokenStore
from wechat.client import BUSY_WAITS_S, WeChatClient
from wechat.config import WeChatConfig
from wechat.errors import ACTIONS, TRY_LATER, Action, WeChatFailure

# Code, what it asks of us, calls it costs when it stays, calls for tokens, worth another try at another time.
ROWS: tuple[tuple[int, Action, int, int, bool], ...] = (
    (-1, Action.AGAIN, 4, 1, True),
    (40001, Action.RENEW, 2, 2, True),
    (40014, Action.RENEW, 2, 2, True),
    (42001, Action.RENEW, 2, 2, True),
    (40003, Action.BAD_OPENID, 1, 1, False),
    (40013, Action.OPERATOR, 1, 1, True),
    (40125, Action.OPERATOR, 1, 1, True),
    (40029, Action.RESTART_LOGIN, 1, 1, False),
    (40163, Action.RESTART_LOGIN, 1, 1, False),
    (41008, Action.RESTART_LOGIN, 1, 1, False),
    (40037, Action.BAD_CONTENT, 1, 1, False),
    (47003, Action.BAD_CONTENT, 1, 1, False),
    (41030, Action.BAD_CONTENT, 1, 1, False),
    (40164, Action.OPERATOR, 1, 1, True),
    (40226, Action.REFUSE_LOGIN, 1, 1, False),
    (43004, Action.NOT_FOLLOWING, 1, 1, False),
    (43101, Action.NO_CONSENT, 1, 1, False),
    (43116, Action.OPERATOR, 1, 1, True),
    (45009, Action.STOP_TODAY, 1, 1, True),
    (45011, Action.PAUSE, 1, 1, True),
    (45015, Action.CHAT_CLOSED, 1, 1, False),
    (45047, Action.CHAT_CLOSED, 1, 1, False),
    (48001, Action.OPERATOR, 1, 1, True),
    (48004, Action.OPERATOR, 1, 1, True),
    (50002, Action.OPERATOR, 1, 1, True),
    (87009, Action.ASK_AGAIN_LOGIN, 1, 1, False),
    (99999, Action.UNKNOWN, 1, 1, False),
)


class Noted:
    """Quotas that write down what they were told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def may_call(self, call: str, *, urgent: bool) -> bool:
        return True

    def stop(self, call: str) -> None:
        self.told.append(f"stop {call}")

    def pause(self, call: str) -> None:
        self.told.append(f"pause {call}")


def test_the_table_has_no_other_rows() -> None:
    assert {code for code, *_ in ROWS if code != 99999} == set(ACTIONS)


def _calls(sandbox: Sandbox, path: str) -> int:
    return sum(call["path"] == path for call in sandbox.store.entries("received", "wechat"))


def test_each_row(
    sandbox: Sandbox,
    config: WeChatConfig,
    clock: SystemClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for code, action, calls, token_calls, later in ROWS:
        sandbox.store.clear("received")
        waits: list[float] = []
        noted = Noted()
        client = WeChatClient(config, MemoryTokenStore(), clock, noted, sleep=waits.append)
        fault = sandbox.world.faults.order(
            "wechat", "getcallbackip", "errcode", times=None, args={"errcode": code}
        )
        caplog.clear()
        with pytest.raises(WeChatFailure) as caught, caplog.at_level(logging.WARNING):
            client.get("getcallbackip")
        sandbox.world.faults.cancel(fault.number)
        row = (caught.value.errcode, caught.value.action, _calls(sandbox, "/cgi-bin/getcallbackip"))
        assert row == (code, action, calls), code
        assert _calls(sandbox, "/cgi-bin/stable_token") == token_calls, code
        assert (code in TRY_LATER) is later, code
        assert waits == (list(BUSY_WAITS_S) if action is Action.AGAIN else []), code
        told = {Action.STOP_TODAY: ["stop getcallbackip"], Action.PAUSE: ["pause getcallbackip"]}
        assert noted.told == told.get(action, []), code
        alarmed = "wechat needs an operator" in caplog.text
        assert alarmed is (action is Action.OPERATOR), code
        assert config.secret not in caplog.text


def test_busy_once_is_asked_again(sandbox: Sandbox, config: WeChatConfig, clock: SystemClock) -> None:
    waits: list[float] = []
    client = WeChatClient(config, MemoryTokenStore(), clock, sleep=waits.append)
    sandbox.world.faults.order("wechat", "getcallbackip", "errcode", args={"errcode": -1})
    assert client.get("getcallbackip")["ip_list"] == ["127.0.0.1"]
    assert waits == [BUSY_WAITS_S[0]]
