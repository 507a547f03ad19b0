"""The double's side of the mini-program: codes once and five minutes, the newest session key, phone numbers, links."""

import hashlib
import hmac
from typing import Any

import pytest
import requests

from sandbox.assembly import Sandbox


def _phone(sandbox: Sandbox, path: str, key: str = "li") -> dict[str, Any]:
    answer: dict[str, Any] = requests.post(
        f"{sandbox.setup.url('phone')}/phone/{key}/mini/{path}", timeout=5
    ).json()
    return answer


def _session(sandbox: Sandbox, code: str, **changed: str) -> dict[str, Any]:
    keys = sandbox.setup.settings["wechat"]
    query = {"appid": keys["mini_appid"], "secret": keys["mini_secret"], "js_code": code}
    query |= {"grant_type": "authorization_code", **changed}
    url = f"{sandbox.setup.url('wechat')}/sns/jscode2session"
    answer: dict[str, Any] = requests.get(url, params=query, timeout=5).json()
    return answer


def _call(sandbox: Sandbox, method: str, path: str, kind: str = "mini", **more: Any) -> dict[str, Any]:
    token = sandbox.account.stable_token(force=False, kind=kind)["access_token"]
    params = {"access_token": token, **more.pop("params", {})}
    url = f"{sandbox.setup.url('wechat')}/wxa/{path}"
    answer: dict[str, Any] = requests.request(method, url, params=params, timeout=5, **more).json()
    return answer


def test_a_login_code_names_the_user_of_the_mini_program_once(sandbox: Sandbox) -> None:
    code = _phone(sandbox, "login")["code"]
    given = _session(sandbox, code)
    assert given["openid"] == sandbox.account.mini_openid("li") != sandbox.account.openid("li")
    assert "unionid" not in given
    assert _session(sandbox, code)["errcode"] == 40163


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"appid": "wx0"}, 40013),
        ({"secret": "no"}, 40125),
        ({"grant_type": "x"}, 40002),
        ({"js_code": "x"}, 40029),
    ],
)
def test_sign_in_refusals(sandbox: Sandbox, changed: dict[str, str], errcode: int) -> None:
    assert _session(sandbox, _phone(sandbox, "login")["code"], **changed)["errcode"] == errcode


def test_a_login_code_ends_after_five_minutes(sandbox: Sandbox) -> None:
    code = _phone(sandbox, "login")["code"]
    sandbox.world.shift_clock(301)
    assert _session(sandbox, code)["errcode"] == 40029


def test_a_high_risk_user_is_blocked(sandbox: Sandbox) -> None:
    sandbox.world.faults.order("wechat", "login", "high_risk", person=sandbox.account.mini_openid("li"))
    assert _session(sandbox, _phone(sandbox, "login")["code"])["errcode"] == 40226


def test_the_newest_session_key_wins(sandbox: Sandbox) -> None:
    first, second = (_session(sandbox, _phone(sandbox, "login")["code"]) for _ in range(2))
    outcomes = []
    for given in (first, second):
        sealed = hmac.new(given["session_key"].encode(), b"", hashlib.sha256).hexdigest()
        query = {"openid": given["openid"], "signature": sealed, "sig_method": "hmac_sha256"}
        outcomes.append(_call(sandbox, "GET", "checksession", params=query)["errcode"])
    assert outcomes == [87009, 0]


def test_a_phone_number_is_not_had_with_the_login_code(sandbox: Sandbox) -> None:
    def ask(code: str) -> dict[str, Any]:
        return _call(sandbox, "POST", "business/getuserphonenumber", json={"code": code})

    assert ask(_phone(sandbox, "login")["code"])["errcode"] == 40029
    code = _phone(sandbox, "phone-number")["code"]
    assert ask(code)["phone_info"]["purePhoneNumber"] == "13800000031"
    assert ask(code)["errcode"] == 40163


def test_the_account_s_token_is_not_the_mini_program_s(sandbox: Sandbox) -> None:
    body = {"code": _phone(sandbox, "phone-number")["code"]}
    assert _call(sandbox, "POST", "business/getuserphonenumber", kind="stable", json=body)["errcode"] == 48001


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"jump_wxa": {"path": "pages/home/home", "query": ""}, "expire_type": 1, "expire_interval": 30}, 0),
        ({"jump_wxa": {"path": "pages/home/home"}}, 85401),
        ({"jump_wxa": {"path": "a b"}, "expire_type": 1, "expire_interval": 1}, 40165),
        ({"jump_wxa": {}, "cloud_base": [], "expire_type": 1, "expire_interval": 1}, 47001),
        ({"jump_wxa": {}, "expire_type": 1, "expire_interval": 31}, 85401),
    ],
)
def test_links_of_today_s_form_only(sandbox: Sandbox, body: dict[str, Any], errcode: int) -> None:
    assert _call(sandbox, "POST", "generatescheme", json=body)["errcode"] == errcode
