"""Frames over the API: from the bound phone, as they are taken, in order; everything else is not taken."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from werkzeug.test import TestResponse

from services.face.engine.types import Verdict
from tests.contract.api.reading import problem
from tests.support.domain.world import Member, World, idempotency


def b64url(data: bytes) -> str:
    """Without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class Phone:
    """A phone in a face session, speaking as the API describes."""

    world: World
    member: Member
    case: str
    opened: dict[str, Any]
    key: ec.EllipticCurvePrivateKey
    seq: int = 0
    batch: int = 0
    at_ms: int = 0
    prompt: int = 0
    changes: dict[str, Any] = field(default_factory=dict)

    def frames(self, count: int = 2) -> list[dict[str, Any]]:
        """Frames of the present prompt, 100 ms apart."""
        key = base64.urlsafe_b64decode(self.opened["challenge_key"] + "=")
        made = []
        for number in range(count):
            jpeg = f"jpeg-{self.opened['session_id']}-{self.seq + number}".encode()
            seq, at_ms = self.seq + number, self.at_ms + 100 * number
            text = f"{self.opened['nonce']}|{seq}|{at_ms}|{self.prompt}|{hashlib.sha256(jpeg).hexdigest()}"
            mac = b64url(hmac.new(key, text.encode(), hashlib.sha256).digest())
            made.append(
                {
                    "seq": seq,
                    "at_ms": at_ms,
                    "prompt": self.prompt,
                    "jpeg": base64.b64encode(jpeg).decode(),
                    "mac": mac,
                }
            )
        return made

    def body(self, frames: list[dict[str, Any]]) -> dict[str, Any]:
        """The signed batch."""
        digest = hashlib.sha256("".join(frame["mac"] for frame in frames).encode()).hexdigest()
        text = f"anju-frames-v1|{self.opened['session_id']}|{self.batch}|{digest}".encode()
        r, s = decode_dss_signature(self.key.sign(text, ec.ECDSA(hashes.SHA256())))
        return {
            "batch": self.batch,
            "frames": frames,
            "device_signature": b64url(r.to_bytes(32) + s.to_bytes(32)),
        }

    def post(self, body: dict[str, Any]) -> TestResponse:
        """Send."""
        path = f"/api/v1/face-sessions/{self.opened['session_id']}/frames"
        return self.world.client().post(path, json=body, headers=self.member.bearer)

    def wait(self, seconds: float) -> None:
        """Time passes, for server and phone alike."""
        self.world.later(seconds=seconds)
        self.at_ms += int(seconds * 1000)

    def send(self, count: int = 2) -> dict[str, Any]:
        """Take frames of the present prompt and send them; then show what the server asks."""
        frames = self.frames(count)
        self.world.later(seconds=0.1 * count)
        answer = self.post(self.body(frames))
        assert answer.status_code == 200, answer.get_data(as_text=True)
        told: dict[str, Any] = answer.get_json()
        self.seq, self.batch, self.at_ms = self.seq + count, self.batch + 1, self.at_ms + 100 * count
        self.prompt = told["prompt"]["index"]
        return told


@pytest.fixture
def phone(world: World, member: Member) -> Phone:
    """A session just opened."""
    application = world.submit(member)
    consent = str(world.consent(member, "face"))
    path = f"/api/v1/applications/{application.application_id}/face-sessions"
    opened = world.client().post(path, json={"consent_id": consent}, headers=member.bearer)
    assert opened.status_code == 201
    return Phone(world, member, str(application.application_id), opened.get_json(), member.key)


def test_from_first_frame_to_money_on_hold(world: World, member: Member, phone: Phone) -> None:
    """Each prompt comes only when the one before has run its time; after the last one the judge decides."""
    assert phone.opened["prompt"]["kind"] == "neutral"
    assert phone.opened["action_count"] == 3
    told, seen = {"complete": False}, [0]
    while not told["complete"]:
        hold_ms = phone.opened["prompt"]["hold_ms"] if len(seen) == 1 else told["prompt"]["hold_ms"]  # type: ignore[index]
        assert phone.send()["prompt"]["index"] == seen[-1]
        phone.wait(hold_ms / 1000)
        told = phone.send()
        seen.append(told["prompt"]["index"])  # type: ignore[index]
    assert seen == [0, 1, 2, 3, 4, 5, 6, 6]
    world.run_jobs(member.account_id, "face.judge")
    session = world.client().get(f"/api/v1/face-sessions/{phone.opened['session_id']}", headers=member.bearer)
    assert session.get_json()["state"] == "passed"
    assert session.get_json()["tries_left"] == 3
    body = {"face_session_id": phone.opened["session_id"]}
    confirmed = world.client().post(
        f"/api/v1/applications/{phone.case}/confirm", json=body, headers=member.bearer | idempotency()
    )
    assert confirmed.status_code == 201
    assert confirmed.get_json()["amount_words"] == "叁仟元整"
    assert world.balance(member) == (5_300_000, 300_000)
    kept = world.one("SELECT count(*) AS n FROM face_batch WHERE account_id = :a", a=member.account_id)
    assert kept.n == 0


