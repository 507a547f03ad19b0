"""Faces on the real system: the right person is paid; every other picture is refused, and no money moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from bench.journey import ride
from bench.phone import Actor, ApiProblem, Phone
from services.core.db import transaction
from services.face.models import FaceSession
from tests.faults.outcomes import assert_ends, assert_untouched
from tests.faults.world import Case, Member, World, until

GENUINE = "obama"


class Patient(Phone):
    """A phone that repeats a request whose answer did not come, as the page does."""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """As a phone does, until answered."""
        return World.persist(lambda: super(Patient, self).call(method, path, body, **headers))


class Outlasting(Actor):
    """Plays each prompt for long enough to see a process die and come back."""

    slack_ms = 6000


class Replayer(Actor):
    """Sends the pictures of an earlier session, in its order, at the times asked now."""

    def __init__(self, phone: Phone, session: dict[str, Any], old: list[dict[str, Any]]) -> None:
        super().__init__(phone, session, GENUINE)
        self._old: Iterator[dict[str, Any]] = cycle(old)

    def frames(self) -> list[dict[str, Any]]:
        """Old pictures for the prompt that is shown now."""
        now = self.prompts()[-1]
        times = range(now["start_ms"], now["start_ms"] + now["hold_ms"], 166)
        return [{"at_ms": at_ms, "prompt": now["index"], "jpeg": next(self._old)["jpeg"]} for at_ms in times]


def case_of(world: World, member: Member, application_id: str, face_session_id: str = "") -> Case:
    """The member's application as a case."""
    shown = member.phone.call("GET", f"/applications/{application_id}")
    return Case(member, application_id, face_session_id, shown["case_no"], f"face-test-{shown['case_no']}")


@pytest.fixture(scope="module")
def journey(world: World) -> tuple[Phone, dict[str, int]]:
    """The right person's journey, as the demo member does it, and what it came to."""
    phone = Phone(world.system.ports.url("web"), world.sandbox, "zhang")
    return phone, ride(phone, world.sandbox.members()["zhang"], say=lambda text: None)


@dataclass(frozen=True)
class Try:
    """What became of one attack, and what the member had before."""

    case: Case
    before: tuple[int, int]
    verdict: dict[str, Any]

    @property
    def codes(self) -> list[str]:
        """Why it was refused."""
        return [reason["code"] for reason in self.verdict["reasons"]]


@pytest.fixture(scope="module")
def tries(world: World, journey: tuple[Phone, dict[str, int]]) -> dict[str, Try]:
    """The attacks that hold out to the verdict, side by side, since each takes as long as a member needs."""
    assert journey[0].actor is not None
    old = journey[0].actor.sent
    attacks: dict[str, Callable[[Phone, dict[str, Any]], Actor]] = {
        "other person": lambda phone, session: Actor(phone, session, GENUINE, "other_person"),
        "old pictures": lambda phone, session: Replayer(phone, session, old),
        "still photo": lambda phone, session: Actor(phone, session, GENUINE, "still"),
    }
    with ThreadPoolExecutor(2) as pool:  # more actors at a time than that come too late with their pictures
        made = pool.map(lambda acting: attempt(world, acting), attacks.values())
        return dict(zip(attacks, made, strict=True))


def attempt(world: World, acting: Callable[[Phone, dict[str, Any]], Actor]) -> Try:
    """One attack on an application of a new member, up to the verdict."""
    member = world.member(GENUINE)
    before, application_id = world.balance(member), world.application(member)
    session = member.phone.open_face(application_id)
    acting(member.phone, session).perform()
    verdict = member.phone.verdict(session["session_id"], timeout_s=60)
    return Try(case_of(world, member, application_id, session["session_id"]), before, verdict)


def test_the_right_person_is_paid(journey: tuple[Phone, dict[str, int]]) -> None:
    """The whole journey: follow, sign in, bind by SMS, ask, apply, face, confirm, paid, told."""
    seen = journey[1]
    assert (seen["paid"], seen["sms"], seen["wechat"]) == (True, 1, 1)


@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        ("other person", "match.other_person"),
        ("still photo", "liveness."),
        ("old pictures", "liveness.reused"),
    ],
)
def test_another_face_or_another_time(world: World, tries: dict[str, Try], attack: str, reason: str) -> None:
    """Somebody else, a photo held up, the right person's earlier session: refused, and nothing can be confirmed."""
    one = tries[attack]
    assert one.verdict["state"] == "failed"
    assert any(code.startswith(reason) for code in one.codes), one.codes
    assert_cannot_confirm(world, one.case, one.before)


def assert_cannot_confirm(world: World, case: Case, before: tuple[int, int]) -> None:
    """A session that was not passed buys nothing."""
    with pytest.raises(ApiProblem) as refusal:
        world.confirm(case)
    assert (refusal.value.status, refusal.value.code) == (403, "face.not_passed")
    assert_untouched(world, case, before)


