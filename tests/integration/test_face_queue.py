"""The queue tells its wait: tries before mine and my own, each as long as the last verdicts took."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.core.db import transaction
from services.face.engine.types import Verdict
from services.face.models import FaceSession
from services.face.queue import pace_s, wait_s
from tests.support.databases import Database
from tests.support.domain.world import World

PASSED = Verdict(True, (), {}, {}, ())


@pytest.fixture
def world(database: Database) -> World:
    """Nobody else's tries."""
    return World(database)


def waiting(world: World) -> FaceSession:
    """A member whose frames are complete now."""
    member = world.member()
    application, consent = world.submit(member), world.consent(member, "face")
    engine = world.product.engine
    with transaction(world.sessions) as session:
        operation = engine.operation(session, member.account_id, application.application_id)
        row, _ = world.product.faces.open(session, operation, consent, engine.policy(session))
        row.state, row.completed_at = "judging", world.clock.now()
    return row


def told(world: World, row: FaceSession) -> int:
    """What the member hears."""
    with transaction(world.sessions) as session:
        return wait_s(session, row, world.clock.now())


def judge(world: World, row: FaceSession) -> None:
    """The verdict falls now."""
    with transaction(world.sessions) as session:
        world.product.faces.conclude(session, row.account_id, row.session_id, PASSED, [], 5)


def test_nothing_measured_yet_counts_as_two_seconds_each(world: World) -> None:
    first = waiting(world)
    world.later(seconds=1)
    second = waiting(world)
    assert (told(world, first), told(world, second)) == (2, 4)


def test_the_pace_is_that_of_the_last_verdicts(world: World) -> None:
    """Three complete at once; verdicts after 3, 6 and 10 s: 3 + 3 + 4 over three, 3.33 s each."""
    rows = [waiting(world) for _ in range(3)]
    for seconds, row in zip((3, 3, 4), rows, strict=True):
        world.later(seconds=seconds)
        judge(world, row)
    late = [waiting(world) for _ in range(2)]
    with transaction(world.sessions) as session:
        assert pace_s(session, world.clock.now()) == pytest.approx(10 / 3, abs=0.001)
    assert told(world, late[1]) == 7  # two at 3.33 s


def test_a_pause_between_two_tries_is_no_work(world: World) -> None:
    """One verdict a minute after the other, each 2 s after its own frames."""
    for _ in range(2):
        row = waiting(world)
        world.later(seconds=2)
        judge(world, row)
        world.later(seconds=60)
    with transaction(world.sessions) as session:
        assert pace_s(session, world.clock.now()) == pytest.approx(2)


def test_an_old_pace_is_forgotten(world: World) -> None:
    row = waiting(world)
    world.later(seconds=50)
    judge(world, row)
    assert told(world, waiting(world)) == 50
    world.clock.move(timedelta(minutes=10))
    assert told(world, waiting(world)) == 4  # that one and the one before