def finished(phone: Phone) -> None:
    """The whole challenge, done."""
    told: dict[str, Any] = {"complete": False}
    while not told["complete"]:
        phone.send()
        phone.wait(3.5)
        told = phone.send()


def up_to_the_last_prompt(phone: Phone) -> dict[str, Any]:
    """All prompts but the last are done."""
    told: dict[str, Any] = {"prompt": {"index": 0}}
    while told["prompt"]["index"] < 6:
        phone.send()
        phone.wait(3.5)
        told = phone.send()
    return told


def test_on_a_slow_network_the_last_prompt_is_seen_out(phone: Phone) -> None:
    """The question was 2 s on its way, its time is over by the centre's clock; 0.6 of 0.9 s must be in pictures."""
    assert up_to_the_last_prompt(phone)["prompt"]["hold_ms"] == 900
    phone.wait(2.0)
    assert not phone.send(3)["complete"]  # 0, 100, 200 ms
    assert not phone.send(3)["complete"]  # to 500 ms
    assert phone.send(3)["complete"]  # to 800 ms


@pytest.mark.parametrize("last_prompt", [False, True])
def test_pictures_used_up_end_the_session_without_a_try(phone: Phone, last_prompt: bool) -> None:
    """120 are all that a session takes; whoever has none left must not wait for a verdict in vain."""
    up_to_the_last_prompt(phone)
    while phone.seq < 118:
        phone.prompt = 5
        assert not phone.send(min(10, 118 - phone.seq))["complete"]
    phone.prompt = 6 if last_prompt else 5
    phone.wait(1.0)
    assert phone.send(2)["complete"]
    path = f"/api/v1/face-sessions/{phone.opened['session_id']}"
    seen = phone.world.client().get(path, headers=phone.member.bearer).get_json()
    assert (seen["state"], seen["tries_left"]) == ("expired", 3)
    kept = phone.world.one(
        "SELECT count(*) AS n FROM face_batch WHERE session_id = :s", s=phone.opened["session_id"]
    )
    assert kept.n == 0


@pytest.mark.parametrize("done", [False, True])
def test_a_batch_sent_again_after_the_face_data_were_deleted_is_over(phone: Phone, done: bool) -> None:
    """Its answer was lost on the way, and the member deleted all face data meanwhile: under way, or judged."""
    body = phone.body(phone.frames())
    phone.world.later(seconds=0.3)
    assert phone.post(body).status_code == 200
    if done:
        phone.seq, phone.batch = 2, 1
        finished(phone)
        phone.world.run_jobs(phone.member.account_id, "face.judge")
        phone.batch -= 1
        body = phone.body(phone.frames())
    deleted = phone.world.client().delete("/api/v1/face-data", headers=phone.member.bearer)
    assert (deleted.status_code, deleted.get_json()) == (200, {"erased": 1})
    problem(phone.post(body), 409, "face.session_over")


@pytest.mark.parametrize(
    ("verdict", "photo", "reason"),
    [
        (
            Verdict(False, ("match.other_person",), {}, {}, ()),
            ("ok", {"photo_base64": "/9j/4AAQ"}),
            "match.other_person",
        ),
        (Verdict(True, (), {}, {}, ()), ("unavailable", {}), "face.photo_unavailable"),
        (Verdict(True, (), {}, {}, ()), ("ok", {"photo_base64": "%%%"}), "face.photo_unavailable"),
        (Verdict(True, (), {}, {}, ()), ("ok", {}), "face.photo_unavailable"),
    ],
)
def test_a_failed_try_says_why_and_what_would_help(
    world: World, member: Member, phone: Phone, verdict: Verdict, photo: tuple[str, Any], reason: str
) -> None:
    """A try the authority's photo service spoilt is not counted against the member."""
    world.judge.verdict = verdict
    world.sharing.answers["police.photo"] = photo
    finished(phone)
    world.run_jobs(member.account_id, "face.judge")
    answer = world.client().get(f"/api/v1/face-sessions/{phone.opened['session_id']}", headers=member.bearer)
    body = answer.get_json()
    assert (body["state"], body["tries_left"]) == ("failed", 2 if reason.startswith("match.") else 3)
    assert [each["code"] for each in body["reasons"]] == [reason]
    assert all(each["text"] and each["tip"] for each in body["reasons"])


