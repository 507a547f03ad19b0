"""A withdrawal by the mini-program over HTTP: WeChat's own face verification, from the first request to the money."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest
import requests
from werkzeug.test import TestResponse

from app.factory import create_app
from sandbox.assembly import Sandbox
from services.applications.models import Application
from tests.contract.api.reading import problem
from tests.contract.wechat.conftest import MemoryTokenStore
from tests.support.domain.fakes import movement
from tests.support.domain.wechat import MiniUser, in_mini_program
from tests.support.domain.world import Member, World, idempotency
from wechat.client import WeChatClient
from wechat.config import WeChatConfig
from wechat.face_verification import WeChatFaceVerifier


@dataclass
class Phone:
    """A member's phone with the mini-program on it."""

    world: World
    sandbox: Sandbox
    member: Member
    user: MiniUser
    application: Application

    @property
    def key(self) -> str:
        """The member's name in the sandbox."""
        return f"m{self.member.person.number}"

    def post(self, path: str, body: dict[str, Any], **headers: str) -> TestResponse:
        """A request of the mini-program."""
        return self.world.client().post(f"/api/v1{path}", json=body, headers=self.user.bearer | headers)

    def open(self, **more: Any) -> TestResponse:
        """Begin a try."""
        consent = str(self.world.consent(self.member, "face"))
        path = f"/applications/{self.application.application_id}/face-sessions"
        return self.post(path, {"consent_id": consent, **more})

    def opened(self) -> dict[str, Any]:
        """A try that has begun."""
        answer = self.open()
        assert answer.status_code == 201, answer.get_data(as_text=True)
        told: dict[str, Any] = answer.get_json()
        return told

    def look(self, opened: dict[str, Any], **more: str) -> int:
        """wx.requestFacialVerify: WeChat's screen on this phone; the callback's errCode."""
        body = {"verify_id": opened["verify_id"], **more}
        url = f"{self.sandbox.setup.url('phone')}/phone/{self.key}/facial-verify"
        answer = requests.post(url, json=body, timeout=5).json()
        assert answer["errMsg"] == f"requestFacialVerify:{'ok' if answer['errCode'] == 0 else 'fail'}"
        return int(answer["errCode"])

    def camera(self, mode: str, portrait: str = "") -> None:
        """Who or what is before the phone's camera."""
        url = f"{self.sandbox.setup.url('phone')}/phone/{self.key}/camera"
        requests.post(url, json={"mode": mode, "portrait": portrait}, timeout=5).raise_for_status()

    def back(self, opened: dict[str, Any]) -> TestResponse:
        """Say that WeChat's screen is over."""
        return self.post(f"/face-sessions/{opened['session_id']}/returned", {})

    def confirm(self, opened: dict[str, Any]) -> TestResponse:
        """Confirm the application with this try."""
        body = {"face_session_id": opened["session_id"]}
        path = f"/applications/{self.application.application_id}/confirm"
        return self.post(path, body, **idempotency())


@pytest.fixture
def wechat(world: World, sandbox: Sandbox) -> Iterator[Sandbox]:
    """The product's verifier on the sandbox's WeChat."""
    keys = sandbox.setup.settings["wechat"]
    config = WeChatConfig(keys["mini_appid"], keys["mini_secret"], sandbox.setup.url("wechat"))
    verifications = world.product.verifications
    real = verifications._verifier
    verifications._verifier = WeChatFaceVerifier(WeChatClient(config, MemoryTokenStore(), world.clock))
    yield sandbox
    verifications._verifier = real


def phone_of(world: World, sandbox: Sandbox, member: Member) -> Phone:
    """The phone of a member whose photo the authority has, with a withdrawal that waits for the face."""
    person = member.person
    record = {"key": f"m{person.number}", "name": person.name, "id_no": person.id_no, "phone": person.phone}
    sandbox.world.add({**record, "portrait": "obama"})
    user = in_mini_program(world, member, sandbox.account.mini_openid(record["key"]))
    return Phone(world, sandbox, member, user, world.submit(member))


@pytest.fixture
def phone(world: World, wechat: Sandbox, member: Member) -> Phone:
    return phone_of(world, wechat, member)


