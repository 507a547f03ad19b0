"""A world of its own for each test: a closing concerns every account there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.databases import DatabaseServer
from tests.support.domain.fixtures import anna, boris, desk
from tests.support.domain.world import World


@pytest.fixture
def world(database_server: DatabaseServer) -> Iterator[World]:
    """A fresh database; afterwards every invariant holds."""
    with database_server.clone("closing") as database:
        made = World(database)
        yield made
        assert made.new_violations() == {}


__all__ = ["anna", "boris", "desk", "world"]