def test_frames_of_another_device_are_refused(world: World) -> None:
    """The right face and the right tokens, but not the bound phone's key."""
    member = world.member(GENUINE)
    application_id, before = world.application(member), world.balance(member)
    session = member.phone.open_face(application_id)
    member.phone.device = ec.generate_private_key(ec.SECP256R1())
    assert_channel_refused(Actor(member.phone, session, GENUINE).perform)
    assert_cannot_confirm(world, case_of(world, member, application_id, session["session_id"]), before)


def test_frames_in_one_burst_are_refused(world: World) -> None:
    """Pictures of moments that have not come yet were not taken by a camera."""
    member = world.member(GENUINE)
    application_id, before = world.application(member), world.balance(member)
    session = member.phone.open_face(application_id)
    actor = Actor(member.phone, session, GENUINE)
    picture = world.sandbox.get("/actor/clip", portrait=GENUINE, kind="neutral")[0]
    burst = [{"at_ms": 1500 * number, "prompt": 0, "jpeg": picture} for number in range(10)]
    assert_channel_refused(lambda: actor.send(burst))
    assert_cannot_confirm(world, case_of(world, member, application_id, session["session_id"]), before)


def assert_channel_refused(attempt: Any) -> None:
    """403 face.channel."""
    with pytest.raises(ApiProblem) as refusal:
        attempt()
    assert (refusal.value.status, refusal.value.code) == (403, "face.channel")


def test_web_worker_killed_while_frames_go_up(world: World) -> None:
    """The page repeats the batch whose answer it did not get, and the try goes on."""
    with ThreadPoolExecutor(1) as pool:
        one = Scan(world)
        acting = pool.submit(one.play)
        until(lambda: frames_of(world, one.session_id) > 12, 30, "frames come")
        world.system.kill_and_heal("web-worker")
        acting.result()
    one.assert_passes_and_is_paid()


def test_face_worker_killed_while_judging(world: World) -> None:
    """Its successor judges what it had begun."""
    one = Scan(world)
    one.play()
    world.system.kill_and_heal("face")
    one.assert_passes_and_is_paid()


def test_database_killed_while_frames_go_up_and_while_judging(world: World) -> None:
    """One member is half through when another waits for the verdict."""
    with ThreadPoolExecutor(2) as pool:
        judged = Scan(world)
        playing = pool.submit(judged.play)
        until(lambda: frames_of(world, judged.session_id) > 36, 40, "half of the frames have come")
        uploading = Scan(world)
        acting = pool.submit(uploading.play_unless_cut_short)
        playing.result()
        world.system.kill_and_heal("postgres")
        whole = acting.result()
    judged.assert_passes_and_is_paid()
    if not whole:
        uploading.scan_again()
    uploading.assert_passes_and_is_paid()


class Scan:
    """A genuine face session of a new member whose phone does not give up."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._member = patient(world)
        self._application_id = world.application(self._member)
        self._session = self._member.phone.open_face(self._application_id)
        self._actor = Outlasting(self._member.phone, self._session, GENUINE)
        self.session_id: str = self._session["session_id"]

    def play(self) -> None:
        """Answer every prompt."""
        self._actor.perform()

    def play_unless_cut_short(self) -> bool:
        """Answer every prompt; False when an outage left a hole in the pictures or took the time for them.

        A session holds 120 pictures: an outage longer than they last ends the try, and nothing else.
        """
        try:
            self.play()
        except ApiProblem as problem:
            if problem.code not in {"face.frames_invalid", "face.session_over", "face.channel"}:
                raise
            return False
        verdict = self._member.phone.verdict(self.session_id, timeout_s=60)
        assert verdict["state"] == "passed" or [r["code"] for r in verdict["reasons"]] == ["liveness.gaps"]
        return bool(verdict["state"] == "passed")

    def scan_again(self) -> None:
        """As a member does whose first try was cut short."""
        self._session = self._member.phone.open_face(self._application_id)
        self._actor = Outlasting(self._member.phone, self._session, GENUINE)
        self.session_id = self._session["session_id"]
        self.play()

    def assert_passes_and_is_paid(self) -> None:
        """The verdict comes, it is right, and the money follows."""
        verdict = self._member.phone.verdict(self.session_id, timeout_s=60)
        assert (verdict["state"], verdict["reasons"]) == ("passed", [])
        case = case_of(self._world, self._member, self._application_id, self.session_id)
        self._world.confirm(case)
        assert_ends(self._world, case, "paid")


def patient(world: World) -> Member:
    """A member whose phone repeats unanswered requests."""
    member = world.member(GENUINE)
    phone = Patient(member.phone.web, member.phone.sandbox, member.phone.key)
    phone.tokens, phone.device = member.phone.tokens, member.phone.device
    member.phone = phone
    return member


def frames_of(world: World, session_id: str) -> int:
    """How many frames of a session have arrived."""
    statement = select(FaceSession.frame_count).where(FaceSession.session_id == UUID(session_id))
    with transaction(world.product.sessions) as session:
        return session.scalars(statement).one()
