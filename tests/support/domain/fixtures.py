"""Fixtures for tests that use the product over a real database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.databases import DatabaseServer
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.world import Member, World


@pytest.fixture(scope="session")
def world_of_process(database_server: DatabaseServer) -> Iterator[World]:
    """One world for each test process; members are its tests' own."""
    with database_server.clone("world") as database:
        yield World(database)


@pytest.fixture
def world(world_of_process: World) -> Iterator[World]:
    """The world at its start; afterwards every invariant holds."""
    world_of_process.reset()
    yield world_of_process
    assert world_of_process.new_violations() == {}


@pytest.fixture
def member(world: World) -> Member:
    """A bound member with 56,000.00 yuan."""
    return world.member()


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
