"""Signing in to the mini-program against the double: what WeChat is asked, and what each of its answers means."""

from __future__ import annotations

from dataclasses import replace

import pytest
import requests

from sandbox.assembly import Sandbox
from services.core.clock import SystemClock
from tests.contract.wechat.conftest import MemoryTokenStore
from wechat.client import WeChatClient
from wechat.config import WeChatConfig
from wechat.errors import WeChatError, WeChatFailure, WeChatUnreachable
from wechat.mini_program import MiniProgram, RiskyUser, TooFast, login_state_signature
from wechat.oauth import CodeRefused


@pytest.fixture
def mini_config(config: WeChatConfig, sandbox: Sandbox) -> WeChatConfig:
    keys = sandbox.setup.settings["wechat"]
    return replace(config, appid=keys["mini_appid"], secret=keys["mini_secret"])


@pytest.fixture
def program(mini_config: WeChatConfig, tokens: MemoryTokenStore, clock: SystemClock) -> MiniProgram:
    return MiniProgram(mini_config, WeChatClient(mini_config, tokens, clock), clock)


def code_of(sandbox: Sandbox, path: str = "login") -> str:
    """What the phone gets from wx.login, or from the phone-number button."""
    url = f"{sandbox.setup.url('phone')}/phone/li/mini/{path}"
    return str(requests.post(url, timeout=5).json()["code"])


def test_vector_g1_of_a_login_state() -> None:
    """Published by WeChat beside its HTTP signatures; the key is taken as text."""
    signed = login_state_signature("o0q0otL8aEzpcZL/FT9WsQ==", '{"foo":"bar"}')
    assert signed == "654571f79995b2ce1e149e53c0a33dc39c0a74090db514261454e8dbe432aa0b"


def test_a_code_is_a_user_of_the_mini_program(program: MiniProgram, sandbox: Sandbox) -> None:
    found = program.login(code_of(sandbox))
    assert found.openid == sandbox.account.mini_openid("li") != sandbox.account.openid("li")
    assert found.session_key not in repr(found)


def test_signing_in_needs_and_fetches_no_token(
    program: MiniProgram, sandbox: Sandbox, tokens: MemoryTokenStore
) -> None:
    program.login(code_of(sandbox))
    assert tokens.kept == {}


def test_the_session_key_is_checked_by_its_signature(program: MiniProgram, sandbox: Sandbox) -> None:
    first = program.login(code_of(sandbox))
    assert program.holds(first.openid, first.session_key)
    second = program.login(code_of(sandbox))
    assert program.holds(second.openid, second.session_key)
    assert not program.holds(first.openid, first.session_key)
    requests.delete(f"{sandbox.setup.url('phone')}/phone/li/mini/session", timeout=5)
    assert not program.holds(second.openid, second.session_key)


def test_the_phone_number_comes_once_and_only_for_its_own_kind_of_code(
    program: MiniProgram, sandbox: Sandbox
) -> None:
    code, openid = code_of(sandbox, "phone-number"), sandbox.account.mini_openid("li")
    assert program.phone_of(code, openid) == "13800000031"
    for used_or_other in (code, code_of(sandbox), "", "a b", "x" * 513):
        with pytest.raises(CodeRefused):
            program.phone_of(used_or_other, openid)


def test_a_code_that_somebody_else_tapped_gives_no_number(program: MiniProgram, sandbox: Sandbox) -> None:
    """A thief with a member's name, ID number and such a code would bind their own WeChat to the member."""
    with pytest.raises(CodeRefused):
        program.phone_of(code_of(sandbox, "phone-number"), sandbox.account.mini_openid("zhang"))


@pytest.mark.parametrize("bad", ["", "a b", "0" * 32, "../x", "x" * 513])
def test_no_code_no_user(program: MiniProgram, bad: str) -> None:
    with pytest.raises(CodeRefused):
        program.login(bad)


def test_a_code_of_the_page_is_none_of_the_mini_program(program: MiniProgram, sandbox: Sandbox) -> None:
    with pytest.raises(CodeRefused):
        program.login(sandbox.account.new_code(sandbox.account.openid("li"), "snsapi_base"))


@pytest.mark.parametrize(
    ("errcode", "meaning"),
    [
        (40029, CodeRefused),
        (40163, CodeRefused),
        (45011, TooFast),
        (40226, RiskyUser),
        (-1, WeChatFailure),
        (40125, WeChatFailure),
    ],
)
def test_what_each_code_means(
    program: MiniProgram, sandbox: Sandbox, errcode: int, meaning: type[WeChatError]
) -> None:
    sandbox.world.faults.order("wechat", "jscode2session", "errcode", args={"errcode": errcode})
    with pytest.raises(meaning):
        program.login(code_of(sandbox))


@pytest.mark.parametrize("kind", ["html", "http_500", "reset"])
def test_no_failure_tells_the_secret_or_the_code(
    program: MiniProgram, mini_config: WeChatConfig, sandbox: Sandbox, kind: str
) -> None:
    code = code_of(sandbox)
    sandbox.world.faults.order("wechat", "jscode2session", kind)
    with pytest.raises(WeChatUnreachable) as failure:
        program.login(code)
    told = f"{failure.value!r} {failure.value.__cause__!r} {failure.value.__context__ and failure.value.__suppress_context__}"
    assert mini_config.secret not in told
    assert code not in told


def test_a_number_given_to_another_mini_program_or_long_ago_is_none_of_ours(
    mini_config: WeChatConfig, tokens: MemoryTokenStore, clock: SystemClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(clock.now().timestamp())
    program = MiniProgram(mini_config, WeChatClient(mini_config, tokens, clock), clock)
    good = {"purePhoneNumber": "13800000031", "countryCode": "86"}
    ours = {"appid": mini_config.appid, "timestamp": now}

    def answering(info: object) -> str | None:
        monkeypatch.setattr(program._client, "post", lambda *_, **__: {"phone_info": info})
        return program.phone_of("code", "oLi")

    assert answering({**good, "watermark": ours}) == "13800000031"
    assert answering({**good, "countryCode": "852", "watermark": ours}) is None
    for info in (
        {**good, "watermark": {**ours, "appid": "wx0000000000000000"}},
        {**good, "watermark": {**ours, "timestamp": now - 601}},
        {**good, "watermark": {**ours, "timestamp": str(now)}},
        good,
        None,
    ):
        with pytest.raises(WeChatUnreachable):
            answering(info)
