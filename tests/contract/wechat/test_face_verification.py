"""WeChatFaceVerifier against the double: the protocol, who passes, and every way of not getting an answer."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from sandbox.assembly import Sandbox
from sandbox.wechat.verification import FaceVerifications, digest_of
from services.core.clock import SystemClock
from services.face.ports import Answer, Issued, Subject, VerifierUnavailable
from tests.contract.conftest import LI, WANG
from tests.contract.wechat.conftest import MemoryTokenStore
from wechat import http
from wechat.client import WeChatClient
from wechat.config import WeChatConfig
from wechat.face_verification import WeChatFaceVerifier, cert_hash

_numbers = itertools.count(10_000)
LIVE = {"mode": "live", "portrait": "obama"}


def reference() -> str:
    """A number WeChat has not seen."""
    return f"test-{next(_numbers)}"


@pytest.fixture
def mini(config: WeChatConfig, sandbox: Sandbox) -> WeChatConfig:
    keys = sandbox.setup.settings["wechat"]
    return replace(config, appid=keys["mini_appid"], secret=keys["mini_secret"])


@pytest.fixture
def verifier(mini: WeChatConfig, tokens: MemoryTokenStore, clock: SystemClock) -> WeChatFaceVerifier:
    return WeChatFaceVerifier(WeChatClient(mini, tokens, clock, sleep=lambda seconds: None))


@pytest.fixture
def subject(sandbox: Sandbox) -> Subject:
    """Li, whose photo the authority has, on Li's own phone."""
    sandbox.world.add({**LI, "portrait": "obama"})
    return Subject("李安", LI["id_no"], sandbox.account.mini_openid("li"))  # type: ignore[arg-type]


class Phone:
    """WeChat's screen on somebody's phone."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def perform(
        self, issued: Issued, *, who: str = "li", camera: dict[str, str] = LIVE, action: str = "look"
    ) -> int:
        """What the callback of wx.requestFacialVerify gets."""
        person = self._sandbox.world.person(who)
        assert person is not None
        return FaceVerifications(self._sandbox.account).perform(person, issued.verify_id, camera, action)


@pytest.fixture
def phone(sandbox: Sandbox) -> Phone:
    return Phone(sandbox)


def calls(sandbox: Sandbox, path: str) -> list[dict[str, Any]]:
    """What the double saw."""
    return [call for call in sandbox.store.entries("received", "wechat") if call["path"].endswith(path)]


def test_the_digest_of_the_official_description() -> None:
    assert (
        cert_hash("张三", "310101199801011234")
        == "3c241f7ff324977aeb91f173bb2a7b06569e6fd784d5573db34a636d8671108b"
    )


def test_the_double_computes_the_digest_by_itself_and_alike() -> None:
    certificate = {"cert_type": "IDENTITY_CARD", "cert_name": "张三", "cert_no": "310101199801011234"}
    assert digest_of(certificate) == "3c241f7ff324977aeb91f173bb2a7b06569e6fd784d5573db34a636d8671108b"


def test_the_member_before_the_camera_passes(
    verifier: WeChatFaceVerifier, subject: Subject, phone: Phone
) -> None:
    number = reference()
    issued = verifier.begin(number, subject)
    assert issued.life_s == 3600
    assert phone.perform(issued) == 0
    assert verifier.ask(issued.verify_id, number, subject) == Answer("passed", code=10000)


def test_what_goes_to_wechat_is_its_protocol_and_the_mini_programs_own_token(
    verifier: WeChatFaceVerifier, subject: Subject, sandbox: Sandbox
) -> None:
    verifier.begin("test-protocol", subject)
    (call,) = calls(sandbox, "getverifyid")
    assert '"out_seq_no": "test-protocol"' in call["body"]
    assert "李安" in call["body"], "UTF-8, not escaped"
    (token,) = calls(sandbox, "stable_token")
    assert sandbox.setup.settings["wechat"]["mini_appid"] in token["body"]


def test_finished_is_not_passed(verifier: WeChatFaceVerifier, subject: Subject, phone: Phone) -> None:
    """The phone's callback says 0 for another person too: the screen came to its end."""
    number = reference()
    issued = verifier.begin(number, subject)
    assert phone.perform(issued, camera={"mode": "live", "portrait": "biden"}) == 0
    assert verifier.ask(issued.verify_id, number, subject) == Answer("failed", "wechat.other_person", 10004)


