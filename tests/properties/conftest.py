"""A world of its own for each test: the views of the whole database are looked at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.databases import DatabaseServer
from tests.support.domain.world import World


@pytest.fixture
def world(database_server: DatabaseServer) -> Iterator[World]:
    """An empty centre."""
    with database_server.clone("lives") as database:
        yield World(database)
