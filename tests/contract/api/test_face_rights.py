"""Rights over one's face data, over HTTP: no picture without consent, taking it back, seeing and deleting what is kept."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from runtime.retention import Retention
from services.core.db import transaction
from services.core.ids import new_id
from services.face.engine.types import Verdict
from services.face.models import FaceBatch
from services.members.consents import TEXTS
from tests.contract.api.reading import problem
from tests.contract.api.test_face_frames import Phone
from tests.support.domain.cases import confirm, faced, post
from tests.support.domain.world import Member, World

FACE_DATA = "/api/v1/face-data"
FAILED = Verdict(False, ("match.other_person",), {"match_distance": 1.31}, {"matcher": "fake"}, ())


def open_phone(world: World, member: Member) -> Phone:
    """A session just opened."""
    application = world.submit(member)
    consent = str(world.consent(member, "face"))
    path = f"/api/v1/applications/{application.application_id}/face-sessions"
    opened = world.client().post(path, json={"consent_id": consent}, headers=member.bearer)
    assert opened.status_code == 201
    return Phone(world, member, str(application.application_id), opened.get_json(), member.key)


@pytest.fixture
def phone(world: World, member: Member) -> Phone:
    """A session just opened."""
    return open_phone(world, member)


def test_a_consent_to_older_words_opens_nothing(
    world: World, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who agreed to the words of yesterday is asked again."""
    application = world.submit(member)
    consent = str(world.consent(member, "face"))
    monkeypatch.setitem(TEXTS, "face", replace(TEXTS["face"], version="2027-01"))
    path = f"/api/v1/applications/{application.application_id}/face-sessions"
    answer = world.client().post(path, json={"consent_id": consent}, headers=member.bearer)
    problem(answer, 403, "consent.required")
    assert rows(world, member, "face_session") == 0


def rows(world: World, member: Member, table: str) -> int:
    """Rows of a member in a table."""
    count: int = world.one(f"SELECT count(*) AS n FROM {table} WHERE account_id = :a", a=member.account_id).n
    return count


def held(world: World, member: Member) -> dict[str, Any]:
    """What the member sees."""
    answer = world.client().get(FACE_DATA, headers=member.bearer)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.get_json()
    return body


def consent_of(world: World, phone: Phone) -> str:
    """The consent a session was opened under."""
    row = world.one("SELECT consent_id FROM face_session WHERE session_id = :s", s=phone.opened["session_id"])
    return str(row.consent_id)


def take_back(world: World, member: Member, consent_id: str) -> None:
    """Withdraw."""
    answer = world.client().delete(f"/api/v1/consents/{consent_id}", headers=member.bearer)
    assert answer.status_code == 204


def judged(world: World, member: Member, phone: Phone, verdict: Verdict) -> None:
    """The judge's word on a session, with one digest of a frame and one of a picture."""
    with transaction(world.sessions) as session:
        row = world.product.faces.read(session, member.account_id, phone.opened["session_id"])
        row.state, row.completed_at = "judging", world.clock.now()
        session.flush()
        hashes = [new_id().bytes * 2]
        world.product.faces.conclude(session, member.account_id, row.session_id, verdict, hashes, 5)


def test_no_session_and_no_picture_without_the_consent_row(world: World, member: Member) -> None:
    application = world.submit(member)
    path = f"/api/v1/applications/{application.application_id}/face-sessions"
    for consent in (str(new_id()), str(world.consent(member, "data_sharing"))):
        answer = world.client().post(path, json={"consent_id": consent}, headers=member.bearer)
        assert problem(answer, 403, "consent.required")["field"] == "face"
    assert rows(world, member, "face_session") == rows(world, member, "face_batch") == 0


def test_the_consent_is_older_than_every_picture(world: World, member: Member, phone: Phone) -> None:
    phone.send()
    row = world.one(
        "SELECT min(b.received_at) - max(c.granted_at) AS after FROM face_batch b"
        " JOIN face_session s USING (account_id, session_id) JOIN consent c USING (account_id, consent_id)"
        " WHERE account_id = :a",
        a=member.account_id,
    )
    assert row.after.total_seconds() == pytest.approx(0.2, abs=0.01)  # two frames 0.1 s apart