@pytest.mark.parametrize(
    ("camera", "action", "code", "reason"),
    [
        ({"mode": "still", "portrait": "obama"}, "look", 10002, "wechat.face_unseen"),
        ({"mode": "denied", "portrait": "obama"}, "look", 90008, "wechat.no_camera"),
        ({"mode": "missing", "portrait": "obama"}, "look", 90001, "wechat.unsupported"),
        (LIVE, "cancel", 90002, "wechat.cancelled"),
    ],
)
def test_what_happens_before_the_camera(
    verifier: WeChatFaceVerifier,
    subject: Subject,
    phone: Phone,
    camera: dict[str, str],
    action: str,
    code: int,
    reason: str,
) -> None:
    number = reference()
    issued = verifier.begin(number, subject)
    phone.perform(issued, camera=camera, action=action)
    assert verifier.ask(issued.verify_id, number, subject) == Answer("failed", reason, code)


def test_another_users_phone_cannot_perform_it(
    verifier: WeChatFaceVerifier, subject: Subject, phone: Phone
) -> None:
    number = reference()
    issued = verifier.begin(number, subject)
    phone.perform(issued, who="wang")
    assert verifier.ask(issued.verify_id, number, subject) == Answer("failed", "wechat.other_identity", 10003)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (10001, "wechat.system"),
        (10002, "wechat.face_unseen"),
        (10003, "wechat.other_identity"),
        (10004, "wechat.other_person"),
        (10005, "wechat.failed"),
        (90001, "wechat.unsupported"),
        (90006, "wechat.cancelled"),
        (90007, "wechat.network"),
        (90010, "wechat.no_camera"),
        (90012, "wechat.network"),
        (90017, "wechat.timeout"),
        (90018, "wechat.system"),
        (90107, "wechat.timeout"),
        (90109, "wechat.unsupported"),
        (90199, "wechat.system"),
        (99999, "wechat.failed"),
    ],
)
def test_every_result_but_10000_fails(
    verifier: WeChatFaceVerifier, subject: Subject, phone: Phone, sandbox: Sandbox, code: int, reason: str
) -> None:
    sandbox.world.faults.order("wechat", "facial_verify", "verify_ret", args={"verify_ret": code})
    number = reference()
    issued = verifier.begin(number, subject)
    phone.perform(issued)
    assert verifier.ask(issued.verify_id, number, subject) == Answer("failed", reason, code)


def test_asked_too_early_it_is_unclear_and_may_be_asked_again(
    verifier: WeChatFaceVerifier, subject: Subject, phone: Phone
) -> None:
    number = reference()
    issued = verifier.begin(number, subject)
    assert verifier.ask(issued.verify_id, number, subject).outcome == "unclear"
    phone.perform(issued)
    assert verifier.ask(issued.verify_id, number, subject).outcome == "passed"


def test_a_result_belongs_to_id_number_person_and_user_together(
    verifier: WeChatFaceVerifier, subject: Subject, phone: Phone, sandbox: Sandbox
) -> None:
    number, other = reference(), reference()
    issued, unused = verifier.begin(number, subject), verifier.begin(other, subject)
    phone.perform(issued)
    wang = sandbox.account.mini_openid("wang")
    asked = [
        verifier.ask(issued.verify_id, other, subject),
        verifier.ask(unused.verify_id, number, subject),
        verifier.ask("made-up", number, subject),
        verifier.ask(issued.verify_id, number, replace(subject, openid=wang)),
        verifier.ask(issued.verify_id, number, replace(subject, name=WANG["name"])),
        verifier.ask(issued.verify_id, number, replace(subject, id_no=WANG["id_no"])),
    ]
    assert [answer.outcome for answer in asked] == ["unclear"] * 6
    assert [answer.code for answer in asked] == [84002, 84002, 84001, 84002, 84002, 84002]


