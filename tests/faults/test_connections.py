"""Database connections cut while they lay in the pool: nobody notices."""

from __future__ import annotations

import time

import psycopg

from runtime.embedded_pg import plain
from tests.faults.outcomes import assert_ends
from tests.faults.world import World

_LONGER_THAN_TRUSTED_S = 0.6
_CUT = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'anju_app'"


def test_cut_connections_are_replaced_before_use(world: World) -> None:
    """Every connection of web and workers ends, as behind a firewall or a failover; the next requests are served."""
    case = world.ready()
    with psycopg.connect(plain(world.system.urls.superuser), autocommit=True) as connection:
        row = connection.execute(_CUT).fetchone()
        assert row is not None
        assert row[0] > 0
    time.sleep(_LONGER_THAN_TRUSTED_S)
    answers = [case.phone.call("GET", "/home") for _ in range(8)]
    assert {answer["account"]["held_fen"] for answer in answers} == {0}
    world.confirm(case)
    assert_ends(world, case, "paid")
