"""Web authorisation against the double: codes, snapshot pages, refusals, and what errors may say."""

import traceback
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sandbox.assembly import Sandbox
from wechat.config import WeChatConfig
from wechat.errors import WeChatFailure, WeChatUnreachable
from wechat.oauth import CodeRefused, OAuthClient, SnapshotUser


def _tap(sandbox: Sandbox, url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, allow_redirects=False, timeout=5)


def _code(sandbox: Sandbox, config: WeChatConfig) -> str:
    callback = f"{sandbox.setup.public_base_url}/api/v1/auth/wechat/callback"
    url = OAuthClient(config).authorize_url(callback, "state1")
    answer = _tap(sandbox, url, **{"X-Sandbox-Phone": "li"})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(callback + "?")
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["state"] == ["state1"]
    return query["code"][0]


def test_a_code_gives_the_openid_once(sandbox: Sandbox, config: WeChatConfig) -> None:
    code, oauth = _code(sandbox, config), OAuthClient(config)
    assert oauth.openid_for(code) == sandbox.account.openid("li")
    with pytest.raises(CodeRefused):
        oauth.openid_for(code)


def test_a_code_ends_after_five_minutes(sandbox: Sandbox, config: WeChatConfig) -> None:
    code = _code(sandbox, config)
    sandbox.world.shift_clock(301)
    with pytest.raises(CodeRefused):
        OAuthClient(config).openid_for(code)


def test_junk_codes_never_leave(sandbox: Sandbox, config: WeChatConfig) -> None:
    for code in ("", "a b", "a&secret=1", "x" * 513):
        with pytest.raises(CodeRefused):
            OAuthClient(config).openid_for(code)
    assert sandbox.store.entries("received", "wechat") == []


def test_a_snapshot_page_signs_nobody_in(sandbox: Sandbox, config: WeChatConfig) -> None:
    sandbox.world.faults.order("wechat", "authorize", "snapshot")
    with pytest.raises(SnapshotUser):
        OAuthClient(config).openid_for(_code(sandbox, config))


def test_a_phone_nobody_knows_is_asked_whose_it_is(sandbox: Sandbox, config: WeChatConfig) -> None:
    url = OAuthClient(config).authorize_url(f"{sandbox.setup.public_base_url}/cb", "s")
    page = _tap(sandbox, url)
    assert page.status_code == 200
    assert "李安" in page.text


def test_a_foreign_redirect_is_refused(sandbox: Sandbox, config: WeChatConfig) -> None:
    url = OAuthClient(config).authorize_url("http://evil.example/cb", "s")
    page = _tap(sandbox, url, **{"X-Sandbox-Phone": "li"})
    assert page.status_code == 200
    assert "10003" in page.text


@pytest.mark.parametrize("kind", ["html", "reset", "http_500"])
def test_trouble_says_nothing_secret(sandbox: Sandbox, config: WeChatConfig, kind: str) -> None:
    code = _code(sandbox, config)
    sandbox.world.faults.order("wechat", "sns/oauth2/access_token", kind)
    with pytest.raises(WeChatUnreachable) as caught:
        OAuthClient(config).openid_for(code)
    text = "".join(traceback.format_exception(caught.value))
    assert config.secret not in text
    assert code not in text


def test_a_wrong_secret_is_a_failure_of_ours(sandbox: Sandbox, config: WeChatConfig) -> None:
    with pytest.raises(WeChatFailure, match="40125"):
        OAuthClient(replace(config, secret="other")).openid_for(_code(sandbox, config))


def test_state_must_be_letters_and_digits(config: WeChatConfig) -> None:
    with pytest.raises(ValueError, match="state"):
        OAuthClient(config).authorize_url("http://127.0.0.1/", "a&b")
