"""Retention proves itself: every run leaves a row nobody can change, and the row says the truth about what is left."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from runtime.retention import KEEPS, Retention, report, standing
from services.core.clock import FixedClock
from services.core.db import make_sessions, transaction
from services.core.ids import new_id
from services.core.retention import sweep
from services.core.retention_rules import BATCH, Keep
from services.face.models import FaceBatch
from tests.support.databases import Database
from tests.support.domain.world import Member, World

SEEN = Keep("face_frame_hash", "seen_at", timedelta(days=90))


@pytest.fixture
def world(database: Database) -> World:
    """A database without other tests' rows: retention looks at all members."""
    return World(database)


@pytest.fixture
def member(world: World) -> Member:
    """A bound member."""
    return world.member()


def hashes(world: World, seen_at: datetime, count: int = 1) -> None:
    """Digests of frames, seen then."""
    with transaction(world.sessions) as session:
        session.execute(
            text(
                "INSERT INTO face_frame_hash SELECT decode(md5(random()::text || n), 'hex'), :a, :s, :at"
                " FROM generate_series(1, :n) AS n"
            ),
            {"a": new_id(), "s": new_id(), "at": seen_at, "n": count},
        )


def proofs(world: World, category: str) -> list[Any]:
    """The category's proofs, oldest first."""
    with transaction(world.sessions) as session:
        statement = text("SELECT * FROM retention_run WHERE category = :c ORDER BY started_at, run_id")
        return list(session.execute(statement, {"c": category}))


def frame(world: World, member: Member, received_at: datetime) -> None:
    """A batch of frames of a session just opened."""
    application = world.submit(member)
    engine = world.product.engine
    with transaction(world.sessions) as session:
        operation = engine.operation(session, member.account_id, application.application_id)
    consent = world.consent(member, "face")
    with transaction(world.sessions) as session:
        row, _ = world.product.faces.open(session, operation, consent, engine.policy(session))
        session.flush()
        session.add(
            FaceBatch(
                account_id=member.account_id,
                session_id=row.session_id,
                batch=0,
                frames_sealed=b"sealed",
                received_at=received_at,
            )
        )


def test_a_run_says_what_went_and_how_old_the_oldest_left_is(world: World) -> None:
    """Ninety days back from 10:00: one row a minute older goes, one a minute younger stays."""
    now = world.clock.now()
    hashes(world, now - timedelta(days=90, minutes=1), 3)
    hashes(world, now - timedelta(days=89, hours=23, minutes=59))
    run = sweep(world.sessions, world.clock, SEEN)
    (proof,) = proofs(world, "face_frame_hash")
    assert (proof.run_id, proof.gone, proof.cutoff_at) == (run.run_id, 3, now - timedelta(days=90))
    assert proof.oldest_left_at == now - timedelta(days=89, hours=23, minutes=59)
    assert proof.oldest_left_at >= proof.cutoff_at
    assert proof.started_at == now


def test_a_run_goes_on_until_nothing_old_is_left(world: World) -> None:
    hashes(world, world.clock.now() - timedelta(days=91), 2 * BATCH + 1)
    assert sweep(world.sessions, world.clock, SEEN).gone == 2001
    assert world.one("SELECT count(*) AS n FROM face_frame_hash").n == 0


@pytest.mark.parametrize("change", ["UPDATE retention_run SET gone = 0", "DELETE FROM retention_run"])
def test_a_proof_cannot_be_changed(world: World, change: str) -> None:
    sweep(world.sessions, world.clock, SEEN)
    with pytest.raises(DBAPIError), transaction(world.sessions) as session:
        session.execute(text(change))
    assert len(proofs(world, "face_frame_hash")) == 1


def test_frames_never_reach_their_tenth_minute(world: World, member: Member) -> None:
    """The rule runs each minute and takes what is nine minutes old."""
    retention = Retention(world.sessions, world.clock)
    frame(world, member, world.clock.now())
    ages = []
    for _ in range(12):
        retention.run()
        with transaction(world.sessions) as session:
            ages.append(standing(session, world.clock.now()).oldest_frame_s)
        world.later(minutes=1)
    assert ages == [0, 60, 120, 180, 240, 300, 360, 420, 480, 540, 0, 0]
    assert [proof.gone for proof in proofs(world, "face_batch")] == [0] * 10 + [1, 0]
    assert world.one("SELECT state FROM face_session").state == "expired"