def test_an_id_serves_one_performance_within_its_life(
    verifier: WeChatFaceVerifier, subject: Subject, phone: Phone, sandbox: Sandbox
) -> None:
    number = reference()
    issued = verifier.begin(number, subject)
    phone.perform(issued, camera={"mode": "live", "portrait": "biden"})
    assert phone.perform(issued) == 10001
    assert verifier.ask(issued.verify_id, number, subject).outcome == "failed"
    late = reference()
    issued = verifier.begin(late, subject)
    sandbox.world.shift_clock(3600)
    assert phone.perform(issued) == 10001
    assert verifier.ask(issued.verify_id, late, subject).outcome == "unclear"


@pytest.mark.parametrize("number", ["abcd", "x" * 33, "with space", "汉字汉字汉字"])
def test_a_number_outside_wechats_rule_begins_nothing(
    verifier: WeChatFaceVerifier, subject: Subject, number: str
) -> None:
    with pytest.raises(VerifierUnavailable, match=r"wechat\.47003"):
        verifier.begin(number, subject)


def test_a_number_is_used_once(verifier: WeChatFaceVerifier, subject: Subject) -> None:
    verifier.begin("test-once", subject)
    with pytest.raises(VerifierUnavailable, match=r"wechat\.47003"):
        verifier.begin("test-once", subject)


def test_a_user_of_the_public_account_is_not_one_of_the_mini_program(
    verifier: WeChatFaceVerifier, subject: Subject, li: str
) -> None:
    with pytest.raises(VerifierUnavailable, match=r"wechat\.40003"):
        verifier.begin(reference(), replace(subject, openid=li))


def test_the_accounts_token_opens_nothing_here(client: WeChatClient, subject: Subject) -> None:
    with pytest.raises(VerifierUnavailable, match=r"wechat\.48001"):
        WeChatFaceVerifier(client).begin(reference(), subject)


@pytest.mark.parametrize("errcode", [-1, 40013, 40164, 45009, 45011, 48001, 84001])
def test_an_error_code_begins_nothing(
    verifier: WeChatFaceVerifier, subject: Subject, sandbox: Sandbox, errcode: int
) -> None:
    sandbox.world.faults.order(
        "wechat", "getverifyid", "errcode", times=4 if errcode == -1 else 1, args={"errcode": errcode}
    )
    with pytest.raises(VerifierUnavailable, match=f"wechat.{errcode}"):
        verifier.begin(reference(), subject)


@pytest.mark.parametrize("kind", ["html", "http_500", "reset", "lost_answer"])
def test_no_usable_answer_begins_nothing(
    verifier: WeChatFaceVerifier, subject: Subject, sandbox: Sandbox, kind: str
) -> None:
    sandbox.world.faults.order("wechat", "getverifyid", kind)
    with pytest.raises(VerifierUnavailable, match=r"wechat\.unreachable"):
        verifier.begin(reference(), subject)


@pytest.mark.parametrize(
    ("errcode", "outcome"),
    [
        (-1, "unavailable"),
        (45009, "unavailable"),
        (45011, "unavailable"),
        (48001, "unavailable"),
        (84001, "unclear"),
        (10000, "unclear"),
    ],
)
def test_an_error_code_is_no_result(
    verifier: WeChatFaceVerifier, subject: Subject, phone: Phone, sandbox: Sandbox, errcode: int, outcome: str
) -> None:
    number = reference()
    issued = verifier.begin(number, subject)
    phone.perform(issued)
    sandbox.world.faults.order(
        "wechat", "queryverifyinfo", "errcode", times=4 if errcode == -1 else 1, args={"errcode": errcode}
    )
    assert verifier.ask(issued.verify_id, number, subject) == Answer(outcome, code=errcode)  # type: ignore[arg-type]
    assert verifier.ask(issued.verify_id, number, subject).outcome == "passed"