def test_a_batch_sent_again_is_counted_once(phone: Phone) -> None:
    body = phone.body(phone.frames())
    phone.world.later(seconds=0.3)
    first, again = phone.post(body), phone.post(body)
    assert first.get_json() == again.get_json()
    assert again.get_json()["received"] == 2


@pytest.mark.parametrize(
    "fault",
    [
        "other phone",
        "no signature",
        "changed mac",
        "changed picture",
        "changed time",
        "mac of another session",
    ],
)
def test_frames_of_another_source_are_refused(world: World, phone: Phone, fault: str) -> None:
    """The channel rule: camera of the bound phone, now."""
    world.later(seconds=1)
    frames = phone.frames()
    if fault == "other phone":
        phone.key = ec.generate_private_key(ec.SECP256R1())
    if fault == "changed mac":
        frames[0]["mac"] = b64url(b"\0" * 32)
    if fault == "changed picture":
        frames[0]["jpeg"] = base64.b64encode(b"another").decode()
    if fault == "changed time":
        frames[1]["at_ms"] += 1
    if fault == "mac of another session":
        phone.opened = phone.opened | {"nonce": "0" * 32}
        frames = phone.frames()
    body = phone.body(frames)
    if fault == "no signature":
        body["device_signature"] = ""
    problem(phone.post(body), 403, "face.channel")


def test_a_phone_bound_in_the_meantime_ends_the_old_ones_session(
    world: World, member: Member, phone: Phone
) -> None:
    with world.sessions.begin() as session:
        session.connection().exec_driver_sql(
            "UPDATE device SET ended_at = now() WHERE account_id = %s", (member.account_id,)
        )
    world.later(seconds=1)
    problem(phone.post(phone.body(phone.frames())), 403, "face.channel")


@pytest.mark.parametrize("ahead_ms", [1500, 60_000])
def test_frames_from_the_future_are_no_camera(phone: Phone, ahead_ms: int) -> None:
    """A recording uploaded at once would carry times that have not come yet."""
    phone.at_ms += ahead_ms
    problem(phone.post(phone.body(phone.frames())), 403, "face.channel")


def test_frames_of_long_ago_are_no_camera(world: World, phone: Phone) -> None:
    world.later(seconds=60)
    problem(phone.post(phone.body(phone.frames())), 403, "face.channel")


@pytest.mark.parametrize("what", ["seq", "prompt", "batch", "gap"])
def test_frames_out_of_order_are_refused(world: World, phone: Phone, what: str) -> None:
    """A frame for a prompt not shown yet, a gap, a batch ahead: 422."""
    world.later(seconds=1)
    if what == "seq":
        phone.seq = 5
    if what == "prompt":
        phone.prompt = 1
    if what == "batch":
        phone.batch = 1
    frames = phone.frames(3)
    body = phone.body(frames[::2] if what == "gap" else frames)
    problem(phone.post(body), 422, "face.frames_invalid")


def test_more_than_ten_frames_at_once_are_refused(world: World, phone: Phone) -> None:
    world.later(seconds=2)
    problem(phone.post(phone.body(phone.frames(11))), 422)
    problem(phone.post(phone.body([])), 422)


def test_after_ninety_seconds_it_is_over(world: World, phone: Phone) -> None:
    phone.send()
    world.later(seconds=90)
    problem(phone.post(phone.body(phone.frames())), 409, "face.session_over")
    answer = world.client().get(
        f"/api/v1/face-sessions/{phone.opened['session_id']}", headers=phone.member.bearer
    )
    assert answer.get_json()["state"] == "expired"
    kept = world.one(
        "SELECT count(*) AS n FROM face_batch WHERE session_id = :s", s=phone.opened["session_id"]
    )
    assert kept.n == 0


def test_a_finished_session_takes_no_more(phone: Phone) -> None:
    finished(phone)
    phone.batch += 1
    problem(phone.post(phone.body(phone.frames())), 409, "face.session_over")