def test_scores_end_after_ninety_days_and_the_verdict_stays(world: World, member: Member) -> None:
    application = world.submit(member)
    face = world.passed_face(member, application)
    world.confirm(member, application, face)
    world.later(days=90)
    Retention(world.sessions, world.clock).run()
    assert world.face_session(member, face).scores == {"match": 0.9}
    world.later(hours=1)
    Retention(world.sessions, world.clock).run()
    after = world.face_session(member, face)
    assert (after.scores, after.models, after.nonce, after.erased_at) == ({}, {}, "", world.clock.now())
    assert (after.state, after.application_id) == ("consumed", application.application_id)
    assert len(after.operation_digest) == 32


def test_categories_run_at_their_own_pace(world: World) -> None:
    """In two hours of a round every half minute: frames 120 times, an hourly category twice."""
    retention = Retention(world.sessions, world.clock)
    for _ in range(240):
        retention.run()
        world.later(seconds=30)
    assert len(proofs(world, "face_batch")) == 120
    assert len(proofs(world, "login_session")) == 2
    assert len(proofs(world, "oauth_state")) == 12


def faults(world: World) -> dict[str, str]:
    """What is wrong now."""
    with transaction(world.sessions) as session:
        return dict(standing(session, world.clock.now()).faults)


def test_the_alarm_rings_when_the_job_does_not_run(world: World) -> None:
    """Slack of two minutes: frames may be three minutes without a run, hourly categories 62."""
    assert set(faults(world).values()) == {"not_run"}
    Retention(world.sessions, world.clock).run()
    assert faults(world) == {}
    world.later(minutes=3)
    assert faults(world) == {}
    world.later(seconds=1)
    assert faults(world) == {"face_batch": "not_run"}
    world.later(minutes=60)
    assert set(faults(world)) == {rule.category for rule in KEEPS}


def test_the_alarm_rings_for_a_frame_older_than_ten_minutes(world: World, member: Member) -> None:
    """Even when the job claims to have run a moment ago."""
    Retention(world.sessions, world.clock).run()
    frame(world, member, world.clock.now() - timedelta(minutes=10))
    assert faults(world) == {}
    world.later(seconds=1)
    assert faults(world) == {"face_batch": "too_old"}


def test_the_report_prints_every_category_and_fails_on_an_alarm(world: World) -> None:
    Retention(world.sessions, world.clock).run()
    with transaction(world.sessions) as session:
        lines, well = report(session, world.clock.now())
        late, late_well = report(session, world.clock.now() + timedelta(hours=2))
    assert (well, late_well) == (True, False)
    assert len(lines) == len(KEEPS) + 2
    assert lines[0].startswith("face_batch")
    assert "gone 0" in lines[0]
    assert "none left" in lines[0]
    assert late[0].endswith("ALARM not_run")


def test_a_table_in_trouble_does_not_keep_the_others(world: World) -> None:
    rules = (Keep("no_such_table", "at", timedelta(days=1)), SEEN)
    assert Retention(world.sessions, world.clock, rules=rules).run() == 0
    assert len(proofs(world, "face_frame_hash")) == 1


@pytest.mark.parametrize(("alarm", "warned"), [(2, 1), (3, 0), (0, 0)])
def test_reaching_the_number_of_people_is_told(world: World, alarm: int, warned: int) -> None:
    for _ in range(2):
        person = world.member()
        world.passed_face(person, world.submit(person))
    with capture_logs() as lines:
        Retention(world.sessions, world.clock, people_alarm=alarm).run()
    told = [line for line in lines if line["event"] == "face.people_alarm"]
    assert len(told) == warned
    assert all(line["people"] == 2 for line in told)


def test_the_clock_may_be_set_back(world: World) -> None:
    retention = Retention(world.sessions, world.clock)
    retention.run()
    world.later(hours=-5)
    retention.run()
    assert len(proofs(world, "login_session")) == 2


def test_sweep_uses_the_callers_clock(database: Database) -> None:
    at = datetime.fromisoformat("2030-01-01T00:00:00+00:00")
    run = sweep(make_sessions(database.engine), FixedClock(at), SEEN)
    assert (run.started_at, run.cutoff_at) == (at, datetime.fromisoformat("2029-10-03T00:00:00+00:00"))
