"""How the database planned what one connection said: for what it was given, or once for anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from services.core.db import Sessions, make_engine, make_sessions, transaction
from tests.support.domain.world import World

_PLANS = text(
    "SELECT sum(custom_plans) AS own, sum(generic_plans) AS kept FROM pg_prepared_statements"
    " WHERE statement LIKE '%' || :words || '%'"
)


@contextmanager
def one_connection(world: World) -> Iterator[Sessions]:
    """Sessions over one connection that keeps a plan for anything wherever it may."""
    engine = make_engine(world.database.urls.app, pool_size=1)
    sessions = make_sessions(engine)
    with transaction(sessions) as session:
        session.execute(text("SET plan_cache_mode = force_generic_plan"))
    try:
        yield sessions
    finally:
        engine.dispose()


def plans(sessions: Sessions, words: str) -> tuple[int, int]:
    """How often statements with these words were planned for what they were given, and how often a kept plan served."""
    with transaction(sessions) as session:
        row = session.execute(_PLANS, {"words": words}).one()
    return int(row.own or 0), int(row.kept or 0)