def test_taking_consent_back_ends_the_check_and_deletes_its_pictures_at_once(
    world: World, member: Member, phone: Phone
) -> None:
    phone.send()
    assert rows(world, member, "face_batch") == 1
    take_back(world, member, consent_of(world, phone))
    assert rows(world, member, "face_batch") == 0
    assert world.face_session(member, phone.opened["session_id"]).state == "expired"
    frames = phone.frames()
    world.later(seconds=0.2)
    problem(phone.post(phone.body(frames)), 409, "face.session_over")
    assert rows(world, member, "face_batch") == 0


def test_a_check_in_the_judges_queue_ends_too(world: World, member: Member, phone: Phone) -> None:
    phone.send()
    with transaction(world.sessions) as session:
        row = world.product.faces.read(session, member.account_id, phone.opened["session_id"])
        row.state, row.completed_at = "judging", world.clock.now()
    take_back(world, member, consent_of(world, phone))
    assert rows(world, member, "face_batch") == 0
    world.product.face_jobs.judge(str(member.account_id), phone.opened["session_id"])
    assert world.judge.seen == []
    assert world.face_session(member, phone.opened["session_id"]).state == "expired"


def test_a_face_that_passed_serves_no_more_once_its_consent_is_taken_back(
    world: World, member: Member
) -> None:
    application = world.submit(member)
    body = faced(world, member, str(application.application_id))
    face = UUID(body["face_session_id"])
    take_back(world, member, str(world.face_session(member, face).consent_id))
    path = f"/applications/{application.application_id}/confirm"
    problem(post(world, member, path, body), 403, "face.not_passed")
    assert world.face_session(member, face).state == "passed"  # not used up
    assert (world.balance(member), world.state(application)) == ((5_600_000, 0), ("verifying", None))
    assert confirm(world, member, str(application.application_id)).status_code == 201  # agreed to anew


def test_another_consent_taken_back_leaves_a_passed_face_serving(world: World, member: Member) -> None:
    application = world.submit(member)
    body = faced(world, member, str(application.application_id))
    take_back(world, member, str(world.consent(member, "face")))
    path = f"/applications/{application.application_id}/confirm"
    assert post(world, member, path, body).status_code == 201


def test_pictures_that_arrive_while_consent_is_taken_back_go_too(
    world: World, member: Member, phone: Phone
) -> None:
    """A batch holds its session until it is written; taking back waits for it, then deletes it."""
    session_id, done = phone.opened["session_id"], threading.Event()
    consent = consent_of(world, phone)
    with transaction(world.sessions) as session:
        session.execute(
            text("SELECT 1 FROM face_session WHERE session_id = :s FOR UPDATE"), {"s": session_id}
        )
        hand = threading.Thread(target=lambda: (take_back(world, member, consent), done.set()))
        hand.start()
        assert not done.wait(0.5)
        session.add(
            FaceBatch(
                account_id=member.account_id,
                session_id=session_id,
                batch=0,
                frames_sealed=b"sealed",
                received_at=world.clock.now(),
            )
        )
    hand.join(10)
    assert done.is_set()
    assert rows(world, member, "face_batch") == 0
    assert world.face_session(member, session_id).state == "expired"


def test_another_consent_taken_back_leaves_the_check_running(
    world: World, member: Member, phone: Phone
) -> None:
    phone.send()
    take_back(world, member, str(world.consent(member, "data_sharing")))
    take_back(world, member, str(world.consent(member, "face")))
    assert rows(world, member, "face_batch") == 1
    assert phone.send()["received"] == 4


def test_the_member_sees_what_is_kept_and_until_when(world: World, member: Member, phone: Phone) -> None:
    """Opened on 2026-11-23 at 10:00: 90 days later it is 2027-02-21."""
    phone.send()
    (running,) = held(world, member)["sessions"]
    assert (running["frames"], running["scores"], running["hashes"]) == (1, 0, 0)
    judged(world, member, phone, FAILED)
    seen = held(world, member)
    (kept,) = seen["sessions"]
    assert kept["frames"] == seen["frames"] == 0
    assert (kept["scores"], kept["hashes"]) == (1, 1)
    assert kept["reasons"] == ["和登记的照片对不上。"]
    assert kept["kept_until"] == "2027-02-21T10:00:00.000+08:00"
    assert seen["template_made_at"] is None
    assert "没有您的人脸特征" in seen["text"]


