"""The world, and the desk for sums that differ."""

from __future__ import annotations

import pytest

from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.fixtures import member, world, world_of_process
from tests.support.domain.world import World

__all__ = ["anna", "boris", "desk", "member", "world", "world_of_process"]


@pytest.fixture
def desk(world: World) -> DeskWorld:
    """A review desk."""
    return DeskWorld(world)


@pytest.fixture
def anna(desk: DeskWorld) -> Colleague:
    """A colleague with both roles, signed in."""
    return desk.colleague().sign_in()


@pytest.fixture
def boris(desk: DeskWorld) -> Colleague:
    """Another one."""
    return desk.colleague().sign_in()