def state(answer: TestResponse) -> tuple[str, list[str], int]:
    """State, reasons and tries left."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    body = answer.get_json()
    assert all(reason["text"] and reason["tip"] for reason in body["reasons"])
    return body["state"], [reason["code"] for reason in body["reasons"]], body["tries_left"]


def test_from_the_mini_program_to_the_money(world: World, member: Member, phone: Phone) -> None:
    opened = phone.opened()
    assert opened["method"] == "wechat"
    assert 0 < len(opened["verify_id"]) <= 256
    assert opened["nonce"] is opened["challenge_key"] is opened["prompt"] is opened["capture"] is None
    assert phone.look(opened) == 0
    assert state(phone.back(opened)) == ("passed", [], 3)
    confirmed = phone.confirm(opened)
    assert confirmed.status_code == 201
    assert confirmed.get_json()["amount_words"] == "叁仟元整"
    assert world.balance(member) == (5_300_000, 300_000)
    world.run_jobs(member.account_id, "settlement.dispatch", rounds=1)
    world.product.settlement_jobs.take_changes([movement(world.node.sent[0])])
    assert world.state(phone.application) == ("paid", "paid")
    assert world.balance(member) == (5_300_000, 0)


def test_without_performing_it_the_phones_word_is_nothing(phone: Phone) -> None:
    opened = phone.opened()
    assert state(phone.back(opened)) == ("judging", [], 3)
    problem(phone.confirm(opened), 403, "face.not_passed")
    body: dict[str, Any] = {"verify_ret": 10000, "errCode": 0}
    problem(phone.post(f"/face-sessions/{opened['session_id']}/returned", body), 400, "field.unknown")
    phone.look(opened)
    assert state(phone.back(opened))[0] == "passed"


def test_another_person_before_the_camera(world: World, member: Member, phone: Phone) -> None:
    """WeChat's callback says 0, finished. Three strangers of a day end the application; no money moves."""
    phone.camera("live", "biden")
    for left in (2, 1, 0):
        opened = phone.opened()
        assert phone.look(opened) == 0
        assert state(phone.back(opened)) == ("failed", ["wechat.other_person"], left)
        if left:
            problem(phone.confirm(opened), 403, "face.not_passed")
    problem(phone.confirm(opened), 409, "application.state_changed")
    assert world.state(phone.application)[0] == "refused"
    phone.application = world.submit(member)
    problem(phone.open(), 429, "face.tries_used")
    assert world.balance(member) == (5_600_000, 0)


def test_cancelled_and_tried_again(phone: Phone) -> None:
    opened = phone.opened()
    assert phone.look(opened, action="cancel") == 90002
    assert state(phone.back(opened)) == ("failed", ["wechat.cancelled"], 3)
    again = phone.opened()
    phone.look(again)
    assert state(phone.back(again))[0] == "passed"


def test_the_page_in_the_public_account_keeps_to_its_own_camera(
    world: World, member: Member, phone: Phone
) -> None:
    path = f"/api/v1/applications/{phone.application.application_id}/face-sessions"
    consent = str(world.consent(member, "face"))
    refused = world.client().post(
        path, json={"consent_id": consent, "method": "wechat"}, headers=member.bearer
    )
    problem(refused, 403, "face.method")
    opened = world.client().post(path, json={"consent_id": consent}, headers=member.bearer).get_json()
    assert (opened["method"], opened["verify_id"], opened["action_count"]) == ("camera", None, 3)
    problem(phone.back(opened), 403, "face.method")


def test_the_mini_program_may_not_use_a_camera_of_ours(world: World, phone: Phone) -> None:
    problem(phone.open(method="camera"), 403, "face.method")
    opened = phone.opened()
    frames = {
        "batch": 0,
        "frames": [{"seq": 0, "at_ms": 0, "prompt": 0, "jpeg": "/9j/", "mac": "AAAA"}],
        "device_signature": "AAAA",
    }
    problem(phone.post(f"/face-sessions/{opened['session_id']}/frames", frames), 403, "face.method")
    kept = world.one("SELECT count(*) AS n FROM face_batch WHERE account_id = :a", a=phone.member.account_id)
    assert kept.n == 0


def test_an_unknown_way_is_refused(phone: Phone) -> None:
    problem(phone.open(method="fingerprint"), 422, "field.invalid")


@pytest.mark.parametrize(("offered", "status"), [("camera", 403), ("wechat", 201), ("camera,wechat", 201)])
def test_the_centre_decides_what_it_offers(phone: Phone, offered: str, status: int) -> None:
    ports = phone.world.product.ports()
    settings = ports.settings.model_copy(update={"face_methods": offered})
    app = create_app(replace(ports, settings=settings))
    path = f"/api/v1/applications/{phone.application.application_id}/face-sessions"
    consent = str(phone.world.consent(phone.member, "face"))
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = "10.99.0.1"
    answer = client.post(path, json={"consent_id": consent}, headers=phone.user.bearer)
    assert answer.status_code == status
    if status == 403:
        problem(answer, 403, "face.method")


def test_another_member_gets_nothing_from_it(world: World, wechat: Sandbox, phone: Phone) -> None:
    """Neither the session nor the id: WeChat refuses the id on a phone it was not made for."""
    thief = phone_of(world, wechat, world.member())
    opened = phone.opened()
    problem(thief.back(opened), 404)
    problem(thief.confirm(opened), 403, "face.not_passed")
    answer = world.client().get(f"/api/v1/face-sessions/{opened['session_id']}", headers=thief.user.bearer)
    problem(answer, 404)
    own = thief.opened()
    assert thief.look({"verify_id": opened["verify_id"]}) == 0
    assert state(phone.back(opened))[:2] == ("failed", ["wechat.other_identity"])
    assert state(thief.back(own))[0] == "judging"


def test_a_passed_verification_serves_no_other_application(world: World, phone: Phone) -> None:
    opened = phone.opened()
    phone.look(opened)
    assert state(phone.back(opened))[0] == "passed"
    path = f"/applications/{phone.application.application_id}/cancel"
    assert phone.post(path, {}).status_code == 200
    phone.application = world.submit(phone.member, 300_000)
    problem(phone.confirm(opened), 403, "face.not_passed")


