"""WeChatClient against the double: tokens, the single retry, trouble, and what errors may say."""

import threading
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from sandbox.assembly import Sandbox
from services.core.clock import SystemClock
from tests.contract.wechat.conftest import MemoryTokenStore
from wechat import http
from wechat.client import WeChatClient
from wechat.config import WeChatConfig
from wechat.errors import WeChatFailure, WeChatUnreachable
from wechat.menu import differences, present_menu, push_menu, wanted_menu
from wechat.token_store import StoredToken


def _calls(sandbox: Sandbox, path: str) -> int:
    return sum(call["path"] == path for call in sandbox.store.entries("received", "wechat"))


def test_one_token_for_many_calls(sandbox: Sandbox, client: WeChatClient) -> None:
    for _ in range(3):
        client.get("getcallbackip")
    assert _calls(sandbox, "/cgi-bin/stable_token") == 1


def test_eight_threads_on_a_cold_cache_fetch_once(sandbox: Sandbox, client: WeChatClient) -> None:
    threads = [threading.Thread(target=client.get, args=("getcallbackip",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _calls(sandbox, "/cgi-bin/stable_token") == 1


def test_a_token_killed_elsewhere_is_renewed_once(sandbox: Sandbox, client: WeChatClient) -> None:
    client.get("getcallbackip")
    sandbox.account.kill_tokens()
    assert client.get("getcallbackip")["ip_list"] == ["127.0.0.1"]
    assert _calls(sandbox, "/cgi-bin/stable_token") == 2


def test_a_token_renewed_by_another_process_is_not_dropped(
    sandbox: Sandbox, client: WeChatClient, tokens: MemoryTokenStore, config: WeChatConfig
) -> None:
    name = f"{config.appid}/access_token"
    stale = StoredToken("stale", datetime.now(UTC) + timedelta(hours=1))
    fresh = StoredToken(sandbox.account.stable_token(force=False)["access_token"], stale.ends_at)
    tokens.put(name, fresh)
    tokens.drop(name, stale.value)
    assert tokens.get(name) == fresh


def test_40001_for_ever_ends_after_one_retry(sandbox: Sandbox, client: WeChatClient) -> None:
    sandbox.world.faults.order("wechat", "getcallbackip", "errcode", times=None, args={"errcode": 40001})
    with pytest.raises(WeChatFailure) as caught:
        client.get("getcallbackip")
    assert caught.value.errcode == 40001
    assert _calls(sandbox, "/cgi-bin/getcallbackip") == 2
    assert _calls(sandbox, "/cgi-bin/stable_token") == 2


@pytest.mark.parametrize("kind", ["html", "http_500", "reset"])
def test_no_usable_answer(sandbox: Sandbox, client: WeChatClient, kind: str) -> None:
    sandbox.world.faults.order("wechat", "getcallbackip", kind)
    with pytest.raises(WeChatUnreachable) as caught:
        client.get("getcallbackip")
    assert caught.value.sent


def test_a_silent_server_does_not_hold_us(
    sandbox: Sandbox, client: WeChatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIMEOUT_S", (0.3, 0.3))
    sandbox.world.faults.order("wechat", "getcallbackip", "slow", args={"seconds": 1})
    with pytest.raises(WeChatUnreachable):
        client.get("getcallbackip")


def test_nobody_there(config: WeChatConfig, tokens: MemoryTokenStore, clock: SystemClock) -> None:
    with pytest.raises(WeChatUnreachable) as caught:
        WeChatClient(replace(config, api_base_url="http://127.0.0.1:9"), tokens, clock).get("getcallbackip")
    assert not caught.value.sent


def test_errors_and_tracebacks_hold_no_secret(
    sandbox: Sandbox, config: WeChatConfig, tokens: MemoryTokenStore, clock: SystemClock
) -> None:
    wrong = WeChatClient(replace(config, secret="wrong-secret-canary"), tokens, clock)
    away = WeChatClient(replace(config, api_base_url="http://127.0.0.1:9"), tokens, clock)
    for client, error in ((wrong, WeChatFailure), (away, WeChatUnreachable)):
        with pytest.raises(error) as caught:
            client.get("getcallbackip")
        text = "".join(traceback.format_exception(caught.value)) + repr(config)
        assert "canary" not in text
        assert config.secret not in text


def test_the_ticket_is_shared_and_opens_wx_config(sandbox: Sandbox, client: WeChatClient) -> None:
    assert client.jsapi_ticket() == client.jsapi_ticket() == sandbox.account.ticket()["ticket"]
    assert _calls(sandbox, "/cgi-bin/ticket/getticket") == 1


def test_the_menu_is_pushed_and_compared(client: WeChatClient) -> None:
    wanted = wanted_menu("https://gjj.example.cn")
    assert len(differences(wanted, present_menu(client))) == len(differences(wanted, {"button": []})) > 0
    push_menu(client, wanted)
    assert differences(wanted, present_menu(client)) == []
    assert differences(wanted_menu("https://other.example.cn"), present_menu(client)) != []


@pytest.mark.parametrize("body", [b'{"a":' + b"[" * 100_000, b'{"errcode": [40001]}', b'{"errcode": {}}', b"[]", b"\xff"])
def test_an_answer_of_no_kind_is_none(body: bytes) -> None:
    with pytest.raises(WeChatUnreachable):
        http._object(SimpleNamespace(status=200, data=body), "cgi-bin/x")  # type: ignore[arg-type]
