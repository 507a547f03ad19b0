"""Employers for the tests."""

from __future__ import annotations

import pytest

from tests.support.domain.fixtures import world, world_of_process
from tests.support.domain.remittances import Unit
from tests.support.domain.world import World

__all__ = ["world", "world_of_process"]


@pytest.fixture
def unit(world: World) -> Unit:
    """An employer of three."""
    return Unit(world)