def test_another_login_of_the_member_cannot_bring_it_back(world: World, phone: Phone) -> None:
    """The page's login, and another user of the mini-program."""
    opened = phone.opened()
    phone.look(opened)
    path = f"/api/v1/face-sessions/{opened['session_id']}/returned"
    problem(world.client().post(path, json={}, headers=phone.member.bearer), 403, "face.method")
    with_other = replace(phone, user=sign_in_as(world, phone, "m-other-user"))
    problem(with_other.back(opened), 403, "face.other_wechat")
    assert state(phone.back(opened))[0] == "passed"


def sign_in_as(world: World, phone: Phone, openid: str) -> MiniUser:
    """A second user of the mini-program, after the first was unbound."""
    with world.product.sessions.begin() as session:
        session.connection().exec_driver_sql(
            "UPDATE binding SET ended_at = bound_at WHERE account_id = %s AND channel = 'mini'",
            (phone.member.account_id,),
        )
    return in_mini_program(world, phone.member, openid)


def test_too_late_is_over(world: World, phone: Phone) -> None:
    opened = phone.opened()
    phone.look(opened)
    world.later(seconds=300)
    problem(phone.back(opened), 409, "face.session_over")
    problem(phone.confirm(opened), 403, "face.not_passed")
    again = phone.opened()
    phone.look(again)
    assert state(phone.back(again)) == ("passed", [], 3)


@pytest.mark.parametrize("kind", ["html", "http_500", "reset", "lost_answer"])
def test_wechat_away_at_the_start(phone: Phone, wechat: Sandbox, kind: str) -> None:
    wechat.world.faults.order("wechat", "getverifyid", kind)
    answer = phone.open()
    problem(answer, 503, "face.wechat_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    opened = phone.opened()
    phone.look(opened)
    assert state(phone.back(opened)) == ("passed", [], 3)


@pytest.mark.parametrize(("kind", "times"), [("html", 1), ("http_500", 1), ("reset", 1), ("errcode", 4)])
def test_wechat_away_at_the_end_is_asked_again_by_the_worker(
    world: World, phone: Phone, wechat: Sandbox, kind: str, times: int
) -> None:
    """Busy (-1) is tried three times more at once; what stays busy counts as away."""
    opened = phone.opened()
    phone.look(opened)
    wechat.world.faults.order("wechat", "queryverifyinfo", kind, times=times, args={"errcode": -1})
    assert state(phone.back(opened)) == ("judging", [], 3)
    problem(phone.confirm(opened), 403, "face.not_passed")
    world.later(seconds=4)
    assert world.product.verifications.ask_again() >= 1
    path = f"/api/v1/face-sessions/{opened['session_id']}"
    assert state(world.client().get(path, headers=phone.user.bearer))[0] == "passed"


def test_wechat_busy_for_a_moment_is_not_noticed(phone: Phone, wechat: Sandbox) -> None:
    opened = phone.opened()
    phone.look(opened)
    wechat.world.faults.order("wechat", "queryverifyinfo", "errcode", times=3, args={"errcode": -1})
    assert state(phone.back(opened)) == ("passed", [], 3)


def test_an_id_that_ended_early(phone: Phone, wechat: Sandbox, world: World) -> None:
    wechat.world.faults.order("wechat", "getverifyid", "short_life", args={"seconds": 2})
    opened = phone.opened()
    world.later(seconds=2)
    problem(phone.back(opened), 409, "face.session_over")


def test_of_two_confirmations_over_http_one_wins(world: World, phone: Phone) -> None:
    opened = phone.opened()
    phone.look(opened)
    phone.back(opened)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: phone.confirm(opened), range(2)))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert world.balance(phone.member) == (5_300_000, 300_000)


@pytest.mark.parametrize("before_the_camera", ["obama", "biden"])
def test_coming_back_to_what_was_erased_is_over(phone: Phone, before_the_camera: str) -> None:
    """Passed or not: the answer was lost on the way, the member deleted their face data, and the phone asks again."""
    phone.camera("live", before_the_camera)
    opened = phone.opened()
    phone.look(opened)
    assert phone.back(opened).status_code == 200
    erased = phone.world.client().delete("/api/v1/face-data", headers=phone.user.bearer)
    assert (erased.status_code, erased.get_json()) == (200, {"erased": 1})
    problem(phone.back(opened), 409, "face.session_over")


def test_coming_back_again_and_again_is_limited(phone: Phone) -> None:
    opened = phone.opened()
    answers = [phone.back(opened) for _ in range(31)]
    assert {answer.status_code for answer in answers[:30]} == {200}
    problem(answers[30], 429, "request.too_many")


def test_it_needs_the_consent_to_the_face_check(world: World, phone: Phone) -> None:
    consent = str(world.consent(phone.member, "data_sharing"))
    path = f"/applications/{phone.application.application_id}/face-sessions"
    refused = problem(phone.post(path, {"consent_id": consent}), 403, "consent.required")
    assert refused["field"] == "face"