def test_nobody_sees_anothers(world: World, member: Member, phone: Phone) -> None:
    phone.send()
    assert held(world, world.member())["sessions"] == []


def test_deleted_early_only_what_the_money_rests_on_stays(world: World, member: Member) -> None:
    application = world.submit(member)
    face = world.passed_face(member, application)
    before = world.face_session(member, face)
    answer = world.client().delete(FACE_DATA, headers=member.bearer)
    assert (answer.status_code, answer.get_json()) == (200, {"erased": 1})
    after = world.face_session(member, face)
    assert (after.scores, after.reasons, after.models, after.nonce) == ({}, [], {}, "")
    assert (after.prompts, after.challenge_key_sealed) == ([], b"")
    kept = ("state", "operation_digest", "judged_at", "served_until", "consent_id", "application_id")
    assert all(getattr(after, name) == getattr(before, name) for name in kept)
    assert rows(world, member, "face_frame_hash") == rows(world, member, "face_picture_hash") == 0
    assert held(world, member)["sessions"] == []
    entry = world.one(
        "SELECT actor, detail FROM audit_entry WHERE account_id = :a AND action = 'face.erased'",
        a=member.account_id,
    )
    assert (entry.actor, entry.detail) == ("member", {"sessions": 1})
    assert world.confirm(member, application, face).state == "approved"


def test_deleting_ends_a_running_check(world: World, member: Member, phone: Phone) -> None:
    phone.send()
    assert world.client().delete(FACE_DATA, headers=member.bearer).get_json() == {"erased": 1}
    assert rows(world, member, "face_batch") == 0
    assert world.face_session(member, phone.opened["session_id"]).state == "expired"


def test_deleting_gives_no_new_tries(world: World, member: Member, phone: Phone) -> None:
    """The day's failures count on; their reasons go with midnight."""
    judged(world, member, phone, FAILED)
    application = phone.case
    for _ in range(2):
        path = f"/api/v1/applications/{application}/face-sessions"
        consent = str(world.consent(member, "face"))
        opened = world.client().post(path, json={"consent_id": consent}, headers=member.bearer).get_json()
        judged(world, member, Phone(world, member, application, opened, member.key), FAILED)
    assert world.client().delete(FACE_DATA, headers=member.bearer).get_json() == {"erased": 3}
    path = f"/api/v1/applications/{application}/face-sessions"
    answer = world.client().post(
        path, json={"consent_id": str(world.consent(member, "face"))}, headers=member.bearer
    )
    problem(answer, 429, "face.tries_used")
    world.later(hours=15)  # 01:00 of the next day in Shanghai
    Retention(world.sessions, world.clock).run()
    row = world.one(
        "SELECT count(*) AS n FROM face_session WHERE account_id = :a AND reasons <> '[]'",
        a=member.account_id,
    )
    assert row.n == 0


def test_metrics_tell_the_age_of_frames_and_the_number_of_people(
    world: World, member: Member, phone: Phone
) -> None:
    phone.send()
    world.later(minutes=11)
    page = world.client().get("/metrics", environ_overrides={"REMOTE_ADDR": "127.0.0.1"}).get_data(as_text=True)
    figures = dict(line.rsplit(" ", 1) for line in page.splitlines() if line and not line.startswith("#"))
    assert float(figures["anju_face_oldest_frame_seconds"]) >= 660
    assert float(figures['anju_retention_alarm{category="face_batch"}']) == 1
    assert float(figures['anju_face_people{kind="any"}']) >= 1
    assert float(figures["anju_face_people_alarm"]) == 100_000
    assert float(figures["anju_face_people_reached"]) == 0
    with transaction(world.sessions) as session:
        session.execute(text("DELETE FROM face_batch WHERE account_id = :a"), {"a": member.account_id})