@pytest.mark.parametrize("kind", ["html", "http_500", "reset", "slow"])
def test_no_usable_answer_is_no_result(
    verifier: WeChatFaceVerifier,
    subject: Subject,
    phone: Phone,
    sandbox: Sandbox,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = reference()
    issued = verifier.begin(number, subject)
    phone.perform(issued)
    monkeypatch.setattr(http, "TIMEOUT_S", (0.3, 0.3))
    sandbox.world.faults.order("wechat", "queryverifyinfo", kind, args={"seconds": 1})
    assert verifier.ask(issued.verify_id, number, subject) == Answer("unavailable")
    monkeypatch.setattr(http, "TIMEOUT_S", (3, 5))
    assert verifier.ask(issued.verify_id, number, subject).outcome == "passed"


def test_a_token_killed_elsewhere_costs_one_renewal(
    verifier: WeChatFaceVerifier, subject: Subject, sandbox: Sandbox
) -> None:
    verifier.begin(reference(), subject)
    sandbox.account.kill_tokens()
    verifier.begin(reference(), subject)
    assert len(calls(sandbox, "stable_token")) == 2


class Says:
    """A client that answers what it is told."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer

    def post(self, call: str, data: object) -> dict[str, Any]:
        return self.answer


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"verify_ret": 10000},
        {"errcode": 0},
        {"errcode": 0, "verify_ret": None},
        {"errcode": 0, "verify_ret": "10000"},
        {"errcode": 0, "verify_ret": 10000.0},
        {"errcode": 0, "verify_ret": True},
        {"errcode": False, "verify_ret": 10000},
        {"errcode": "0", "verify_ret": 10000},
        {"errcode": 0, "verify_ret": [10000]},
        {"errcode": 0, "verify_ret": 2**40},
    ],
)
def test_only_a_plain_10000_passes(answer: dict[str, Any], subject: Subject) -> None:
    verifier = WeChatFaceVerifier(Says(answer))  # type: ignore[arg-type]
    assert verifier.ask("id", "reference", subject).outcome == "unclear"


@pytest.mark.parametrize(
    "answer",
    [
        {"errcode": 0},
        {"errcode": 0, "verify_id": ""},
        {"errcode": 0, "verify_id": 7},
        {"errcode": 0, "verify_id": "x" * 257},
        {"errcode": 0, "verify_id": "line\nbreak"},
        {"errcode": 0, "verify_id": "id", "expires_in": 0},
        {"errcode": 0, "verify_id": "id", "expires_in": "3600"},
    ],
)
def test_an_id_out_of_shape_begins_nothing(answer: dict[str, Any], subject: Subject) -> None:
    with pytest.raises(VerifierUnavailable, match=r"wechat\.answer"):
        WeChatFaceVerifier(Says(answer)).begin(reference(), subject)  # type: ignore[arg-type]


def test_nothing_said_or_logged_holds_the_person(
    mini: WeChatConfig, tokens: MemoryTokenStore, clock: SystemClock, subject: Subject
) -> None:
    away = WeChatFaceVerifier(WeChatClient(replace(mini, api_base_url="http://127.0.0.1:9"), tokens, clock))
    with pytest.raises(VerifierUnavailable) as caught:
        away.begin(reference(), subject)
    said = f"{caught.value!r} {subject!r} {Issued('verify-canary', 1)!r}"
    assert all(secret not in said for secret in (subject.id_no, subject.name, subject.openid, "canary"))
