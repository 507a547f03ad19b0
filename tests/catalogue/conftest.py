"""Fixtures of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.catalogue.scene import Scene, build
from tests.support.domain.fixtures import world_of_process
from tests.support.domain.world import World

__all__ = ["scene", "world_of_process"]


@pytest.fixture(scope="module")
def scene(world_of_process: World) -> Iterator[Scene]:
    """One scene for all rows; at the end every invariant holds."""
    yield build(world_of_process)
    assert world_of_process.new_violations() == {}
