"""The phone's control API: people, inboxes, faults, clock, and jumps to the product."""

import base64
import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from sandbox.assembly import Sandbox
from sandbox.serving import Refusal, guard
from sandbox.sms.lines import TENCENT
from sandbox.trial import running, trial_setup
from services.core.clock import SystemClock

SECONDS = 10
NEW: dict[str, Any] = {
    "key": "zhao",
    "name": "赵六",
    "id_no": "659999198001010019",
    "phone": "13800000066",
    "portrait": "obama",
    "cards": [
        {"bank_code": "105000", "bank_name": "建设银行", "card_no": "6217000000000000046", "class": "1"}
    ],
}


def _url(sandbox: Sandbox, path: str) -> str:
    return sandbox.setup.url("phone") + path


def test_people_are_listed_with_openid(sandbox: Sandbox) -> None:
    members = requests.get(_url(sandbox, "/control/members"), timeout=SECONDS).json()["members"]
    assert [member["key"] for member in members] == ["li", "wang"]
    assert members[0]["openid"] == sandbox.account.openid("li")


def test_an_added_person_is_known_after_a_restart_and_told_to_the_product(tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    command = (sys.executable, "-c", f"import shutil,sys; shutil.copy(sys.argv[1], {str(told)!r})")
    setup = trial_setup(tmp_path / "state", import_command=command)
    with running(setup) as first:
        added = requests.post(_url(first, "/control/members"), json=NEW, timeout=SECONDS)
        assert (added.status_code, added.json()["import"]["ok"]) == (201, True)
        openid = added.json()["openid"]
    (member,) = json.loads(told.read_text("utf-8"))["members"]
    assert (member["name"], member["cards"]) == ("赵六", NEW["cards"])
    with running(replace(setup, ports=trial_setup(tmp_path).ports)) as second:
        assert second.account.openid("zhao") == openid
        assert second.world.find("赵六", NEW["id_no"]) is not None


def test_a_phone_has_two_numbers_and_one_inbox(tmp_path: Path) -> None:
    """For those who change theirs: 199 and the same eight digits."""
    with running(trial_setup(tmp_path / "state", import_command=())) as sandbox:
        sandbox.world.add(NEW)
        second = f"199{NEW['phone'][3:]}"
        for number, code in ((NEW["phone"], "111111"), (second, "222222"), (NEW["phone"], "333333")):
            sandbox.network.accept(TENCENT, number, "株洲公积金", "2000001", [code, "10"], "intent")
        messages = requests.get(_url(sandbox, "/control/phones/zhao/sms"), timeout=SECONDS).json()["messages"]
        of_second = requests.get(_url(sandbox, f"/control/numbers/{second}/sms"), timeout=SECONDS).json()
    assert [message["params"][0] for message in messages] == ["111111", "222222", "333333"]
    assert [(m["phone"], m["params"][0]) for m in of_second["messages"]] == [(second, "222222")]


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    setup = trial_setup(tmp_path / "state", import_command=())
    with running(setup) as first:
        first.world.add(NEW)
        openid = first.account.openid("zhao")
        first.account.set_follows(openid, True)
        token = first.account.stable_token(force=False)["access_token"]
        first.network.accept(TENCENT, NEW["phone"], "株洲公积金", "2000001", ["123456", "5"], "intent")
        first.account.say(openid, {"from": "member", "type": "text", "text": "余额"})
    with running(replace(setup, ports=trial_setup(tmp_path).ports)) as second:
        assert second.account.stable_token(force=False)["access_token"] == token
        sms = requests.get(_url(second, "/control/phones/zhao/sms"), timeout=SECONDS).json()["messages"]
        chat = requests.get(_url(second, "/control/phones/zhao/wechat"), timeout=SECONDS).json()
    assert [message["params"] for message in sms] == [["123456", "5"]]
    assert (chat["follows"], [message["text"] for message in chat["messages"]]) == (True, ["余额"])


def test_an_import_that_fails_is_said(tmp_path: Path) -> None:
    setup = trial_setup(
        tmp_path / "state", import_command=(sys.executable, "-c", "raise SystemExit('no database')")
    )
    with running(setup) as sandbox:
        added = requests.post(_url(sandbox, "/control/members"), json=NEW, timeout=SECONDS)
    assert added.status_code == 502
    assert "no database" in added.json()["import"]["output"]


def test_an_own_photo_becomes_the_police_photo(sandbox: Sandbox) -> None:
    out = io.BytesIO()
    Image.effect_noise((900, 1200), 90).convert("RGB").save(out, "JPEG", quality=95)
    record = {**NEW, "import": False, "reference_jpeg": base64.b64encode(out.getvalue()).decode()}
    assert requests.post(_url(sandbox, "/control/members"), json=record, timeout=SECONDS).status_code == 201
    person = sandbox.world.person("zhao")
    assert person is not None
    photo = sandbox.world.police_photo(person)
    assert photo is not None
    assert len(photo) <= 40 * 1024
    junk = {**record, "reference_jpeg": base64.b64encode(b"junk").decode()}
    assert requests.post(_url(sandbox, "/control/members"), json=junk, timeout=SECONDS).status_code == 400


def test_the_clock_moves_for_both_sides(tmp_path: Path) -> None:
    offset_file = tmp_path / "product" / "clock-offset"
    with running(trial_setup(tmp_path / "state", clock_file=offset_file)) as sandbox:
        requests.post(_url(sandbox, "/control/clock"), json={"offset_s": 86400}, timeout=SECONDS)
        assert abs(sandbox.world.time() - SystemClock(offset_file).now().timestamp()) < 1
        assert sandbox.world.time() - SystemClock().now().timestamp() > 86000


def test_faults_are_ordered_listed_and_cancelled(sandbox: Sandbox) -> None:
    url = _url(sandbox, "/control/faults")
    order = {"server": "sms", "on": "SendSms", "kind": "limit", "person": "li", "times": "always"}
    number = requests.post(url, json=order, timeout=SECONDS).json()["number"]
    (listed,) = requests.get(url, timeout=SECONDS).json()["faults"]
    assert (listed["person"], listed["times"]) == ("13800000031", None)
    assert requests.delete(f"{url}/{number}", timeout=SECONDS).json() == {"faults": []}
    assert requests.post(url, json={"server": "moon", "kind": "x"}, timeout=SECONDS).status_code == 400


def test_opening_a_page_makes_the_browser_this_phone(sandbox: Sandbox) -> None:
    browser = requests.Session()
    answer = browser.get(_url(sandbox, "/phone/li/open?page=home"), allow_redirects=False, timeout=SECONDS)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{sandbox.setup.public_base_url}/api/v1/auth/wechat/start?page=home"
    authorize = (
        f"{sandbox.setup.url('wechat')}/connect/oauth2/authorize?appid={sandbox.account.keys['appid']}"
        f"&redirect_uri={sandbox.setup.public_base_url}/cb&response_type=code&scope=snsapi_base&state=s"
    )
    consent = browser.get(authorize, allow_redirects=False, timeout=SECONDS)
    assert "code=" in consent.headers["Location"]


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_phone_opens_only_the_product(sandbox: Sandbox, url: str) -> None:
    answer = requests.get(
        _url(sandbox, "/phone/li/visit"), params={"url": url}, allow_redirects=False, timeout=SECONDS
    )
    assert answer.status_code == 400


def test_the_settlement_node_and_the_actor_are_there(sandbox: Sandbox) -> None:
    assert (
        requests.get(_url(sandbox, "/control/settlement/account"), timeout=SECONDS).json()["balance_fen"] > 0
    )
    origin = "http://127.0.0.1:8600"
    clip = requests.get(
        _url(sandbox, "/actor/clip?portrait=obama&kind=neutral"), headers={"Origin": origin}, timeout=SECONDS
    )
    assert len(clip.json()) > 4
    assert clip.headers["Access-Control-Allow-Origin"] == origin
    foreign = requests.get(
        _url(sandbox, "/actor/portraits"), headers={"Origin": "https://evil.example"}, timeout=SECONDS
    )
    assert "Access-Control-Allow-Origin" not in foreign.headers


def test_the_sandbox_does_not_start_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    guard("127.0.0.1")
    with pytest.raises(Refusal):
        guard("0.0.0.0")
    monkeypatch.setenv("ANJU_ENV", "production")
    with pytest.raises(Refusal):
        guard("127.0.0.1")
