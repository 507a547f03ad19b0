"""How the database planned what one connection said: for what it was given, or once for anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from services.core.db import Sessions, make_engine, make_sessions, transaction
from tests.support.domain.world import World

_KEPT = text(
    "SELECT coalesce(sum(generic_plans), 0) FROM pg_prepared_statements WHERE statement LIKE '%' || :words || '%'"
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


def kept_plans(sessions: Sessions, words: str) -> int:
    """How often a kept plan served statements with these words."""
    with transaction(sessions) as session:
        return int(session.scalar(_KEPT, {"words": words}) or 0)
