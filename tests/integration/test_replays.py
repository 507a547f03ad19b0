"""Copies of earlier frames, compressed again or resized, are found in the session of whichever member."""

from __future__ import annotations

import random
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from services.core.crypto import FieldCipher
from services.core.db import make_engine, make_sessions, transaction
from services.core.ids import new_id
from services.face.engine.calibration import Replay
from services.face.engine.types import Verdict
from services.face.replay import Replays
from services.face.rights import NOBODY, erase
from tests.support.databases import Database
from tests.support.domain.world import START, Member, World

LIMITS = Replay(distance=5, share=0.7, least=8, probes=24)
CIPHER = FieldCipher({1: b"f" * 32}, 1, b"l" * 32)


def film(seed: int, frames: int = 24) -> list[str]:
    """Hashes of a session: any two of them differ in about half of their signs."""
    draw = random.Random(seed)
    return [draw.randbytes(64).hex() for _ in range(frames)]


def copied(digest: str, *signs: int) -> str:
    """The hash of a copy, with some signs changed."""
    number = int.from_bytes(bytes.fromhex(digest))
    for sign in signs:
        number ^= 1 << (511 - sign)
    return number.to_bytes(64).hex()


def seen(session: Session, hashes: list[str], owner: UUID | None = None, own: UUID | None = None) -> bool:
    """Look a session up and keep it, as the verdict does."""
    replays = Replays(CIPHER, LIMITS)
    return replays.seen_before(session, owner or new_id(), own or new_id(), hashes, START)


def test_a_copy_is_found_whoever_sends_it(session: Session) -> None:
    """Five signs changed, two of them among the indexed 64: at least one band is whole."""
    first = film(1)
    assert not seen(session, first)
    assert seen(session, [copied(digest, 0, 40, 100, 200, 511) for digest in first])


def test_six_changed_signs_are_another_picture(session: Session) -> None:
    first = film(2)
    assert not seen(session, first)
    assert not seen(session, [copied(digest, 0, 40, 100, 200, 300, 511) for digest in first])


@pytest.mark.parametrize(("taken", "found"), [(16, False), (17, True)])
def test_seventy_percent_of_the_probes_must_match(session: Session, taken: int, found: bool) -> None:
    """24 probes × 0.7 = 16.8."""
    first = film(3)
    assert not seen(session, first)
    assert seen(session, first[:taken] + film(4, 24 - taken)) is found


def test_matches_in_two_sessions_do_not_add_up(session: Session) -> None:
    one, other = film(5), film(6)
    assert not seen(session, one)
    assert not seen(session, other)
    assert not seen(session, one[:12] + other[:12])


def test_the_same_session_judged_again_is_no_replay_of_itself(session: Session) -> None:
    owner, own, frames = new_id(), new_id(), film(7)
    assert not seen(session, frames, owner, own)
    assert not seen(session, frames, owner, own)
    count = session.scalar(text("SELECT count(*) FROM face_picture_hash WHERE session_id = :s"), {"s": own})
    assert count == 24


def test_few_frames_say_nothing(session: Session) -> None:
    """Eight at least must match; seven probes cannot."""
    first = film(8, 7)
    assert not seen(session, first)
    assert not seen(session, first)


def test_a_session_without_pictures_is_none(session: Session) -> None:
    assert not seen(session, [])


def test_what_is_stored_is_not_what_the_picture_gives(session: Session) -> None:
    """Signs in a secret order, half of them turned: from the table no picture can be drawn."""
    own, frames = new_id(), film(9)
    seen(session, frames, own=own)
    stored = session.scalars(
        text("SELECT digest::text FROM face_picture_hash WHERE session_id = :s ORDER BY seq"), {"s": own}
    ).all()
    differing = [
        (int(one, 2) ^ int(other, 16)).bit_count() for one, other in zip(stored, frames, strict=True)
    ]
    assert all(180 < number < 330 for number in differing)


def test_the_verdict_refuses_a_copy(world: World, member: Member) -> None:
    """Another member's passed session, its frames compressed anew: other bytes, near hashes."""
    frames = film(10)
    first = Verdict(True, (), {}, {}, (), tuple(frames))
    again = Verdict(True, (), {}, {}, (), tuple(copied(digest, 3, 77) for digest in frames))
    assert concluded(world, member, first) == ("passed", [])
    assert concluded(world, world.member(), again) == ("failed", ["liveness.reused"])


def test_deleting_ones_data_does_not_make_old_frames_good_again(world: World, member: Member) -> None:
    """The codes stay their 90 days, parted from whose they were."""
    frames = film(11)
    verdict = Verdict(True, (), {}, {}, (), tuple(frames))
    assert concluded(world, member, verdict) == ("passed", [])
    with transaction(world.sessions) as session:
        erase(session, member.account_id, world.clock.now())
    left = world.one(
        "SELECT count(*) AS codes, count(DISTINCT h.session_id) AS sessions, count(s.session_id) AS known,"
        " bool_and(h.account_id = :nobody) AS nobodys, count(DISTINCT h.seen_at) AS days"
        " FROM face_picture_hash h LEFT JOIN face_session s USING (session_id) WHERE h.seen_at < :now",
        nobody=NOBODY,
        now=world.clock.now(),
    )
    assert (left.codes, left.sessions, left.known, left.nobodys, left.days) == (24, 1, 0, True, 1)
    assert concluded(world, world.member(), verdict) == ("failed", ["liveness.reused"])


def concluded(world: World, member: Member, verdict: Verdict) -> tuple[str, list[str]]:
    """How a session with this verdict ends; the exact digests of its frames are new."""
    application = world.submit(member)
    consent = world.consent(member, "face")
    engine, faces = world.product.engine, world.product.faces
    with transaction(world.sessions) as session:
        operation = engine.operation(session, member.account_id, application.application_id)
        row, _ = faces.open(session, operation, consent, engine.policy(session))
        row.state, row.completed_at = "judging", world.clock.now()
        session.flush()
        faces.conclude(session, member.account_id, row.session_id, verdict, [new_id().bytes * 2], 5)
        return row.state, row.reasons


def test_the_face_workers_role_may_do_it(database: Database) -> None:
    sessions = make_sessions(make_engine(database.urls.face, pool_size=1))
    with transaction(sessions) as session:
        assert not seen(session, film(11))
        assert seen(session, film(11))
